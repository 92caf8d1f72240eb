/**
 * When a process that ended is started again.
 *
 * The first start after a long good run is immediate. Exits that come soon after their start are a crash
 * loop: each waits twice as long as the one before. After `fastExitsToFail` of them the instance has
 * failed; on the live colour it is then still tried, slowly and for ever, on an idle one no more.
 */
export interface BackoffPolicy {
  /** An instance that lived this long was a good one. Milliseconds. */
  readonly goodRunMs: number;
  readonly firstDelayMs: number;
  readonly fastExitsToFail: number;
  /** Between tries once it has failed on the live colour. Milliseconds. */
  readonly slowDelayMs: number;
}

export const defaultBackoff: BackoffPolicy = {
  goodRunMs: 10_000,
  firstDelayMs: 200,
  fastExitsToFail: 5,
  slowDelayMs: 15_000,
};

export interface NextStart {
  readonly fastExits: number;
  readonly failed: boolean;
  readonly delayMs: number;
}

export function nextStart(
  policy: BackoffPolicy,
  before: { readonly fastExits: number; readonly livedMs: number; readonly wasReady: boolean },
): NextStart {
  if (before.wasReady && before.livedMs >= policy.goodRunMs) {
    return { fastExits: 0, failed: false, delayMs: 0 };
  }
  const fastExits = before.fastExits + 1;
  if (fastExits >= policy.fastExitsToFail) {
    return { fastExits, failed: true, delayMs: policy.slowDelayMs };
  }
  return { fastExits, failed: false, delayMs: policy.firstDelayMs * 2 ** (fastExits - 1) };
}
