import { TidelockError } from "../../model/errors.ts";
import type { StateStore } from "../state/store.ts";

/**
 * Numeric users for services, checks and the router, without entries in any user database. The range is
 * one that systemd's UIDS-GIDS page lists as unused by everybody, and it fits into the 65,536 ids of a
 * rootless container. Each user's group has the same number.
 */
export const userRange = {
  router: 60_706,
  check: [60_707, 60_755],
  service: [60_756, 61_183],
} as const;

/** Who owns which number: persisted, so that a restarted agent knows whom a process belongs to. */
export class Users {
  readonly #store: StateStore;
  readonly separate: boolean;

  /** @param separate whether this machine lets us start processes as other users, and keeps them apart */
  constructor(store: StateStore, separate: boolean) {
    this.#store = store;
    this.separate = separate;
  }

  /**
   * The user of an owner (`shop/production/green#<generation>`), allocated when new; null when none are
   * separate on this machine.
   */
  async allocate(owner: string, kind: "service" | "check"): Promise<number | null> {
    if (!this.separate) return null;
    if (this.numberOf(owner) === null) {
      await this.#store.update((draft) => {
        draft.users[owner] ??= pickFree(kind, new Set(Object.values(draft.users)));
      });
    }
    return this.numberOf(owner);
  }

  numberOf(owner: string): number | null {
    return this.#store.current.users[owner] ?? null;
  }

  async release(owner: string): Promise<void> {
    if (this.numberOf(owner) === null) return;
    await this.#store.update((draft) => {
      delete draft.users[owner];
    });
  }
}

/** A random one: what an earlier user left in a shared folder belongs to nobody for as long as possible. */
function pickFree(kind: "service" | "check", taken: ReadonlySet<number>): number {
  const [first, last] = userRange[kind];
  const free: number[] = [];
  for (let uid = first; uid <= last; uid += 1) if (!taken.has(uid)) free.push(uid);
  const picked = free[Math.floor(Math.random() * free.length)];
  if (picked !== undefined) return picked;
  throw new TidelockError("unavailable", `all ${last - first + 1} users for ${kind}s are taken`, {
    retryable: true,
    hint:
      kind === "check"
        ? "wait until a check has ended"
        : "remove services that are no longer needed: `tidelock service remove`",
  });
}
