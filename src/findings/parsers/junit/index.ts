import type { Draft } from "../../observe.ts";
import type { Format } from "../format.ts";
import { gaps, wholeness } from "../loose.ts";
import { type Element, attributeOf, childrenOf } from "../xml.ts";

/**
 * JUnit's XML, of whatever test runner: `testsuites`, `testsuite`, suites in suites. A test that failed or broke is
 * a hit, and so is a suite that did; one that passed only when it was tried again (surefire's `flakyFailure`) is a
 * lesser one. A skipped test was not carried out: the report says so. It has no severities; these are ours.
 */
export const junit: Format = {
  id: "junit",
  title: "JUnit (XML)",
  syntax: "xml",
  items: [
    { path: ["**", "testcase"] },
    // Of suites, and often most of the report: nothing of it is kept.
    { path: ["**", "system-out"] },
    { path: ["**", "system-err"] },
    { path: ["**", "properties"] },
  ],
  recognise: (sample) =>
    sample.syntax === "xml" && (sample.root === "testsuites" || sample.root === "testsuite"),
  open(frame) {
    const root = frame as Element;
    if (root.name !== "testsuites" && root.name !== "testsuite") {
      throw new Error("it is no report of JUnit");
    }
    const suites = suitesIn(root);
    const skipped = gaps();
    let cases = 0;
    let left = 0;
    let failures = 0;
    return {
      item(value, at) {
        if (at.item !== 0) return [];
        const test = value as Element;
        const name = nameOf(test);
        cases += 1;
        const failed = ["error", "failure"].flatMap((kind) => childrenOf(test, kind));
        if (failed.length > 0) {
          failures += failed.length;
          return [draftOf(name, failed, test, "high")];
        }
        if (isSkipped(test)) {
          skipped.add(name);
          left += 1;
          return [];
        }
        const flaky = ["flakyError", "flakyFailure"].flatMap((kind) => childrenOf(test, kind));
        return flaky.length > 0 ? [draftOf(name, flaky, test, "low")] : [];
      },
      end() {
        const broken = suites.flatMap(ofSuite);
        const stated = statedBy(root, ["failures", "errors"]);
        const shown = failures + broken.length;
        const tests = statedBy(root, ["tests"]);
        return {
          drafts: broken,
          ...subjectOf(root, suites),
          ...madeAtOf(suites),
          exercised: { assertions: cases - left },
          ...wholeness(
            skipped.say("test was skipped", "tests were skipped"),
            cases === 0 && broken.length === 0 ? "there is no test in it" : undefined,
            stated > shown ? `it counts ${stated} failed tests and shows ${shown}` : undefined,
            tests > cases + broken.length
              ? `it counts ${tests} tests and shows ${cases}`
              : undefined,
          ),
        };
      },
    };
  },
};

function suitesIn(element: Element): readonly Element[] {
  const open = [element];
  const found: Element[] = [];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.name === "testsuite") found.push(next);
    open.push(...childrenOf(next, "testsuite").toReversed());
  }
  return found;
}

/** `class#name`: what runners agree on; many put all in one of the two. */
function nameOf(test: Element): string {
  const group = attributeOf(test, "classname") || attributeOf(test, "class") || "";
  const name = attributeOf(test, "name")?.trim() || "(no name)";
  return group === "" || group === name ? name : `${group}#${name}`;
}

/** Not carried out: surefire's element, NUnit's and gtest's attributes. */
function isSkipped(test: Element): boolean {
  const status = (attributeOf(test, "status") ?? "").toLowerCase();
  const result = (attributeOf(test, "result") ?? "").toLowerCase();
  return (
    ["skipped", "disabled", "ignored"].some((name) => childrenOf(test, name).length > 0) ||
    ["skipped", "disabled", "notrun", "ignored", "pending"].includes(status) ||
    ["skipped", "suppressed", "ignored"].includes(result)
  );
}

function draftOf(
  name: string,
  failures: readonly Element[],
  test: Element,
  severity: "high" | "low",
): Draft {
  const [first] = failures;
  const what = first === undefined ? "" : sayOf(first);
  const file = attributeOf(test, "file");
  return {
    rule: name,
    severity,
    severityStated: false,
    title: severity === "low" ? `${name} passed only when tried again` : name,
    message: what,
    kind: "test",
    place: { kind: "resource", name },
    scope: file ?? "",
  };
}

function sayOf(failure: Element): string {
  const { text } = failure;
  const words = [attributeOf(failure, "type"), attributeOf(failure, "message")];
  return [...words, text.slice(0, 4_096).trim()].filter(Boolean).join("\n");
}

/** What broke around tests: a class that could not be set up. */
function ofSuite(suite: Element): readonly Draft[] {
  const failed = [...childrenOf(suite, "error"), ...childrenOf(suite, "failure")];
  const name = attributeOf(suite, "name") ?? "(suite)";
  return failed.length === 0 ? [] : [draftOf(name, failed, suite, "high")];
}

/**
 * What its suites count: the innermost that state any, since outer ones sum them up, or count again in ways of
 * their own.
 */
function statedBy(element: Element, names: readonly string[]): number {
  const inner = childrenOf(element, "testsuite").reduce(
    (sum, suite) => sum + statedBy(suite, names),
    0,
  );
  if (inner > 0) return inner;
  return names.reduce((sum, name) => {
    const value = Number(attributeOf(element, name) ?? "0");
    return sum + (Number.isSafeInteger(value) && value > 0 ? value : 0);
  }, 0);
}

function subjectOf(root: Element, suites: readonly Element[]): { subject?: string } {
  const name =
    attributeOf(root, "name") || (suites.length === 1 ? attributeOf(suites[0], "name") : "");
  return name ? { subject: name } : {};
}

/** A moment without a time zone is none. */
function madeAtOf(suites: readonly Element[]): { madeAt?: string } {
  const times = suites
    .map((suite) => attributeOf(suite, "timestamp") ?? "")
    .filter(
      (text) =>
        /^\d{4}-\d\d-\d\dT.{5,20}(?:Z|[+-]\d\d:\d\d)$/.test(text) &&
        !Number.isNaN(Date.parse(text)),
    )
    .toSorted();
  const last = times.at(-1);
  return last === undefined ? {} : { madeAt: new Date(Date.parse(last)).toISOString() };
}
