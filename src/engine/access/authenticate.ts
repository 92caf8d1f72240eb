import { holdingOf, ofMachine, ofWorkload, withinOf } from "../../identity/holdings.ts";
import type { Principal } from "../../model/principal.ts";
import { type Bearer, noteTokenUse, readBearer } from "../../store/queries/tokens.ts";
import type { Db } from "../../store/schema.ts";
import { remembering } from "./remembering.ts";

/** Who holds a token now. */
export function makeByToken(db: Db): (digest: string) => Promise<Principal | null> {
  const known = remembering(db, async (digest) => {
    const row = await readBearer(db, digest);
    const value = row ? principalOf(row) : null;
    return row && value ? { value, until: row.expires_at.getTime() } : null;
  });
  return async (digest) => (await known(digest)).value;
}

function principalOf(row: Bearer): Principal | null {
  const credential = { id: row.id, name: row.name };
  const assigned = (row.assigned ?? []).map(holdingOf);
  if (row.person === null) {
    const { role, permissions, service, environment } = row;
    const own = role === null ? [] : [holdingOf({ role, permissions, service, environment })];
    if (row.rule !== null) {
      // What a rule gave is all there is: a role that was assigned later would outgrow it.
      const id = `workload:${row.id}/${row.name}`;
      return {
        kind: "token",
        id,
        person: null,
        credential,
        holdings: own.map(ofWorkload),
        within: null,
      };
    }
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
