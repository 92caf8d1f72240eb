import { runInNewContext } from "node:vm";
import { TidelockError } from "../../model/errors.ts";
import { printable } from "../../model/printable.ts";

const limitMs = 1_000;

/**
 * Replaces what the patterns match, in a text of a service. Either may be hostile, and a pattern can take
 * exponential time: it obeys the time limit of a `vm` run.
 *
 * @throws TidelockError `invalid-input` naming the pattern that takes too long
 */
export function maskText(patterns: readonly string[], text: string): string {
  let masked = text;
  for (const pattern of patterns) {
    try {
      masked = String(
        runInNewContext(
          "text.replace(new RegExp(pattern, 'g'), '~')",
          { pattern, text: masked },
          { timeout: limitMs },
        ),
      );
    } catch (cause) {
      throw new TidelockError(
        "invalid-input",
        `the mask /${printable(pattern, 100)}/ takes too long on an answer`,
        { fault: "operator", where: "with.masks", hint: "write it simpler", cause },
      );
    }
  }
  return masked;
}
