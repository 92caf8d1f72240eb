import { createHash } from "node:crypto";

/** Numbers and words that depend on nothing but a seed and a name: the order of the scan does not matter. */
export interface Random {
  /** From 0 up to, not including, `below`. */
  number(below: number): number;
  between(least: number, most: number): number;
  /** Letters only, so that no encoding changes them. */
  word(length: number): string;
  pick<T>(from: readonly T[]): T | undefined;
}

export function randomFrom(seed: number, ...names: readonly string[]): Random {
  let counter = 0;
  const next = (): number => {
    const text = JSON.stringify([seed, counter++, ...names]);
    return createHash("sha256").update(text).digest().readUInt32BE(0);
  };
  const number = (below: number) => (below <= 0 ? 0 : next() % below);
  return {
    number,
    between: (least, most) => least + number(most - least + 1),
    word: (length) =>
      Array.from({ length }, () => "bcdfghjkmnpqrstvwxz"[number(19)] ?? "b").join(""),
    pick: (from) => from[number(from.length)],
  };
}
