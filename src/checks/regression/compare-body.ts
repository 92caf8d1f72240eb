import type { Exchange } from "../exchange.ts";
import type { Difference } from "./classes.ts";
import { mediaType } from "../compare-head.ts";
import { compareShapes, type Shape, shapeOf } from "./json-shape.ts";

/** A body in the form in which it is compared. */
export type Body =
  | { readonly kind: "json"; readonly shape: Shape }
  | { readonly kind: "text"; readonly pieces: readonly string[]; readonly bytes: number }
  /** Longer than what is read, so nothing is said about it. */
  | { readonly kind: "cut" };

export interface BodyRules {
  readonly ignored: readonly (readonly string[])[];
  /** Replaces what is declared to differ. */
  readonly mask: (text: string) => string;
}

export function bodyOf(answer: Exchange, rules: BodyRules): Body {
  if (answer.truncated) return { kind: "cut" };
  const type = mediaType(answer) ?? "";
  if (/[/+]json$/.test(type)) {
    try {
      const shape = shapeOf(JSON.parse(answer.body), rules.ignored);
      if (shape !== null) return { kind: "json", shape };
    } catch {
      // It only says that it is JSON: compared as a text.
    }
  }
  const text = rules.mask(answer.body);
  // Tags and words: what changes between two answers (a time, a nonce) is one piece of many.
  const pieces = text.split(/\s+|(?<=>)|(?=<)|(?<=[="',;])/).filter((piece) => piece !== "");
  return { kind: "text", pieces, bytes: Buffer.byteLength(answer.body) };
}

/** What of bodies cannot be compared, because the live colour itself does not answer the same twice. */
export type TextNoise =
  | { readonly kind: "none" }
  | { readonly kind: "pieces"; readonly at: ReadonlySet<number> }
  | { readonly kind: "all" };

export function textNoise(one: Body, two: Body): TextNoise {
  if (one.kind !== "text" || two.kind !== "text") return { kind: "none" };
  if (one.pieces.length !== two.pieces.length) return { kind: "all" };
  const at = new Set<number>();
  for (const [index, piece] of one.pieces.entries()) if (piece !== two.pieces[index]) at.add(index);
  return at.size === 0 ? { kind: "none" } : { kind: "pieces", at };
}

/** How the body of `tested` differs from that of `live`. */
export function compareBodies(live: Body, tested: Body, noise: TextNoise): Difference[] {
  if (live.kind === "cut" || tested.kind === "cut") return [];
  if (live.kind === "json") {
    if (tested.kind === "json") return compareShapes(live.shape, tested.shape);
    return [{ class: "json-broken", place: "body", message: "the body is no JSON any more" }];
  }
  // JSON now where there was none: the content type says so, or it was broken before.
  if (tested.kind === "json") return [];
  const found: Difference[] = [];
  const changed = changedPieces(live.pieces, tested.pieces, noise);
  if (changed !== null) {
    const message = `the text is another one: ${changed} of its ${Math.max(1, live.pieces.length)} pieces`;
    found.push({ class: "text", place: "text", message });
  }
  const [least, most] = [Math.min(live.bytes, tested.bytes), Math.max(live.bytes, tested.bytes)];
  if (most > 2 * least && most - least > 200) {
    const message = `the body has ${tested.bytes} bytes, and ${live.bytes} on the live side`;
    found.push({ class: "size", place: "size", message });
  }
  return found;
}

/** How many pieces are other ones; null when none is, or when the live side's own never are the same. */
function changedPieces(
  live: readonly string[],
  tested: readonly string[],
  noise: TextNoise,
): number | null {
  if (noise.kind === "all") return null;
  if (live.length === tested.length) {
    const masked = noise.kind === "pieces" ? noise.at : new Set<number>();
    const count = live.filter((piece, at) => piece !== tested[at] && !masked.has(at)).length;
    return count === 0 ? null : count;
  }
  // Another number of pieces: how many of each side the other one has not.
  const left = new Map<string, number>();
  for (const piece of live) left.set(piece, (left.get(piece) ?? 0) + 1);
  let added = 0;
  for (const piece of tested) {
    const count = left.get(piece) ?? 0;
    if (count > 0) left.set(piece, count - 1);
    else added += 1;
  }
  const gone = [...left.values()].reduce((sum, count) => sum + count, 0);
  return Math.max(added, gone);
}
