import { z } from "zod";
import type { Sample } from "./format.ts";

/**
 * For what foreign tools write: a field may be missing, null, a number where a text belongs, or one thing where
 * the next version has a list of them.
 */

/** A text; numbers and booleans as text, nothing as an empty one. */
export const words = z
  .union([z.string(), z.number(), z.boolean()])
  .nullish()
  .transform((value) => (value === null || value === undefined ? "" : String(value)));

/** A number, also as a text; null when it is none. */
export const count = z
  .union([z.number(), z.string()])
  .nullish()
  .transform((value) => {
    if (value === null || value === undefined || value === "") return null;
    const number = Number(value);
    return Number.isFinite(number) ? number : null;
  });

/** A list; null and nothing are an empty one, a thing by itself is a list of one. */
export function many<One extends z.ZodType>(one: One) {
  return z.preprocess(
    (value) => (value === null || value === undefined ? [] : [value].flat(1)),
    z.array(one),
  );
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The own field of that name; what everything has (`constructor`) is nobody's field. */
export function fieldOf(value: unknown, name: string): unknown {
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** The word's meaning in a table; a report's `constructor` finds nothing. */
export function lookUp<Value>(table: Readonly<Record<string, Value>>, word: string): Value | null {
  return Object.hasOwn(table, word) ? (table[word] ?? null) : null;
}

/** Counts what was left out and keeps the first, for `missing`. */
export function gaps() {
  let number = 0;
  let first = "";
  return {
    add(which: string): void {
      if (number === 0) first = which.slice(0, 300);
      number += 1;
    },
    /** `what`: singular and plural; undefined when nothing was left out. */
    say(one: string, many: string): string | undefined {
      if (number === 0) return undefined;
      const words = number === 1 ? one : many;
      return `${number} ${words}${first === "" ? "" : `, the first: ${first}`}`;
    },
  };
}

/** `complete` and `missing` of a summary, out of what is missing. */
export function wholeness(
  ...missing: readonly (string | undefined)[]
): { complete: true } | { complete: false; missing: string } {
  const said = missing.filter((one) => one !== undefined);
  return said.length === 0 ? { complete: true } : { complete: false, missing: said.join("; ") };
}

/** The values of a report of JSON lines; one value, or one list of them, is read alike. */
export function valuesOf(sample: Sample): readonly unknown[] {
  if (sample.syntax === "lines") return sample.values.flat(1);
  return sample.syntax === "json" ? [sample.value].flat(1) : [];
}

/** The newest of the times of a sensor's log, which it is as old as (RFC 3339, which compare as texts in one zone). */
export function newest() {
  let last = "";
  return {
    see(time: string): void {
      const plain = time.slice(0, 40);
      if (/^\d{4}-\d\d-\d\dT/.test(plain) && plain > last) last = plain;
    },
    get summary(): { madeAt?: string } {
      return last === "" ? {} : { madeAt: last };
    },
  };
}
