import type { Severity } from "../../../model/observation.ts";
import { severityOfWord } from "../../observe.ts";
import type { Format } from "../format.ts";
import { attributeOf, childrenOf, type Element, rootOf } from "../xml.ts";

const words: Readonly<Record<string, Severity>> = { error: "high", warning: "medium", info: "low" };

const ruleName = /@secretlint\/secretlint-rule-([a-z0-9-]{1,100})\)?$/;

/**
 * secretlint's report as Checkstyle XML, which is the one of its forms that names every file and holds no
 * content of any. Values in its messages are masked by secretlint itself, and are not taken over. A report in
 * Checkstyle's form without any hit does not say whose it is: that takes `--format`.
 */
export const secretlint: Format = {
  id: "secretlint",
  title: "Secretlint (Checkstyle XML)",
  syntax: "xml",
  items: [{ path: ["checkstyle", "file"] }],
  recognise(sample) {
    if (sample.syntax !== "xml" || sample.root !== "checkstyle") return false;
    const errors = sample.outline.children.flatMap((file) => childrenOf(file, "error"));
    return errors.some((error) => ruleName.test(attributeOf(error, "message") ?? ""));
  },
  open(frame) {
    rootOf(frame, "checkstyle");
    let files = 0;
    return {
      item(value) {
        const file = value as Element;
        files += 1;
        return childrenOf(file, "error").map((error) => {
          const message = attributeOf(error, "message") ?? "";
          const id = /^\[([A-Za-z0-9_]{1,100})\]/.exec(message)?.[1];
          const rule = ruleName.exec(message)?.[1];
          return {
            rule: [rule, id].filter((part) => part !== undefined).join(":") || "secret",
            kind: "secret",
            severity: severityOfWord(words, attributeOf(error, "severity")),
            title: `a secret: ${id ?? rule ?? "unknown"}`,
            place: {
              kind: "file",
              path: attributeOf(file, "name") ?? "",
              line: Number(attributeOf(error, "line")),
            },
            cwe: [798],
          };
        });
      },
      end: () => ({ exercised: { files }, complete: true }),
    };
  },
};
