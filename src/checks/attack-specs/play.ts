import { asTidelockError } from "../../model/errors.ts";
import type { Verdict } from "../../model/verdict.ts";
import type { Understood } from "./library.ts";
import { Ended } from "./outcome.ts";
import type { Scenario } from "./read-feature.ts";
import { type Run, World } from "./world.ts";

/** How far a scenario came, step by step. */
export interface Played {
  readonly scenario: Scenario;
  readonly verdict: Verdict;
  /** What was seen at the step that ended it; empty for a pass. */
  readonly message: string;
  /** The step that ended it. */
  readonly at: number | null;
  readonly durationMs: number;
}

/** Plays one scenario in a world of its own. What a step throws is its verdict. */
export async function play(run: Run, understood: Understood): Promise<Played> {
  const { scenario } = understood;
  const began = performance.now();
  const end = (verdict: Verdict, message: string, at: number | null): Played => ({
    scenario,
    verdict,
    message,
    at,
    durationMs: performance.now() - began,
  });
  if (understood.kind === "unclear") return end("error", understood.why, null);
  const { calls } = understood;
  if (calls.length === 0) return end("inconclusive", "it has no step", null);
  if (!calls.some(({ step }) => step.asserts)) {
    return end("inconclusive", "it expects nothing: no step says what should be", null);
  }
  const awaited = calls.flatMap(({ step, words }) =>
    step.expression.source.startsWith("the file {string}") ? [words[0] ?? ""] : [],
  );
  const world = new World(run, [...new Set(awaited)]);
  for (const [at, { step, words, written }] of calls.entries()) {
    try {
      run.context.signal.throwIfAborted();
      await step.run(world, words, written);
    } catch (error) {
      run.context.signal.throwIfAborted();
      const verdict = error instanceof Ended ? error.verdict : "error";
      const why = error instanceof Ended ? error.message : explained(error);
      return end(verdict, `${written.where}: ${written.text.trim()}: ${why}`, at);
    }
  }
  return end("pass", "", null);
}

function explained(error: unknown): string {
  const { message, hint } = asTidelockError(error);
  return hint === undefined ? message : `${message}; ${hint}`;
}
