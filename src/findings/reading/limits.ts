/** Bounds of what one report may cost. Everything beyond them is refused, but for `items`: that many are read. */
export interface Limits {
  /** The document without its items, in bytes. */
  readonly frameBytes: number;
  /** One item, in bytes. */
  readonly itemBytes: number;
  /** Items in all: what comes after them is left out, and the summary says so. */
  readonly items: number;
  /** How deep values of JSON nest. */
  readonly depth: number;
  /** How deep elements of XML nest. */
  readonly elementDepth: number;
}

export const defaultLimits: Limits = {
  frameBytes: 64 * 1_024 * 1_024,
  itemBytes: 8 * 1_024 * 1_024,
  items: 10_000_000,
  depth: 5_000,
  elementDepth: 200,
};
