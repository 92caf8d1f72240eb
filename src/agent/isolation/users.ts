import { TidelockError } from "../../model/errors.ts";
import type { StateStore } from "../state/store.ts";

/**
 * Numeric users for services, checks and the router, without entries in any user database. The range is
 * one that systemd's UIDS-GIDS page lists as unused by everybody, and it fits into the 65,536 ids of a
 * rootless container. Each user's group has the same number.
 */
export const userRange = {
  router: 60_706,
  firstCheck: 60_707,
  lastCheck: 60_755,
  firstService: 60_756,
  lastService: 61_183,
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

  /** The user of an owner (`shop/production/green#<generation>`), allocated when new; null when none are separate. */
  async allocate(owner: string): Promise<number | null> {
    if (!this.separate) return null;
    const known = this.#store.current.users[owner];
    if (known !== undefined) return known;
    await this.#store.update((draft) => {
      draft.users[owner] ??= pickFree(new Set(Object.values(draft.users)));
    });
    return this.#store.current.users[owner] ?? null;
  }

  async release(owner: string): Promise<void> {
    if (this.#store.current.users[owner] === undefined) return;
    await this.#store.update((draft) => {
      delete draft.users[owner];
    });
  }
}

/** A random one: what an earlier user left in a shared folder belongs to nobody for as long as possible. */
function pickFree(taken: ReadonlySet<number>): number {
  const { firstService, lastService } = userRange;
  const free: number[] = [];
  for (let uid = firstService; uid <= lastService; uid += 1) if (!taken.has(uid)) free.push(uid);
  const picked = free[Math.floor(Math.random() * free.length)];
  if (picked === undefined) {
    throw new TidelockError(
      "unsupported",
      `all ${lastService - firstService + 1} users for services are taken`,
      { hint: "remove services that are no longer needed: `tidelock service remove`" },
    );
  }
  return picked;
}
