import type { Format, ItemPlace } from "../parsers/format.ts";
import type { Limits } from "./limits.ts";

/** Is given a report's bytes (UTF-8) as they arrive, whatever their boundaries. */
export interface Cutter {
  write(chunk: Buffer): void;
  end(): void;
  /** True when the rest of the report is of no use to it. */
  readonly full: boolean;
}

/** Is handed each item, with where it stands, in words that are made only when something is wrong. */
export type Take = (value: unknown, at: ItemPlace, where: () => string) => void;

/** What a cutter is to do: gather the frame, or hand out the items of one pass. */
export interface Job {
  readonly format: Format;
  readonly limits: Limits;
  /** Of `pass` 0 nothing is taken and the frame is gathered. */
  readonly pass: 0 | 1 | 2;
  readonly take: Take;
}

/** Cutters that gather a frame have it once they ended. */
export interface FrameCutter extends Cutter {
  frame(): unknown;
}
