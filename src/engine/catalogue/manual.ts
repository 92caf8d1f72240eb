import type { CatalogueManual } from "../../api/routes/catalogue.ts";
import type { ManualForm } from "../../model/manual-check.ts";
import type { CatalogueOf } from "../../ports/catalogue-control.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { grantsFor, namesOf } from "../../store/queries/grants.ts";
import { askedIn, type AskedRow } from "../../store/queries/run-history.ts";
import type { Engine } from "../engine.ts";
import { answerRight } from "../manual/right.ts";
import { demandedLanes } from "./lanes.ts";

/** As many questions of one environment are looked back at. */
const mostAsked = 500;
const shownHistory = 20;

/** What people are asked where, who answers, when they did last, and what comes next. */
export async function manualCatalogue(
  engine: Engine,
  of: CatalogueOf,
): Promise<readonly CatalogueManual[]> {
  const { db } = engine;
  const now = Date.parse(await databaseTime(db));
  const names = new Map<string, string>();
  const nameOf = async (person: string) => {
    const known = names.get(person) ?? (await namesOf(db, person)).names[0] ?? person;
    names.set(person, known);
    return known;
  };
  const items: CatalogueManual[] = [];
  for (const { service, environment, checks } of await demandedLanes(engine, of)) {
    const lane = { service, environment };
    const asked = await askedIn(db, lane, mostAsked);
    for (const demand of checks) {
      const check = engine.checks.get(demand.uses);
      const parsed = check?.form === undefined ? null : check.schema.safeParse(demand.with);
      const form = parsed?.success === true ? check?.form?.(parsed.data) : undefined;
      if (form === undefined) continue;
      const rows = asked.filter((row) => row.check === demand.name);
      const grants = await grantsFor(db, answerRight(form.role), lane);
      const last = rows.find(({ answered_at }) => answered_at !== null);
      items.push({
        ...lane,
        check: demand.name,
        role: form.role,
        kind: form.kind,
        asks: asksOf(form),
        holders: await Promise.all([...new Set(grants.map(({ person }) => person))].map(nameOf)),
        validForMs: form.validFor,
        next: nextOf(rows, now, form, demand.allowWarn),
        last:
          last?.answered_at && last.valid_until
            ? {
                at: last.answered_at.toISOString(),
                by: last.person === null ? "nobody" : await nameOf(last.person),
                verdict: last.verdict,
                validUntil: last.valid_until.toISOString(),
              }
            : null,
        history: await Promise.all(
          rows.slice(0, shownHistory).map(async (row) => ({
            request: row.id,
            promotion: row.promotion,
            release: row.version,
            askedAt: row.asked_at.toISOString(),
            answeredAt: row.answered_at?.toISOString() ?? null,
            by: row.person === null ? null : await nameOf(row.person),
            verdict: row.verdict,
            reused: row.reuses !== null,
          })),
        ),
      });
    }
  }
  return items;
}

function asksOf(form: ManualForm): string[] {
  if (form.kind === "checklist") return form.items.map(({ id, text }) => `${id}: ${text}`);
  return [form.charter, ...form.areas];
}

/** Somebody is waited for; or an answer counts until its day; or it is asked with the next promotion. */
function nextOf(
  rows: readonly AskedRow[],
  now: number,
  form: ManualForm,
  allowWarn: boolean,
): CatalogueManual["next"] {
  const waiting = rows.find(
    ({ answered_at, answer_until, running }) =>
      running && answered_at === null && answer_until.getTime() > now,
  );
  if (waiting) return { state: "waiting", at: waiting.answer_until.toISOString() };
  const answered = rows.find(({ valid_until }) => valid_until !== null);
  const until = answered?.valid_until;
  if (!until || form.reuse === "never") return { state: "never", at: null };
  // An answer that ended its promotion is used for no other (`reusableAnswers`).
  const opened = answered.verdict === "pass" || (allowWarn && answered.verdict === "warn");
  if (answered.verdict !== null && !opened) return { state: "refused", at: null };
  return { state: until.getTime() > now ? "valid" : "expired", at: until.toISOString() };
}
