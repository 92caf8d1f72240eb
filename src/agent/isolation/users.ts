import { TidelockError } from "../../model/errors.ts";
import type { StateStore } from "../state/store.ts";
import type { UserRegistry } from "./user-registry.ts";

/**
 * Numeric users for services, checks and the router, without entries in any user database. The range is
 * one that systemd's UIDS-GIDS page lists as unused by everybody, and it fits into the 65,536 ids of a
 * rootless container. Each user's group has the same number.
 */
export const userRange = {
  router: [60_706, 60_715],
  check: [60_716, 60_770],
  service: [60_771, 61_183],
} as const;

export type UserKind = keyof typeof userRange;

/** Who owns which number: persisted, so that a restarted agent knows whom a process belongs to. */
export class Users {
  readonly #store: StateStore;
  readonly #registry: UserRegistry | null;

  /** @param registry null where this machine does not let us start processes as other users, or keep them apart */
  constructor(store: StateStore, registry: UserRegistry | null) {
    this.#store = store;
    this.#registry = registry;
  }

  get separate(): boolean {
    return this.#registry !== null;
  }

  /** Makes sure that the numbers of an earlier agent of this directory are claimed on this machine. */
  async restore(): Promise<void> {
    for (const user of Object.values(this.#store.current.users)) await this.#registry?.claim(user);
  }

  /**
   * The user of an owner (`shop/production/green#<generation>`), allocated when new; null when none are
   * separate on this machine. Throws `unavailable` when all are taken.
   */
  async allocate(owner: string, kind: UserKind): Promise<number | null> {
    if (this.#registry === null) return null;
    const known = this.numberOf(owner);
    if (known !== null) return known;
    const user = await this.#claimOne(this.#registry, kind);
    try {
      await this.#store.update((draft) => {
        draft.users[owner] ??= user;
      });
    } finally {
      if (this.numberOf(owner) !== user) await this.#registry.release(user);
    }
    return this.numberOf(owner);
  }

  numberOf(owner: string): number | null {
    return this.#store.current.users[owner] ?? null;
  }

  async release(owner: string): Promise<void> {
    const user = this.numberOf(owner);
    if (user === null) return;
    await this.#store.update((draft) => {
      delete draft.users[owner];
    });
    await this.#registry?.release(user);
  }

  async #claimOne(registry: UserRegistry, kind: UserKind): Promise<number> {
    const [first, last] = userRange[kind];
    const own = new Set(Object.values(this.#store.current.users));
    const all = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    for (const user of shuffled(all)) {
      if (!own.has(user) && (await registry.claim(user))) return user;
    }
    throw new TidelockError("unavailable", `all ${all.length} users for a ${kind} are taken`, {
      retryable: true,
      hint:
        kind === "check"
          ? "wait until a check has ended"
          : "remove services that are no longer needed: `tidelock service remove`",
    });
  }
}

/** In any order: what an earlier user left in a shared folder belongs to nobody for as long as possible. */
function shuffled(numbers: readonly number[]): readonly number[] {
  return numbers
    .map((number) => ({ number, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ number }) => number);
}
