import { holdingOf, ofMachine, withinOf } from "../../identity/holdings.ts";
import type { Principal } from "../../model/principal.ts";
import {
  accessVersion,
  type Bearer,
  noteTokenUse,
  readBearer,
} from "../../store/queries/tokens.ts";
import type { Db } from "../../store/schema.ts";

/** Tokens of which is remembered who holds them. */
const mostBearers = 10_000;

/**
 * Who holds a token now. Each time the database is asked whether anything about tokens and roles was changed by
 * anybody: only while nothing was, what is remembered of an earlier request counts. What is no token is not remembered.
 */
export function makeByToken(db: Db): (digest: string) => Promise<Principal | null> {
  let of = "";
  const known = new Map<string, { readonly principal: Principal; readonly until: number }>();
  return async (digest) => {
    const { version, now } = await accessVersion(db);
    if (version !== of) {
      known.clear();
      of = version;
    }
    const before = known.get(digest);
    if (before) return before.until > now.getTime() ? before.principal : null;
    const row = await readBearer(db, digest);
    const principal = row ? principalOf(row) : null;
    // Another request may have seen a later version meanwhile: then this answer is older than what it stands under.
    if (row && principal && version === of) {
      if (known.size >= mostBearers) known.clear();
      known.set(digest, { principal, until: row.expires_at.getTime() });
    }
    return principal;
  };
}

function principalOf(row: Bearer): Principal | null {
  const credential = { id: row.id, name: row.name };
  const assigned = (row.assigned ?? []).map(holdingOf);
  if (row.person === null) {
    const { role, permissions, service, environment } = row;
    const own = role === null ? [] : [holdingOf({ role, permissions, service, environment })];
    const holdings = [...own, ...assigned].map(ofMachine);
    const id = `token:${row.id}/${row.name}`;
    return { kind: "token", id, person: null, credential, holdings, within: null };
  }
  // Nobody acts for somebody whose name is gone.
  if (row.person_name === null) return null;
  const within = withinOf(row);
  const { person, person_name: id } = row;
  return { kind: "token", id, person, credential, holdings: assigned, within };
}

/** One write an hour for each token and place, however often it is used. Milliseconds. */
const hourMs = 3_600_000;
const mostRemembered = 10_000;

/** Remembers where tokens were used. What cannot be written is left out: no call waits for it or fails by it. */
export function makeUses(db: Db): (token: string, place: string) => void {
  const written = new Map<string, number>();
  return (token, place) => {
    const key = `${token} ${place}`;
    const hour = Math.floor(Date.now() / hourMs);
    if (written.get(key) === hour) return;
    if (written.size >= mostRemembered) written.clear();
    written.set(key, hour);
    noteTokenUse(db, token, place).catch(() => written.delete(key));
  };
}
