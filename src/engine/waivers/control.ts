import type { WaiverView } from "../../api/routes/waivers.ts";
import { TidelockError } from "../../model/errors.ts";
import type { WaiverControl } from "../../ports/waiver-control.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { namesOf } from "../../store/queries/grants.ts";
import { endWaiver, listWaivers } from "../../store/queries/waivers.ts";
import type { WaiverRow } from "../../store/schema-waivers.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { requireWritable } from "../ledger/writable.ts";
import { endOf } from "../../policy/waivers.ts";
import { expireWaivers, sayEnded } from "./expire.ts";
import { holdsNow, signedWaiver, waiverPolicy, waiversInput } from "./held.ts";
import { proposeWaiver } from "./propose.ts";
import { consentToWaiver, existingWaiver } from "./sign.ts";
import { waiverMine } from "./mine.ts";

export function makeWaiverControl(engine: Engine): WaiverControl {
  const { db } = engine;
  return {
    propose: async (actor, wish) => waiverView(db, await proposeWaiver(engine, actor, wish)),
    mine: (actor, id) => waiverMine(engine, actor, id),
    sign: async (actor, id, envelope) =>
      waiverView(db, await consentToWaiver(engine, actor, id, envelope)),
    async list({ state, ...filter }) {
      const states =
        state === "any"
          ? (["proposed", "in-force", "withdrawn", "ended"] as const)
          : state === "open"
            ? (["proposed", "in-force"] as const)
            : [state];
      const rows = await listWaivers(db, { ...filter, states });
      return Promise.all(rows.map((row) => waiverView(db, row)));
    },
    show: async (id) => waiverView(db, await existingWaiver(db, id)),
    async withdraw(actor, id, reason) {
      await requireWritable(db, "a withdrawal is an entry of the ledger");
      const { id: number } = await existingWaiver(db, id);
      const row = await db.transaction().execute(async (tx) => {
        const how = { state: "withdrawn", why: reason, by: actor.id } as const;
        const withdrawn = await endWaiver(tx, number, how);
        if (withdrawn) await sayEnded(engine, tx, withdrawn);
        return withdrawn;
      });
      if (!row) {
        const { state } = await existingWaiver(db, id);
        throw new TidelockError("conflict", `${id} is ${state} already`, {
          fault: "operator",
          where: id,
        });
      }
      engine.signals.emit("change");
      engine.signals.emit("lane", { service: row.service, environment: row.environment });
      // At once, and not at the next look, which comes all the same.
      await expireWaivers(engine).catch((error: unknown) => engine.notice(String(error)));
      return waiverView(db, row);
    },
  };
}

export async function waiverView(db: Db, row: WaiverRow): Promise<WaiverView> {
  const { content, state, signatures } = row;
  const input = state === "in-force" ? await waiversInput(db, row) : undefined;
  const held = input && holdsNow(signedWaiver(row), input, await databaseTime(db));
  const policy = await waiverPolicy(db, row.environment);
  return {
    id: content.waiver,
    waived: content,
    state,
    holds: held?.holds ?? false,
    why: held && !held.holds ? held.why : row.why,
    until: (row.since === null ? null : endOf(signedWaiver(row), policy)) ?? content.until,
    since: row.since?.toISOString() ?? null,
    endedAt: row.ended_at?.toISOString() ?? null,
    at: row.proposed_at.toISOString(),
    by: row.proposed_by,
    signatures: await Promise.all(
      signatures.map(async ({ person, at, separation }) => {
        const [name] = (await namesOf(db, person)).names;
        return { person, name: name ?? null, at: new Date(at).toISOString(), separation };
      }),
    ),
  };
}
