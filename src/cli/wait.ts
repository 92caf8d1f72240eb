import { setTimeout as pause } from "node:timers/promises";

/** Looks every 50 ms until it is true, at most `limitMs`; whether it was. */
export async function waitUntil(
  isTrue: () => boolean | Promise<boolean>,
  limitMs = 60_000,
): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    if (await isTrue()) return true;
    if (performance.now() > deadline) return false;
    await pause(50);
  }
}
