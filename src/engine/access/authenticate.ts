import { holdingOf, ofMachine, withinOf } from "../../identity/holdings.ts";
import type { Principal } from "../../model/principal.ts";
import { noteTokenUse, readBearer } from "../../store/queries/tokens.ts";
import type { Engine } from "../engine.ts";

/** Who holds a token now. One statement by an index; nothing is remembered, so that nothing has to be forgotten. */
export async function byToken(engine: Engine, digest: string): Promise<Principal | null> {
  const row = await readBearer(engine.db, digest);
  if (!row) return null;
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
  return {
    kind: "token",
    id: row.person_name,
    person: row.person,
    credential,
    holdings: assigned,
    within: withinOf(row),
  };
}

/** One write an hour for each token and place, however often it is used. Milliseconds. */
const hourMs = 3_600_000;
const mostRemembered = 10_000;

/** Remembers where tokens were used. What cannot be written is left out: no call waits for it or fails by it. */
export function makeUses(engine: Engine): (token: string, place: string) => void {
  const written = new Map<string, number>();
  return (token, place) => {
    const key = `${token} ${place}`;
    const hour = Math.floor(Date.now() / hourMs);
    if (written.get(key) === hour) return;
    if (written.size >= mostRemembered) written.clear();
    written.set(key, hour);
    noteTokenUse(engine.db, token, place).catch(() => written.delete(key));
  };
}
