import { createHash } from "node:crypto";

/** Of a line longer than this (a bundle, a data file) only what stands around the hit counts. */
const longLine = 300;

/**
 * What makes a hit the same one in the next scan of the same file by the same rule: the text of its line,
 * blanks left out, and the how-manieth hit with that text it is. Lines may move, neighbours and indentation
 * may change; another text in the line is a new hit. (The rolling hash over 100 characters that code hosts
 * use takes an edit of the next line for a new hit, which is not what "only new ones" should mean.)
 */
export class Fingerprints {
  readonly #seen = new Map<string, number>();

  /** @param column of the hit, from 1 */
  of(rule: string, lineText: string, column: number): string {
    const text =
      lineText.length <= longLine
        ? lineText
        : lineText.slice(Math.max(0, column - 1 - longLine / 3), column - 1 + longLine);
    const hash = createHash("sha256").update(text.replaceAll(/\s+/g, "")).digest("hex");
    const key = hash.slice(0, 16);
    const count = (this.#seen.get(`${rule}\0${key}`) ?? 0) + 1;
    this.#seen.set(`${rule}\0${key}`, count);
    return `${key}:${count}`;
  }
}
