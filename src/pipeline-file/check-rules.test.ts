import { describe, expect, it } from "vitest";
import { TidelockError } from "../model/errors.ts";
import { describeProblems } from "./describe.ts";
import { parseDocuments } from "./parse.ts";

const head = `apiVersion: tidelock.dev/v1
kind: Pipeline
metadata: {name: shop}
spec:
  processes: {web: {command: [node, x.js]}}
  environments:
    - name: production
      rules:
`;

/** The lines of the rules begin at line 9. */
function problemsOf(rules: string): readonly string[] {
  try {
    parseDocuments("t.yaml", head + rules);
    return [];
  } catch (error) {
    if (!(error instanceof TidelockError)) throw error;
    return (error.problems ?? []).map(({ where, message }) => `${where}: ${message}`);
  }
}

describe("a rule in a pipeline file", () => {
  it("that is right stays as it is written", () => {
    const { pipelines } = parseDocuments(
      "t.yaml",
      `${head}        - {name: none-new, require: findings.new.high == 0, because: it is so}\n`,
    );
    expect(pipelines[0]?.spec.environments[0]?.rules).toEqual([
      { name: "none-new", require: "findings.new.high == 0", because: "it is so" },
    ]);
  });

  it.each([
    ["plain", "findings.new.hihg == 0", "9:43"],
    [
      "in single quotes, with one of them doubled",
      "'service == ''x'' && findings.new.hihg == 0'",
      "9:64",
    ],
    ["in double quotes, with escapes", '"service == \\"x\\" && findings.new.hihg == 0"', "9:64"],
    [
      "folded",
      ">\n            findings != null &&\n              findings.new.hihg == 0\n",
      "11:28",
    ],
    [
      "literal",
      "|-\n            findings != null\n            && findings.new.hihg == 0\n",
      "11:29",
    ],
    ["plain over two lines", "findings != null\n            && findings.new.hihg == 0\n", "10:29"],
  ])("has its slip shown where it stands, %s", (_how, text, place) => {
    const lines = `        - name: a\n          require: ${text}\n`;
    const at = text.includes("\n") ? lines : `        - {name: a, require: ${text}}\n`;
    const shifted = text.includes("\n")
      ? place.replace(/^\d+/, (line) => String(Number(line) + 1))
      : place;
    expect(problemsOf(at)).toEqual([
      `t.yaml:${shifted}: rule a: there is no field \`hihg\` in findings.new`,
    ]);
  });

  it("shows the line with a caret, and the nearest name", () => {
    const text = `${head}        - {name: a, require: findings.new.hihg == 0}\n`;
    try {
      parseDocuments("t.yaml", text);
      expect.unreachable();
    } catch (error) {
      const problems = error instanceof TidelockError ? (error.problems ?? []) : [];
      expect(describeProblems(problems, text)).toBe(
        [
          "t.yaml:9:43: rule a: there is no field `hihg` in findings.new",
          "  9 |         - {name: a, require: findings.new.hihg == 0}",
          "    |                                           ^",
          "    = did you mean `high`?",
        ].join("\n"),
      );
    }
  });

  it("has a name of its own", () => {
    const rule = "        - {name: a, require: live == null}\n";
    expect(problemsOf(rule + rule)).toEqual(["t.yaml:10:18: the rule name a is taken"]);
  });

  it("of a floor is looked at as well, and all of them in one go", () => {
    const floor = `---
apiVersion: tidelock.dev/v1
kind: Environment
metadata: {name: staging}
spec:
  tier: production
  floor: {rules: [{name: a, require: "true"}]}
`;
    const bad = "        - {name: b, require: 1 +}\n        - {name: c, require: nothing}\n";
    expect(problemsOf(bad + floor)).toEqual([
      "t.yaml:9:32: rule b: syntax error: it cannot be read on from `+`",
      "t.yaml:10:30: rule c: there is no fact `nothing`",
      "t.yaml:17:39: rule a: this is the same for every promotion",
    ]);
  });
});
