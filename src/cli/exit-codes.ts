import type { ErrorCode } from "../model/errors.ts";

/** What a script may rely on; documented in `tidelock --help`. */
export const exit = {
  done: 0,
  failed: 1,
  usage: 2,
  denied: 3,
  notAllowed: 4,
  waiting: 5,
  drift: 6,
  verification: 7,
  timedOut: 124,
  interrupted: 130,
} as const;
export type ExitCode = (typeof exit)[keyof typeof exit];

const byError: Partial<Record<ErrorCode, ExitCode>> = {
  "invalid-input": exit.usage,
  denied: exit.denied,
  forbidden: exit.notAllowed,
  "sign-in-again": exit.notAllowed,
  unauthenticated: exit.notAllowed,
  waiting: exit.waiting,
  "digest-mismatch": exit.verification,
  timeout: exit.timedOut,
  cancelled: exit.interrupted,
};

export function exitCodeOf(code: ErrorCode): ExitCode {
  return byError[code] ?? exit.failed;
}
