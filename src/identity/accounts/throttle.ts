/**
 * Whether somebody may try to sign in now, by failed tries of the last hour, which are counted and never listed: by the
 * clock's hours, so that those of nearly two may count, and never of less than one. A stranger is slowed down by network and by account; whoever has signed in from a browser before has a cookie that
 * says so (OWASP "device cookies"), and is counted by that cookie alone: nobody else can lock them out.
 */
export interface FailedTries {
  /** Of this network at this account, and when the last one was. */
  readonly pair: number;
  readonly lastAt: Date | null;
  /** Of this network at any account. */
  readonly network: number;
  /** Of everybody without a known device, at this account. */
  readonly account: number;
  /** By this very device; null: it is not known here. */
  readonly device: number | null;
}

/** Mistyped passwords that cost nothing. */
const free = 5;
const longestWaitMs = 15 * 60_000;
const mostOfNetwork = 100;
const mostOfAccount = 100;
const mostOfDevice = 10;

/** Milliseconds until the next try; 0: now. */
export function waitMs(tries: FailedTries, now: Date): number {
  if (tries.device !== null && tries.device < mostOfDevice) return 0;
  if (tries.network >= mostOfNetwork || tries.account >= mostOfAccount) return longestWaitMs;
  if (tries.pair < free || tries.lastAt === null) return 0;
  const wait = Math.min(1_000 * 2 ** (tries.pair - free), longestWaitMs);
  return Math.max(0, Math.min(wait, tries.lastAt.getTime() + wait - now.getTime()));
}
