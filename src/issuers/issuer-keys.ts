import { setTimeout } from "node:timers/promises";
import { keyFor, type SignedToken } from "../identity/oidc/signed-token.ts";
import type { PublicJwk } from "../model/workload.ts";

/** What is kept is asked for again after this long. Milliseconds. */
const freshMs = 600_000;
/** Keys of an issuer that does not answer count this long. Milliseconds. */
const staleMs = 3_600_000;
/** An issuer is asked this often at most, whoever sends us what: a stranger's made-up `kid` hammers nobody. Milliseconds. */
const pauseMs = 60_000;

/** `waits`: whoever comes too early is answered after the pause, all by one question, and not by what was kept. */
interface Pause {
  readonly ms: number;
  readonly waits: boolean;
}

interface Kept {
  /** Of the last answer; null: there was none. */
  keys: readonly PublicJwk[] | null;
  at: number;
  askedAt: number;
  asking: Promise<void> | null;
  failure: unknown;
}

/** Keys of issuers, kept for a while. One of these a process. */
export class IssuerKeys {
  readonly #kept = new Map<string, Kept>();
  readonly #ask: (issuer: string) => Promise<readonly PublicJwk[]>;
  readonly #now: () => number;
  readonly #pause: Pause;

  /**
   * @param ask asks the issuer itself
   * @param now milliseconds that never go back
   * @param pause between two questions to one issuer
   */
  constructor(
    ask: (issuer: string) => Promise<readonly PublicJwk[]>,
    now: () => number = () => performance.now(),
    pause: Pause = { ms: pauseMs, waits: false },
  ) {
    this.#ask = ask;
    this.#now = now;
    this.#pause = pause;
  }

  /**
   * The key that may have signed a token; null: the issuer has none such, as far as we may ask.
   *
   * @throws what asking threw, when there never was an answer or the last is too old
   */
  async keyFor(issuer: string, token: Pick<SignedToken, "alg" | "kid">): Promise<PublicJwk | null> {
    const kept = this.#of(issuer);
    if (kept.keys === null || this.#age(kept) > freshMs) await this.#refresh(issuer, kept);
    if (kept.keys === null || this.#age(kept) > staleMs) {
      throw kept.failure ?? new Error("the issuer was not asked");
    }
    const key = keyFor(token, kept.keys);
    if (key) return key;
    await this.#refresh(issuer, kept);
    return keyFor(token, kept.keys);
  }

  #of(issuer: string): Kept {
    const known = this.#kept.get(issuer);
    if (known) return known;
    // Only issuers of rules get here; each removed rule leaves its issuer behind.
    if (this.#kept.size >= 200) this.#kept.clear();
    const fresh: Kept = { keys: null, at: 0, askedAt: -Infinity, asking: null, failure: null };
    this.#kept.set(issuer, fresh);
    return fresh;
  }

  #age({ at }: Kept): number {
    return this.#now() - at;
  }

  async #refresh(issuer: string, kept: Kept): Promise<void> {
    if (kept.asking === null) {
      const early = kept.askedAt + this.#pause.ms - this.#now();
      if (early > 0 && !this.#pause.waits) return;
      kept.asking = (early > 0 ? setTimeout(early) : Promise.resolve())
        .then(() => {
          kept.askedAt = this.#now();
          return this.#ask(issuer);
        })
        .then((keys) => {
          kept.keys = keys;
          kept.at = this.#now();
        })
        .catch((error: unknown) => {
          kept.failure = error;
        })
        .finally(() => {
          kept.asking = null;
        });
    }
    await kept.asking;
  }
}
