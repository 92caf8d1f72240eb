import type { Colour } from "../../model/primitives.ts";
import type { Weights } from "../../ports/host-agent.ts";

/**
 * Shares new requests between the colours exactly by weight (smooth weighted round-robin): of every
 * hundred requests 10 % are ten, spread evenly, not ten on average.
 */
export class ColourWheel {
  readonly #weights: Weights;
  #blue = 0;
  #green = 0;

  constructor(weights: Weights) {
    this.#weights = weights;
  }

  /** Null when both weights are 0. */
  next(): Colour | null {
    const { blue, green } = this.#weights;
    if (green === 0) return blue === 0 ? null : "blue";
    if (blue === 0) return "green";
    this.#blue += blue;
    this.#green += green;
    if (this.#blue >= this.#green) {
      this.#blue -= 100;
      return "blue";
    }
    this.#green -= 100;
    return "green";
  }
}

/** What choosing a backend looks at. */
export interface Balanced {
  readonly inFlight: number;
  readonly suspectUntil: number;
}

/**
 * Least connections, round-robin between equals (`turn` grows by one a request): with equal backends it is
 * round-robin, with a slow one among them the others take its share. Those that refused a connection a
 * moment ago come last; `tried` never come again.
 */
export function chooseBackend<B extends Balanced>(
  backends: readonly B[],
  turn: number,
  now: number,
  tried: ReadonlySet<B> | null,
): B | null {
  const count = backends.length;
  if (count === 1 && tried === null) return backends[0] ?? null;
  let best: B | null = null;
  let bestSuspect = false;
  for (let i = 0; i < count; i++) {
    const candidate = backends[(turn + i) % count] as B;
    if (tried?.has(candidate)) continue;
    const suspect = candidate.suspectUntil > now;
    const better =
      best === null ||
      (bestSuspect && !suspect) ||
      (bestSuspect === suspect && candidate.inFlight < best.inFlight);
    if (better) {
      best = candidate;
      bestSuspect = suspect;
    }
  }
  return best;
}

/**
 * The colour that a tester means. Exactly one colour must be without live traffic; before the first
 * release is live both are, and then it is the one that holds a release.
 */
export function idleColour(
  weights: Weights,
  hasRelease: (colour: Colour) => boolean,
): Colour | null {
  if (weights.blue === 100) return "green";
  if (weights.green === 100) return "blue";
  if (weights.blue > 0) return null;
  const blue = hasRelease("blue");
  return blue === hasRelease("green") ? null : blue ? "blue" : "green";
}
