import type { Observation } from "../../model/observation.ts";
import type { Exercised } from "../../model/verdict.ts";

/** What a raw report says, in our words. */
export interface Parsed {
  /** Every hit, suppressed ones included; made by `observe`, which cuts them to what a record takes. */
  readonly observations: readonly Observation[];
  /** What it states not to be so (VEX): no hits, and nothing is believed of them by itself. */
  readonly claims?: readonly Observation[];
  /** See `Summary` (format.ts). */
  readonly subject?: string;
  readonly madeAt?: string;
  /** What the report itself says was looked at; an adapter that counted knows better and is believed first. */
  readonly exercised?: Partial<Exercised>;
  readonly tool?: { readonly name: string; readonly version: string };
  /** False when the report says that the scan did not come to its end, or left something out. */
  readonly complete: boolean;
  /** What it left out, in words; belongs to `complete: false`. */
  readonly missing?: string;
}

/**
 * Reads one format of raw reports. Pure. The text is hostile: it was written by a tool that looked at
 * hostile files. `parse` throws for whatever it cannot read whole (the run is then `error`, never a pass),
 * and is linear in the length of the text; memory and time are limited from outside.
 */
export interface Parser {
  readonly format: string;
  parse(text: string): Parsed;
}
