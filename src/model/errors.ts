/**
 * Every error that leaves a Tidelock function on purpose. Callers switch on `code` (never on the
 * message); `fault` says whose it is, so that a tool can tell an operator's mistake from our bug.
 */

/** Who has to act: the person who typed it, the machine it runs on, or we. */
export type Fault = "operator" | "environment" | "bug";

export const errorCodes = [
  "invalid-input", // a file, flag or request that does not fit its schema
  "not-found",
  "conflict", // the thing exists with other content, or another operation holds it
  "denied", // a gate said no
  "unauthenticated", // no token, or one that is not valid here
  "forbidden", // the caller may not do this
  "sign-in-again", // the caller may do this, and has to prove again who they are
  "too-many-requests", // faster, or more at once, than one caller may ask
  "waiting", // an approval or another answer is missing
  "stale-epoch", // a newer worker owns this lane (fencing)
  "unavailable", // a part that we need does not answer
  "timeout",
  "digest-mismatch",
  "disk-full",
  "port-in-use",
  "unsupported",
  "incompatible", // another program, protocol or schema version
  "failed", // the action ran and did not work
  "cancelled",
  "internal",
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** One of several mistakes in one file, found together. */
export interface Problem {
  /** `file:line:column`. */
  readonly where: string;
  readonly message: string;
  /** What would be right. */
  readonly hint?: string;
}

export interface ErrorDetails {
  /** Whose mistake it is. Default `environment`. */
  readonly fault?: Fault;
  /** True when the same call may work later without anybody changing anything. */
  readonly retryable?: boolean;
  /** Where: `file:line:column`, a field path, a host or a lane. */
  readonly where?: string;
  /** What would be right, or the command that helps. */
  readonly hint?: string;
  /** All mistakes of one input, in its order; the message then speaks of them as a whole. */
  readonly problems?: readonly Problem[];
  readonly cause?: unknown;
}

/** The base of all our errors. The message is one sentence for a person; the fields are for programs. */
export class TidelockError extends Error {
  readonly code: ErrorCode;
  readonly fault: Fault;
  readonly retryable: boolean;
  readonly where: string | undefined;
  readonly hint: string | undefined;
  readonly problems: readonly Problem[] | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "TidelockError";
    this.code = code;
    this.fault = details.fault ?? "environment";
    this.retryable = details.retryable ?? false;
    this.where = details.where;
    this.hint = details.hint;
    this.problems = details.problems;
  }
}

/** Narrow an unknown caught value; anything that is not ours is a bug and keeps its cause. */
export function asTidelockError(error: unknown): TidelockError {
  if (error instanceof TidelockError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new TidelockError("internal", message, { fault: "bug", cause: error });
}
