import { nearest } from "../../model/nearest.ts";
import { printable } from "../../model/printable.ts";

/** What is wrong with an expression before it is ever evaluated. `at`: UTF-16 offset in its text. */
export class RuleProblem extends Error {
  readonly at: number;
  readonly hint: string | undefined;

  constructor(at: number, message: string, hint?: string) {
    super(message);
    this.name = "RuleProblem";
    this.at = at;
    this.hint = hint;
  }
}

/** `did you mean …?`, or the words that there are. */
export function suggest(typed: string, known: readonly string[]): string {
  const near = nearest(typed, known);
  const all = known.length === 0 ? "nothing" : known.join(", ");
  return near === null ? `one of ${printable(all, 300)}` : `did you mean \`${near}\`?`;
}

/** Foreign text in a message. */
export function quoted(text: string): string {
  return `\`${printable(text, 60)}\``;
}
