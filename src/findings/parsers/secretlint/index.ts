import type { Severity } from "../../../model/observation.ts";
import { observe } from "../../observe.ts";
import type { Parser } from "../parser.ts";
import { attributeOf, childrenOf, parseXml } from "../xml.ts";

const words: Readonly<Record<string, Severity>> = { error: "high", warning: "medium", info: "low" };

/**
 * secretlint's report as Checkstyle XML, which is the one of its forms that names every file and holds no
 * content of any. Values in its messages are masked by secretlint itself, and are not taken over.
 */
export const secretlint: Parser = {
  format: "secretlint",
  parse(text) {
    const root = parseXml(text);
    if (root.name !== "checkstyle") throw new Error(`<checkstyle> is missing, not <${root.name}>`);
    const files = childrenOf(root, "file");
    return {
      observations: files.flatMap((file) =>
        childrenOf(file, "error").map((error) => {
          const message = attributeOf(error, "message") ?? "";
          const id = /^\[([A-Za-z0-9_]{1,100})\]/.exec(message)?.[1];
          const rule = /@secretlint\/secretlint-rule-([a-z0-9-]{1,100})\)?$/.exec(message)?.[1];
          const severity = words[attributeOf(error, "severity") ?? ""];
          return observe({
            rule: [rule, id].filter((part) => part !== undefined).join(":") || "secret",
            severity: severity ?? "high",
            severityStated: severity !== undefined,
            title: `a secret: ${id ?? rule ?? "unknown"}`,
            place: {
              kind: "file",
              path: attributeOf(file, "name") ?? "",
              line: Number(attributeOf(error, "line")),
            },
            cwe: [798],
          });
        }),
      ),
      exercised: { files: files.length },
      complete: true,
    };
  },
};
