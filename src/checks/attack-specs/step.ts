import { type Expression, expression } from "./expression.ts";
import type { World } from "./world.ts";
import type { WrittenStep } from "./read-feature.ts";

/** One step that there is. Together they are the whole language: a file can say nothing else. */
export interface Step {
  readonly expression: Expression;
  /** For the page. */
  readonly does: string;
  readonly group: string;
  /** What has to stand below it. */
  readonly takes: "nothing" | "text" | "table";
  /** Whether it holds something against what is wanted. A scenario without any such step shows nothing. */
  readonly asserts: boolean;
  /** Whether it sends only what changes nothing, with these words in its braces. */
  readonly safe: boolean | ((words: readonly string[]) => boolean);
  run(world: World, words: readonly string[], below: WrittenStep): Promise<void> | void;
}

type Run = Step["run"];

/** Makes the steps of one group, a line or a few each. */
export function stepsOf(group: string) {
  const steps: Step[] = [];
  const add =
    (asserts: boolean) =>
    (
      source: string,
      does: string,
      run: Run,
      more: Partial<Pick<Step, "takes" | "safe">> = {},
    ): void => {
      steps.push({
        expression: expression(source),
        does,
        group,
        takes: "nothing",
        safe: true,
        asserts,
        ...more,
        run,
      });
    };
  return { steps: steps as readonly Step[], does: add(false), expects: add(true) };
}

/** What changes nothing at a service that keeps to HTTP (RFC 9110 9.2.1). */
export function isSafeMethod(method: string): boolean {
  return ["GET", "HEAD", "OPTIONS"].includes(method);
}

/** The rows of a table with two columns, its heading left out when it is one. */
export function pairsOf(
  below: WrittenStep,
  heading: RegExp,
): readonly (readonly [string, string])[] {
  const rows = below.table ?? [];
  const [first] = rows;
  const body = first?.[0] !== undefined && heading.test(first[0]) ? rows.slice(1) : rows;
  return body.map((row) => [row[0] ?? "", row[1] ?? ""] as const);
}
