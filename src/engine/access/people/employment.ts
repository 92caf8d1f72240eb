import { whyAbsent } from "../../../identity/enrolment/employment.ts";
import { databaseTime } from "../../../store/queries/attestations.ts";
import { standingsOf } from "../../../store/queries/enrolment.ts";
import type { PersonStandingRow } from "../../../store/schema-enrolment.ts";
import type { Db } from "../../../store/schema.ts";

/** Why nothing of this person counts, and the rows that say so. `signedAt`: of something that they signed earlier. */
export async function absence(
  db: Db,
  person: string,
  when: { readonly now: Date; readonly signedAt: Date | null },
): Promise<{ readonly why: string | null; readonly rows: readonly PersonStandingRow[] }> {
  const rows = await standingsOf(db, person);
  const words = rows.map(({ version, state, from_at, set_at }) => ({
    version,
    state,
    from: from_at.toISOString(),
    setAt: set_at.toISOString(),
  }));
  return { why: whyAbsent(words, when), rows };
}

/** Whether somebody is suspended or has left now; null: they are here. */
export async function stateOfAbsent(db: Db, person: string): Promise<"suspended" | "left" | null> {
  const now = new Date(await databaseTime(db));
  const { why } = await absence(db, person, { now, signedAt: null });
  if (why === null) return null;
  const states = (await standingsOf(db, person)).filter(({ from_at }) => from_at <= now);
  const back = states.findLast(({ state }) => state === "active")?.version ?? 0;
  return states.some(({ state, version }) => state === "left" && version > back)
    ? "left"
    : "suspended";
}
