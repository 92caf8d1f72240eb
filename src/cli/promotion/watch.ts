import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "../../api/client.ts";
import type { PromotionView } from "../../api/views.ts";
import { TidelockError } from "../../model/errors.ts";
import { hasEnded } from "../../model/promotion.ts";

/** Events wake us; this is for what an event did not tell. Milliseconds. */
const slowPoll = 2_000;
/** A server that restarts is back before this; the promotion does not mind. Milliseconds. */
const patience = 300_000;

/**
 * The promotion as it is now, and again whenever something happened, until it has ended or `signal`
 * fires. A server that goes away for a while is waited for: `onSilence` hears of it.
 */
export async function* watchPromotion(
  client: Client,
  id: string,
  signal: AbortSignal,
  onSilence: (silent: boolean) => void = () => {},
): AsyncGenerator<PromotionView> {
  const over = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  const wake = new Bell();
  void listen(client, id, both, () => wake.ring());
  let silentSince: number | null = null;
  try {
    while (!signal.aborted) {
      try {
        const promotion = await client.call("promotionShow", { params: { id } });
        if (silentSince !== null) onSilence(false);
        silentSince = null;
        yield promotion;
        if (hasEnded(promotion.state)) return;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof TidelockError) || !error.retryable) throw error;
        if (silentSince === null) onSilence(true);
        silentSince ??= performance.now();
        if (performance.now() - silentSince > patience) throw error;
      }
      await Promise.race([
        wake.heard(),
        pause(slowPoll, undefined, { signal: both }).catch(() => {}),
      ]);
    }
  } finally {
    over.abort();
  }
}

/** A stream that cannot be had only costs promptness. */
async function listen(
  client: Client,
  promotion: string,
  signal: AbortSignal,
  ring: () => void,
): Promise<void> {
  try {
    const events = client.events({ promotion }, signal, ring);
    for await (const _ of events) ring();
  } catch {
    // The slow poll goes on.
  }
}

class Bell {
  #next = Promise.withResolvers<void>();

  ring(): void {
    this.#next.resolve();
  }

  async heard(): Promise<void> {
    await this.#next.promise;
    this.#next = Promise.withResolvers();
  }
}
