import { z } from "zod";
import type { Draft } from "../../observe.ts";
import type { Format, Summary } from "../format.ts";
import { count, fieldOf, gaps, isRecord, many, wholeness, words } from "../loose.ts";

const Test = z.object({
  test_number: words,
  test_desc: words,
  remediation: words,
  status: words,
  type: words,
  reason: words,
  audit: words,
  expected_result: words,
  actual_value: words,
});

const Group = z.object({
  version: words,
  detected_version: words,
  node_type: words,
  tests: many(z.object({ fail: count, warn: count, results: many(z.unknown()) })),
  total_fail: count,
  total_warn: count,
});
type Group = z.infer<typeof Group>;

/**
 * kube-bench's JSON: an object with `Controls`, of older versions a bare list. A check that failed is a hit; so is,
 * as information, one that warns without being a manual one. It has no severities; these are ours. A check
 * whose command could not be run, and one that was skipped, is a gap; a manual one is nothing that it looks at.
 * The subject is the kinds of nodes: a run on a worker says nothing about the control plane.
 */
export const kubeBench: Format = {
  id: "kube-bench",
  title: "kube-bench (JSON)",
  syntax: "json",
  items: [
    { path: ["Controls", "*", "tests", "*", "results", "*"] },
    { path: ["*", "tests", "*", "results", "*"] },
    { path: ["tests", "*", "results", "*"] },
  ],
  recognise: (sample) => sample.syntax === "json" && isDocument(sample.value),
  open(frame) {
    const groups = groupsOf(frame);
    const reading = readTests();
    groups.forEach(reading.group);
    return {
      item: (value, at) => {
        const index = at.item === 2 ? 0 : at.keys.find((key) => typeof key === "number");
        return reading.test(groups[index ?? -1], value);
      },
      end: reading.end,
    };
  },
};

/** As written by versions that print a document for each group of checks. */
export const kubeBenchLines: Format = {
  id: "kube-bench-lines",
  title: "kube-bench (several JSON documents)",
  syntax: "lines",
  recognise: (sample) =>
    sample.syntax === "lines" && sample.values.length > 1 && sample.values.every(isDocument),
  open() {
    const reading = readTests();
    let documents = 0;
    return {
      item(value) {
        const groups = groupsOf(value);
        documents += 1;
        groups.forEach(reading.group);
        return groups.flatMap((group) =>
          group.tests.flatMap(({ results }) => results.flatMap((one) => reading.test(group, one))),
        );
      },
      end() {
        if (documents === 0) throw new Error("it has no group of checks");
        return reading.end();
      },
    };
  },
};

/** An object with `Controls`, a bare list of groups, or one group. */
function isDocument(value: unknown): boolean {
  const groups = listIn(value);
  return groups.length > 0 && groups.every(isGroup);
}

function isGroup(value: unknown): boolean {
  const tests = fieldOf(value, "tests");
  return fieldOf(value, "node_type") !== undefined && (tests === null || Array.isArray(tests));
}

function listIn(value: unknown): readonly unknown[] {
  const controls = fieldOf(value, "Controls");
  if (Array.isArray(controls)) return controls;
  if (Array.isArray(value)) return value;
  return isRecord(value) && isGroup(value) ? [value] : [];
}

function groupsOf(value: unknown): readonly Group[] {
  return z.array(Group).min(1).parse(listIn(value));
}

/** How many did not pass, by the group's own word. */
function statedBy({ tests, total_fail, total_warn }: Group): number {
  const sum = tests.reduce((all, { fail, warn }) => all + (fail ?? 0) + (warn ?? 0), 0);
  return Math.max(sum, (total_fail ?? 0) + (total_warn ?? 0));
}

function readTests() {
  const failed = gaps();
  const skipped = gaps();
  let assertions = 0;
  let seen = 0;
  let stated = 0;
  const kinds = new Set<string>();
  return {
    group(group: Group): void {
      stated += statedBy(group);
      if (group.node_type !== "" && kinds.size < 100) kinds.add(group.node_type.slice(0, 100));
    },
    test(group: Group | undefined, value: unknown): readonly Draft[] {
      const test = Test.parse(value);
      const status = test.status.toUpperCase();
      const manual =
        test.type === "manual" || test.reason.startsWith("Test marked as a manual test");
      const name = `${test.test_number} ${test.test_desc}`;
      if (status === "FAIL" || status === "WARN") seen += 1;
      if (status === "INFO" || test.type === "skip") {
        skipped.add(name);
        return [];
      }
      if (status === "WARN" && manual) return [];
      assertions += 1;
      if (status === "PASS") return [];
      if (status === "WARN" && test.reason !== "") failed.add(`${name}: ${test.reason}`);
      return [draftOf(test, status, group?.node_type || "cluster")];
    },
    end(): Summary {
      return {
        tool: { name: "kube-bench", version: "unknown" },
        ...(kinds.size === 0 ? {} : { subject: [...kinds].toSorted().join(", ") }),
        exercised: { assertions },
        ...wholeness(
          failed.say("check could not be carried out", "checks could not be carried out"),
          skipped.say("check was skipped", "checks were skipped"),
          stated > seen
            ? `it counts ${stated} checks that did not pass, and shows ${seen}`
            : undefined,
        ),
      };
    },
  };
}

function draftOf(test: z.infer<typeof Test>, status: string, node: string): Draft {
  const said = [
    test.reason,
    test.expected_result && `expected: ${test.expected_result}`,
    test.remediation,
  ];
  return {
    rule: test.test_number || test.test_desc,
    // A status that nobody knows is no information.
    severity: status === "FAIL" ? "medium" : status === "WARN" ? "info" : null,
    severityStated: false,
    title: `${test.test_number} ${test.test_desc}`.trim(),
    message: said.filter((part) => part !== "").join("\n"),
    kind: "infrastructure",
    place: { kind: "resource", name: node },
  };
}
