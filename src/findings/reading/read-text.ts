import type { Observation } from "../../model/observation.ts";
import type { Observing } from "../observe.ts";
import type { Format } from "../parsers/format.ts";
import type { Parsed } from "../parsers/parser.ts";
import type { Limits } from "./limits.ts";
import { Reading } from "./reading.ts";
import { partsOf } from "./source.ts";

/**
 * A report that is held as a whole: what checks hand back, at most 16 MiB. Read by the same means as one of any
 * length (read-report.ts), in one go. Throws what that throws.
 */
export function readText(
  format: Format,
  text: string,
  observing: Observing = { secretKey: null },
  limits: Partial<Limits> = {},
): Parsed {
  const bytes = Buffer.from(text.startsWith("\uFEFF") ? text.slice(1) : text);
  const reading = new Reading(format, observing, limits);
  for (const pass of reading.passes()) {
    for (const part of partsOf(bytes)) {
      if (pass.full) break;
      pass.write(Buffer.from(part.buffer, part.byteOffset, part.byteLength));
    }
    if (!pass.full) pass.end();
  }
  const { items: _, ...summary } = reading.end();
  const {
    observations,
    claims,
  }: { observations: readonly Observation[]; claims: readonly Observation[] } = reading.drain();
  return { observations, claims, ...summary };
}
