import { z } from "zod";
import { observe } from "../../observe.ts";
import { parseJson } from "../json.ts";
import type { Parser } from "../parser.ts";

const Report = z.object({
  Checks: z.array(z.unknown()).nullish(),
  Reports: z
    .array(
      z.object({
        Check: z.string(),
        Remediation: z.string().default(""),
        Diagnostic: z.object({ Message: z.string().default("") }),
        Object: z.object({
          Metadata: z.object({ FilePath: z.string().default("") }).nullish(),
          K8sObject: z
            .object({
              Namespace: z.string().default(""),
              Name: z.string().default(""),
              GroupVersionKind: z.object({ Kind: z.string().default("") }).nullish(),
            })
            .nullish(),
        }),
      }),
    )
    .nullable(),
  Summary: z.object({
    ChecksStatus: z.string(),
    KubeLinterVersion: z.string().default("unknown"),
  }),
});

/** `kube-linter lint --format json`. It gives no severities: each hit counts as `medium`. */
export const kubeLinter: Parser = {
  format: "kube-linter",
  parse(text) {
    const { Reports, Summary } = Report.parse(parseJson(text));
    return {
      observations: (Reports ?? []).map(({ Check, Remediation, Diagnostic, Object: object }) => {
        const { Namespace = "", Name = "", GroupVersionKind } = object.K8sObject ?? {};
        const named = [Namespace, GroupVersionKind?.Kind ?? "", Name].filter((one) => one !== "");
        return observe({
          rule: Check,
          severity: "medium",
          severityStated: false,
          title: `${named.join("/")}: ${Diagnostic.Message}`,
          message: Remediation,
          place: { kind: "file", path: object.Metadata?.FilePath ?? "" },
          fingerprint: [...named, Diagnostic.Message].join("/"),
        });
      }),
      tool: { name: "kube-linter", version: Summary.KubeLinterVersion },
      complete: true,
    };
  },
};
