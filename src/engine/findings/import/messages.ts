import type { ErrorCode } from "../../../model/errors.ts";
import type { StagedBatch } from "../../../store/queries/findings-staging.ts";
import type { Summary } from "../../../findings/parsers/format.ts";

/** What the thread that reads a report and the server say to each other. */

export interface ReadQuestion {
  readonly path: string;
  /** Null: found out from the content. */
  readonly format: string | null;
  readonly service: string;
  /** What it is a scan of, where the report is not asked. */
  readonly scan: string | null;
  /** Of the scan; what belongs to an environment (a port, a machine) is another thing in another one. */
  readonly environment: string | null;
  readonly secretKey: Uint8Array;
  readonly most: number;
}

/** Observations as the staging takes them, so that the thread does the work of writing them. */
export interface Batch {
  readonly kind: "batch";
  readonly staged: StagedBatch;
}

export interface ReadEnd {
  readonly kind: "end";
  readonly format: string;
  readonly summary: Pick<Summary, "tool" | "subject" | "madeAt" | "complete" | "missing">;
}

/** An error, as it passes between threads. */
export interface ReadFailure {
  readonly kind: "failure";
  readonly code: ErrorCode;
  readonly message: string;
  /** `line 3, column 7`, `runs[0].results[17]`; empty where there is none. */
  readonly where: string;
  readonly hint: string;
  /** Not the report's fault. */
  readonly bug: boolean;
}

/** Its code is loaded, and it waits for a question. */
export interface ReadReady {
  readonly kind: "ready";
}

export type FromThread = ReadReady | Batch | ReadEnd | ReadFailure;

/** So many batches may be on their way at once. */
export const batchesAhead = 2;
export const batchSize = 1_000;
