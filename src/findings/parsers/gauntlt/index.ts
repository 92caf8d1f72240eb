import type { Draft } from "../../observe.ts";
import type { Format } from "../format.ts";

/** Colours, and other orders to a terminal. */
// oxlint-disable-next-line no-control-regex -- these are what it is about
const escapes = /\u001B\[[0-9;]{0,20}[A-Za-z]/g;

const scenario = /^\s*Scenario(?: Outline)?: (.{0,500}?)\s+# (\S{1,500}\.attack):(\d{1,9})\s*$/;
const failing =
  /^cucumber (?:\S+ ){0,20}?(\S{1,500}\.attack):(\d{1,9}) # Scenario(?: Outline)?: (.{0,500}?)\s*$/;
const total = /^(\d{1,9}) (scenarios?|steps?)(?: \((.{1,200})\))?\s*$/;

/** They are held until the end. More than this are counted as unnamed. */
const mostFailures = 100_000;

interface Failure {
  readonly file: string;
  readonly name: string;
  readonly line: number;
}

/**
 * What Gauntlt prints (Cucumber's `pretty` and `progress`): an attack whose scenario failed is a hit. It is whole with
 * its count of scenarios, where all that did not pass failed and were named: pending, undefined and skipped are no
 * pass. Its other forms are Cucumber's own JSON (`cucumber-json`) and JUnit (`junit`).
 */
export const gauntlt: Format = {
  id: "gauntlt",
  title: "Gauntlt (console)",
  syntax: "text",
  recognise: (sample) =>
    sample.syntax === "text" &&
    sample.lines
      .map((line) => line.replace(escapes, ""))
      .some((line) => scenario.test(line) || failing.test(line)),
  open() {
    const failures = new Map<string, Failure>();
    const words = new Map<string, string[]>();
    let current: Failure | null = null;
    let counts: ReadonlyMap<string, number> | null = null;
    let scenarios = 0;
    let steps = 0;
    return {
      item(value) {
        const line = String(value).slice(0, 4_096).replace(escapes, "");
        const begun = scenario.exec(line);
        if (begun) {
          current = { name: begun[1] ?? "", file: begun[2] ?? "", line: Number(begun[3]) };
          return [];
        }
        const named = failing.exec(line);
        if (named) {
          const failure = { file: named[1] ?? "", line: Number(named[2]), name: named[3] ?? "" };
          if (failures.size < mostFailures) failures.set(keyOf(failure), failure);
          return [];
        }
        const counted = total.exec(line);
        if (counted) {
          const of = Number(counted[1]);
          if (counted[2]?.startsWith("scenario")) {
            scenarios = of;
            counts = countsOf(counted[3] ?? "");
          } else steps = of;
          return [];
        }
        // What stands below a scenario is why it failed, if it did.
        if (current !== null && /^\s{6,}\S/.test(line)) {
          const key = keyOf(current);
          const said = words.get(key) ?? [];
          if (said.length < 20 && words.size < 10_000) words.set(key, [...said, line.trim()]);
        }
        return [];
      },
      end() {
        const missing = gap(counts, scenarios, failures.size);
        return {
          tool: { name: "gauntlt", version: "unknown" },
          exercised: { scenarios, assertions: steps },
          drafts: [...failures].map(([key, one]) => draftOf(one, words.get(key) ?? [])),
          complete: missing === undefined,
          ...(missing === undefined ? {} : { missing }),
        };
      },
    };
  },
};

function keyOf({ file, line }: Failure): string {
  return `${file}:${line}`;
}

function draftOf({ file, name }: Failure, said: readonly string[]): Draft {
  return {
    rule: name || file,
    severity: "high",
    severityStated: false,
    title: `Attack succeeded or could not be judged: ${name}`,
    message: said.join("\n"),
    // Its line moves with whatever is written above it.
    place: { kind: "resource", name: `${file} ${name}` },
    kind: "test",
  };
}

/** `1 failed, 2 passed`. */
function countsOf(words: string): ReadonlyMap<string, number> {
  return new Map(
    [...words.matchAll(/(\d{1,9}) ([a-z]{1,20})/g)].map((one) => [one[2] ?? "", Number(one[1])]),
  );
}

function gap(
  counts: ReadonlyMap<string, number> | null,
  scenarios: number,
  named: number,
): string | undefined {
  if (counts === null) return "its end: it does not count its scenarios";
  if (scenarios === 0) return "there is no scenario in it";
  const failed = counts.get("failed") ?? 0;
  if (failed > named) return `it counts ${failed} failed scenarios, and names ${named}`;
  const open = [...counts].filter(([word]) => word !== "failed" && word !== "passed");
  const [first] = open;
  if (first) return `${first[1]} scenarios are ${first[0]}`;
  const judged = failed + (counts.get("passed") ?? 0);
  return judged < scenarios ? `${scenarios - judged} scenarios have no result` : undefined;
}
