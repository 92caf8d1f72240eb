import type { StandingView } from "../../../api/routes/people.ts";
import type { Actor } from "../../../ports/control-plane.ts";
import { voidRequest } from "../../../store/queries/approvals.ts";
import { databaseTime } from "../../../store/queries/attestations.ts";
import { allStandings, insertStanding, standingsOf } from "../../../store/queries/enrolment.ts";
import { announce } from "../../../store/queries/events.ts";
import { namesOf } from "../../../store/queries/grants.ts";
import type { PersonState } from "../../../store/schema-enrolment.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { modeByRecord, requireSignersLeft } from "../../policy/governance.ts";
import { lockPolicy } from "../../policy/lock.ts";
import { absence } from "./employment.ts";
import { requirePerson } from "../giving.ts";
import { twoPeopleFirst } from "./two-people-first.ts";
import { refused } from "./two-people.ts";

/**
 * Says that somebody is suspended, leaves on a day, or is here again. From that time on none of their keys, rights,
 * tokens and sessions counts, nor what they signed before and nobody has used yet.
 *
 * @throws TidelockError `not-found`, `conflict` (nothing to take back; or nobody could sign changes of policy any more)
 */
export async function setStanding(
  engine: Engine,
  actor: Actor,
  name: string,
  wish: { readonly state: PersonState; readonly from: string | null; readonly reason: string },
): Promise<StandingView> {
  await modeByRecord(engine);
  const { person, waitsFor } = await engine.db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    const person = await requirePerson(tx, name);
    const now = new Date(await databaseTime(tx));
    if (actor.principal?.person === person && wish.state === "active") {
      throw refused(
        "forbidden",
        "nobody takes back their own suspension",
        name,
        "ask another administrator",
      );
    }
    const before = await standingsOf(tx, person);
    const last = before.at(-1);
    if (wish.state === "active" && (last === undefined || last.state === "active")) {
      throw refused("conflict", "this person is here: there is nothing to take back", name);
    }
    const from = wish.from === null ? null : new Date(wish.from);
    if (from !== null && wish.state === "active") {
      throw refused(
        "invalid-input",
        "whoever is brought back is here from now on, and from no other day",
        name,
        "leave the day out, and say it on that day",
      );
    }
    if (from !== null && from < now) {
      throw refused("invalid-input", `${wish.from ?? ""} is past: leave it out for now`, "--on");
    }
    const consent =
      wish.state === "active"
        ? await twoPeopleFirst(tx, actor, { act: "return", person, of: "" })
        : ({ kind: "go", proposal: null } as const);
    if (consent.kind === "waits") return { person, waitsFor: consent.proposal };
    const { state, reason } = wish;
    const { proposal } = consent;
    await insertStanding(tx, { person, state, from, reason, proposal }, actor.id);
    if (state !== "active") await requireSignersLeft(tx, "this person cannot go");
    if (from === null) await voidAnswersOf(tx, person);
    await announce(tx, {
      kind: "person.changed",
      message: `${actor.id}: ${sentence(name, wish.state, from)} (${wish.reason})`,
    });
    return { person, waitsFor: null };
  });
  engine.signals.emit("change");
  const view = await standingView(engine.db, person);
  return waitsFor === null ? view : { ...view, waitsFor };
}

function sentence(name: string, state: PersonState, from: Date | null): string {
  const when = from === null ? "from now on" : `from ${from.toISOString()} on`;
  if (state === "active") return `${name} is here again`;
  return `${name} ${state === "left" ? "has left" : "is suspended"} ${when}`;
}

/** Nobody answers a request twice: whoever waits for this person's word is asked anew. */
async function voidAnswersOf(tx: Db, person: string): Promise<void> {
  const rows = await tx
    .selectFrom("approval_answers as a")
    .innerJoin("approval_requests as r", "r.id", "a.request")
    .innerJoin("promotions as p", "p.id", "r.promotion")
    .select(["r.id", "r.service", "r.environment", "r.promotion"])
    .where("a.person", "=", person)
    .where("a.purpose", "=", "approve")
    .where("r.voided_at", "is", null)
    .where("p.state", "=", "running")
    .execute();
  for (const { id, service, environment, promotion } of rows) {
    const why = `${person} had approved it, and is here no more or was away`;
    if (!(await voidRequest(tx, id, why))) continue;
    await announce(tx, { kind: "approval.voided", service, environment, promotion, message: why });
  }
}

export async function standingView(db: Db, person: string): Promise<StandingView> {
  const [rows, { names }, { why }] = await Promise.all([
    standingsOf(db, person),
    namesOf(db, person),
    absence(db, person, { now: new Date(await databaseTime(db)), signedAt: null }),
  ]);
  return {
    person,
    name: names[0] ?? null,
    absent: why,
    words: rows.map(({ state, from_at, reason, set_by, set_at }) => ({
      state,
      from: from_at.toISOString(),
      reason,
      by: set_by,
      at: set_at.toISOString(),
    })),
  };
}

/** Who is here no more now, by pseudonym: for reports. */
export async function absentPeople(db: Db): Promise<ReadonlySet<string>> {
  const people = new Set((await allStandings(db)).map(({ person }) => person));
  const now = new Date(await databaseTime(db));
  const absent = new Set<string>();
  for (const person of people) {
    if ((await absence(db, person, { now, signedAt: null })).why !== null) absent.add(person);
  }
  return absent;
}
