/** What an expression is evaluated over. `slots`: the loops' variables; `left`: steps that it may still take. */
export interface Frame {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly slots: unknown[];
  left: number;
}

/**
 * More steps than these no expression takes: when it is applied its bound is held against them (the product of what
 * its loops may go over), and when it is evaluated they are counted. A step is one node, or a piece of text.
 */
export const mostSteps = 5_000_000;

/** All rules of one decision together. */
export const mostStepsOfAll = 20_000_000;

/** There is no answer: null, a key that is not there, an overflow. `&&` and `||` may do without (langdef.md, "Logical operators"). */
export class Unanswered extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Unanswered";
  }
}

/** It took too long; nothing does without that. */
export class Exhausted extends Error {
  constructor() {
    super(
      `it took too many steps: a rule may take ${mostSteps}, all of a decision ${mostStepsOfAll}`,
    );
    this.name = "Exhausted";
  }
}

export function spend(frame: Frame, steps: number): void {
  frame.left -= steps;
  if (!(frame.left >= 0)) throw new Exhausted();
}

/**
 * What is thrown is made once for each place of an expression: an error for each of ten thousand findings costs
 * little then, and says nothing of when or where it was met.
 */
export function unanswered(message: string): () => never {
  const error = new Unanswered(message);
  return () => {
    throw error;
  };
}

/** Whatever is no missing answer is passed on. */
export function missing(error: unknown): Unanswered {
  if (error instanceof Unanswered) return error;
  throw error;
}
