import type { BreakGlassView } from "../../api/routes/break-glass.ts";
import { TidelockError } from "../../model/errors.ts";
import { glassStanding } from "../../identity/break-glass/standing.ts";
import type { BreakGlassControl } from "../../ports/break-glass-control.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { endGlass, listGlasses } from "../../store/queries/break-glass.ts";
import { announce } from "../../store/queries/events.ts";
import { namesOf } from "../../store/queries/grants.ts";
import type { BreakGlassRow, GlassSignature } from "../../store/schema-break-glass.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { requireWritable } from "../ledger/writable.ts";
import { governanceMode } from "../policy/governance.ts";
import { glassInput } from "./gather.ts";
import { glassMine } from "./mine.ts";
import { openGlass } from "./open.ts";
import { existingGlass, signBreakGlass } from "./sign.ts";

export function makeBreakGlassControl(engine: Engine): BreakGlassControl {
  const { db } = engine;
  const view = (row: BreakGlassRow) => glassView(engine, row);
  return {
    async open(actor, { service, environment, release, ...wish }) {
      return view(await openGlass(engine, actor, { service, environment, release }, wish));
    },
    openFor: async (actor, promotion, wish) =>
      view(await openGlass(engine, actor, { promotion }, wish)),
    mine: (actor, id) => glassMine(engine, actor, id),
    sign: async (id, signed) => view(await signBreakGlass(engine, id, signed, "break-glass")),
    review: async (id, signed) => view(await signBreakGlass(engine, id, signed, "review")),
    async withdraw(actor, id, reason) {
      await requireWritable(db, "a withdrawal is an entry of the ledger");
      const { id: number } = await existingGlass(db, id);
      const row = await db.transaction().execute(async (tx) => {
        const ended = await endGlass(tx, number, { why: `withdrawn: ${reason}`, by: actor.id });
        if (!ended) return undefined;
        await announce(tx, {
          kind: "break-glass.ended",
          service: ended.service,
          environment: ended.environment,
          message: `${actor.id} withdrew ${id}: ${reason}`,
        });
        await engine.wake(tx, ended);
        return ended;
      });
      if (!row) {
        throw new TidelockError("conflict", `${id} was used, or is over: it ends by its review`, {
          fault: "operator",
          where: id,
        });
      }
      engine.signals.emit("change");
      return view(row);
    },
    async list({ state, ...filter }) {
      const rows = await listGlasses(db, { ...filter, open: state === "open" });
      const views = await Promise.all(rows.map(view));
      return views.map((one) => ({ ...one, plan: null }));
    },
    show: async (id) => view(await existingGlass(db, id)),
  };
}

async function glassView(engine: Engine, row: BreakGlassRow): Promise<BreakGlassView> {
  const { db } = engine;
  const { asked, basis, plan, review } = row;
  const now = await databaseTime(db);
  const { state, why } = await stateOf(engine, row, now);
  const due = row.review_due?.toISOString() ?? null;
  return {
    id: asked.glass,
    asked,
    basis,
    plan,
    state,
    why,
    at: row.opened_at.toISOString(),
    by: row.opened_by,
    signatures: await Promise.all(row.signatures.map((one) => named(db, one))),
    used:
      row.used_by === null || row.used_at === null
        ? null
        : { promotion: row.used_by, at: row.used_at.toISOString() },
    due,
    overdue: state === "review-owed" && due !== null && due <= now,
    review:
      review === null
        ? null
        : {
            ...(await named(db, review)),
            outcome: review.outcome,
            words: review.words,
            findings: [...review.findings],
            alone: review.alone,
          },
    endedAt: row.ended_at?.toISOString() ?? null,
  };
}

/** Whether it counts, by the same question that a gate asks. */
async function stateOf(
  engine: Engine,
  row: BreakGlassRow,
  now: string,
): Promise<Pick<BreakGlassView, "state" | "why">> {
  if (row.review !== null) return { state: "reviewed", why: row.why };
  if (row.ended_at !== null) return { state: "over", why: row.why };
  if (row.used_by !== null) return { state: "review-owed", why: null };
  const site = { plan: row.plan, promotion: "", now: new Date(now) };
  const input = await glassInput(engine, engine.db, site, row);
  const standing = glassStanding(input, { now, mode: await governanceMode(engine.db) });
  return standing.stands ? { state: "in-force", why: null } : { state: "asked", why: standing.why };
}

async function named(db: Db, { id, person, key, method, at }: GlassSignature) {
  const [name] = (await namesOf(db, person)).names;
  return { id, person, name: name ?? null, key, method, at: new Date(at).toISOString() };
}
