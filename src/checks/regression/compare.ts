import type { Exchange } from "../exchange.ts";
import type { Difference } from "./classes.ts";
import {
  type BodyRules,
  bodyOf,
  compareBodies,
  textNoise,
  type TextNoise,
} from "./compare-body.ts";
import { compareHeads, type Origins } from "../compare-head.ts";

/** Where the live colour does not answer the same twice: what differs there says nothing about a release. */
export interface Noise {
  readonly places: ReadonlySet<string>;
  readonly text: TextNoise;
}

/** Measured on two answers of the live colour to the same request. */
export function noiseOf(one: Exchange, two: Exchange, origin: string, rules: BodyRules): Noise {
  const none: TextNoise = { kind: "none" };
  const at = { live: origin, tested: origin };
  const both = [...compare(one, two, at, rules, none), ...compare(two, one, at, rules, none)];
  const text = textNoise(bodyOf(one, rules), bodyOf(two, rules));
  // Which pieces of a text differ is known, so the others still count.
  const places = both.map(({ place }) => place).filter((place) => place !== "text");
  return { places: new Set(places), text };
}

/** How `tested` differs from `live`, the noise left out. */
export function differences(
  live: Exchange,
  tested: Exchange,
  at: Origins,
  rules: BodyRules,
  noise: Noise,
): readonly Difference[] {
  return compare(live, tested, at, rules, noise.text).filter(
    ({ place }) => !noise.places.has(place),
  );
}

function compare(
  live: Exchange,
  tested: Exchange,
  at: Origins,
  rules: BodyRules,
  text: TextNoise,
): Difference[] {
  const heads = compareHeads(live, tested, at);
  // Bodies of two answers of different kinds have nothing in common.
  const same = Math.floor(live.status / 100) === Math.floor(tested.status / 100);
  if (!same || heads.some(({ class: which }) => which === "content-type")) return heads;
  return [...heads, ...compareBodies(bodyOf(live, rules), bodyOf(tested, rules), text)];
}
