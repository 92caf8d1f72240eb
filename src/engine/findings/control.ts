import { TidelockError } from "../../model/errors.ts";
import type { FindingControl } from "../../ports/finding-control.ts";
import type { Engine } from "../engine.ts";

/** Findings as the API asks for them. */
export function makeFindingControl(_engine: Engine): FindingControl {
  return { importReport: notYet, imports: notYet, list: notYet, show: notYet };
}

async function notYet(): Promise<never> {
  throw new TidelockError("unsupported", "this server keeps no findings yet");
}
