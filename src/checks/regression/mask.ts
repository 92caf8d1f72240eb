import { runInNewContext } from "node:vm";
import { TidelockError } from "../../model/errors.ts";
import { printable } from "../../model/printable.ts";

/** For all patterns on one text: nothing else is done meanwhile. */
const textMs = 1_000;
/** For all texts of a run, what a quick pattern takes left out. */
const runMs = 10_000;
const freeMs = 5;
/** An answer is compared several times. */
const remembered = 4;

/**
 * Replaces what the patterns match, in texts of a service. Either may be hostile, and a pattern can take
 * exponential time: each obeys the time limit of a `vm` run, and all of them one together.
 *
 * @throws TidelockError (the returned function) `invalid-input` naming the pattern that takes too long
 */
export function masking(patterns: readonly string[]): (text: string) => string {
  const known = new Map<string, string>();
  let left = runMs;
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    let room = Math.min(textMs, left);
    let masked = text;
    for (const pattern of patterns) {
      const began = performance.now();
      masked = maskOne(pattern, masked, room);
      const took = performance.now() - began;
      room -= took;
      left -= Math.max(0, took - freeMs);
      // What matches nothing at all puts something between all characters.
      if (room <= 0 || left <= 0 || masked.length > 4 * text.length + 1_024) throw tooMuch(pattern);
    }
    const [oldest] = known.keys();
    if (oldest !== undefined && known.size >= remembered) known.delete(oldest);
    known.set(text, masked);
    return masked;
  };
}

function maskOne(pattern: string, text: string, limitMs: number): string {
  try {
    return String(
      runInNewContext(
        "text.replace(new RegExp(pattern, 'g'), '~')",
        { pattern, text },
        { timeout: Math.max(1, Math.ceil(limitMs)) },
      ),
    );
  } catch (cause) {
    throw tooMuch(pattern, cause);
  }
}

function tooMuch(pattern: string, cause?: unknown): TidelockError {
  return new TidelockError(
    "invalid-input",
    `the mask /${printable(pattern, 100)}/ takes too long on an answer`,
    { fault: "operator", where: "with.masks", hint: "write it simpler", cause },
  );
}
