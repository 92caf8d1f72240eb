import { z } from "zod";
import { fieldsOf, type Format, isRecord } from "../format.ts";

const Frame = z.object({
  Checks: z.array(z.unknown()).nullish(),
  Reports: z.tuple([]).nullable(),
  Summary: z.object({
    ChecksStatus: z.string(),
    CheckEndTime: z.string().optional().catch(undefined),
    KubeLinterVersion: z.string().default("unknown"),
  }),
});

const Report = z.object({
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
});

/** `kube-linter lint --format json`. It gives no severities: each hit counts as `medium`. */
export const kubeLinter: Format = {
  id: "kube-linter",
  title: "KubeLinter (JSON)",
  syntax: "json",
  items: [{ path: ["Reports", "*"] }],
  recognise(sample) {
    const summary = fieldsOf(sample)?.["Summary"];
    return isRecord(summary) && "KubeLinterVersion" in summary;
  },
  open(frame) {
    const { Summary } = Frame.parse(frame);
    return {
      item(value) {
        const { Check, Remediation, Diagnostic, Object: object } = Report.parse(value);
        const { Namespace = "", Name = "", GroupVersionKind } = object.K8sObject ?? {};
        const named = [Namespace, GroupVersionKind?.Kind ?? "", Name].filter((one) => one !== "");
        return [
          {
            rule: Check,
            kind: "infrastructure",
            severity: "medium",
            severityStated: false,
            title: `${named.join("/")}: ${Diagnostic.Message}`,
            message: Remediation,
            place: { kind: "file", path: object.Metadata?.FilePath ?? "" },
            scope: named.join("/"),
            fingerprint: [...named, Diagnostic.Message].join("/"),
          },
        ];
      },
      end: () => ({
        tool: { name: "kube-linter", version: Summary.KubeLinterVersion },
        ...(Summary.CheckEndTime === undefined ? {} : { madeAt: Summary.CheckEndTime }),
        complete: true,
      }),
    };
  },
};
