import { copyTree } from "./copy-tree.ts";
import { applyEdits } from "./mutate.ts";
import { runTests, type TestOutcome } from "./run-tests.ts";
import type { NamedTest, Safeguard } from "./safeguard.ts";

/**
 * What switching a safeguard off showed.
 *
 * - `noticed`: tests that pass with it fail without it.
 * - `unnoticed`: all of them pass without it as well; it could be lost tomorrow.
 * - `unclear`: nothing was shown, and why (only a pass passes).
 * - `skipped`: this machine cannot run the tests that would notice.
 */
export type Finding =
  | { readonly kind: "noticed"; readonly by: readonly TestOutcome[] }
  | { readonly kind: "unnoticed" }
  | { readonly kind: "unclear" | "skipped"; readonly why: string };

/** Runs every test that these safeguards name in an unbroken copy of the tree, each once. */
export async function runUnbroken(
  safeguards: readonly Safeguard[],
): Promise<readonly TestOutcome[]> {
  const tests = new Map<string, NamedTest>();
  for (const { noticedBy, unaffected } of safeguards) {
    for (const test of [...noticedBy, unaffected]) tests.set(`${test.file} ${test.name}`, test);
  }
  const copy = copyTree();
  try {
    return await runTests(copy, [...tests.values()]);
  } finally {
    copy.remove();
  }
}

/**
 * Runs the named tests once more, without the safeguard, in a copy of the tree that is removed again.
 *
 * @param unbroken what `runUnbroken` found
 */
export async function breakOne(
  safeguard: Safeguard,
  unbroken: readonly TestOutcome[],
): Promise<Finding> {
  const { noticedBy, unaffected, edits } = safeguard;
  const before = [...noticedBy, unaffected].map((test) => outcomeOf(unbroken, test));
  const bad = before.find(({ status }) => status === "failed" || status === "absent");
  if (bad) return unclear(`with the safeguard on, ${describe(bad)}`);
  const able = noticedBy.filter((test) => outcomeOf(unbroken, test).status === "passed");
  if (able.length === 0) return { kind: "skipped", why: "its tests do not run on this machine" };
  const copy = copyTree();
  try {
    applyEdits(copy.tree, edits);
    const after = await runTests(copy, [...able, unaffected]);
    const control = outcomeOf(after, unaffected);
    const broken = control.status !== outcomeOf(unbroken, unaffected).status;
    if (broken) return unclear(`more than the safeguard is broken: ${describe(control)}`);
    const by = able
      .map((test) => outcomeOf(after, test))
      .filter(({ status }) => status !== "passed");
    const silent = by.find(({ status }) => status !== "failed");
    if (silent) return unclear(`without the safeguard, ${describe(silent)}`);
    return by.length === 0 ? { kind: "unnoticed" } : { kind: "noticed", by };
  } finally {
    copy.remove();
  }
}

function outcomeOf(outcomes: readonly TestOutcome[], test: NamedTest): TestOutcome {
  const found = outcomes.find(
    (outcome) => outcome.test.file === test.file && outcome.test.name === test.name,
  );
  return found ?? { test, status: "absent", message: "it was not run" };
}

function unclear(why: string): Finding {
  return { kind: "unclear", why };
}

function describe({ test, status, message }: TestOutcome): string {
  const because = message === "" ? "" : `: ${message}`;
  return `"${test.name}" (${test.file}) ${status === "absent" ? "is not there" : status}${because}`;
}
