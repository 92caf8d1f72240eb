import type { ImportTrust } from "../../../model/finding.ts";
import type { Digest } from "../../../model/primitives.ts";
import type { ReleaseRow } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";

/** A report that somebody sent, before anything is believed of it. */
export interface SentReport {
  readonly service: string;
  readonly environment: string | null;
  readonly release: ReleaseRow | null;
  readonly digest: Digest;
  /** As the report names it. */
  readonly tool: string;
  /** `--format` and `--scan`; null where they were left to the report's content. */
  readonly format: string | null;
  readonly scan: string | null;
}

export interface Trusted {
  readonly trust: ImportTrust;
  readonly vouchedBy: string | null;
  /** False where whoever vouches says that the scan left something out. */
  readonly complete: boolean;
  readonly notes: readonly string[];
}

/** How far a report is believed that was not made by Tidelock's own run of a tool. */
export async function trustOf(_engine: Engine, { release }: SentReport): Promise<Trusted> {
  const untrusted = { vouchedBy: null, complete: true };
  if (release === null) {
    const note = "the report is bound to no release, so it closes nothing";
    return { ...untrusted, trust: "unbound", notes: [note] };
  }
  const note = "nobody whom the policy trusts has signed it, so it closes nothing";
  return { ...untrusted, trust: "bound", notes: [note] };
}
