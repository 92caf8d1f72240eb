import { whyAbsent } from "../../../identity/enrolment/employment.ts";
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
