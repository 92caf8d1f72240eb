import { randomBytes } from "node:crypto";
import type { VouchingProviderView } from "../../../api/routes/federation.ts";
import { requireRecent } from "../../../identity/accounts/recent.ts";
import { canonicalJson } from "../../../model/canonical.ts";
import { providerAs, type VouchingWish } from "../../../model/provider-vouch.ts";
import type { Actor } from "../../../ports/control-plane.ts";
import { announce } from "../../../store/queries/events.ts";
import { namesOf } from "../../../store/queries/grants.ts";
import {
  addVouchingProvider,
  removeVouchingProvider,
  vouchingProviders,
} from "../../../store/queries/identities.ts";
import type { VouchingProviderRow } from "../../../store/schema-identities.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { requireWritable } from "../../ledger/writable.ts";
import { modeByRecord } from "../../policy/governance.ts";
import { lockPolicy } from "../../policy/lock.ts";
import { requirePerson } from "../giving.ts";
import { twoPeopleFirst } from "../people/two-people-first.ts";
import { refused } from "../people/two-people.ts";
import { issuerOf } from "./identities.ts";

/** Which providers may vouch for who somebody is: in `team` two people say so, and stand behind what it says. */

export async function listVouchingProviders(
  engine: Engine,
): Promise<readonly VouchingProviderView[]> {
  const rows = await vouchingProviders(engine.db, null);
  return Promise.all(rows.map((row) => viewOf(engine.db, row)));
}

export async function letProviderVouch(
  engine: Engine,
  actor: Actor,
  { provider, demand, administrators, days }: VouchingWish,
): Promise<VouchingProviderView> {
  const { db } = engine;
  requireRecent(actor.principal, "letting a provider vouch");
  await requireWritable(db, "which providers vouch is an entry of the ledger");
  const issuer = issuerOf(engine, provider);
  await modeByRecord(engine);
  const view = await db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    if ((await vouchingProviders(tx, [issuer])).length > 0) throw already(provider);
    const found = await Promise.all(administrators.map((name) => requirePerson(tx, name)));
    const wish = { issuer, demand, administrators: [...new Set(found)].sort(), days };
    const { issuer: _, ...said } = wish;
    const consent = await twoPeopleFirst(tx, actor, {
      act: "provider",
      person: providerAs(issuer),
      of: canonicalJson(said),
    });
    const { proposal } = consent;
    const row = { ...wish, id: `v${randomBytes(6).toString("hex")}`, proposal };
    if (consent.kind === "waits") {
      const shown = { ...row, id: "", added_at: new Date(), added_by: actor.id };
      return { ...(await viewOf(tx, shown)), waitsFor: consent.proposal };
    }
    const added = await addVouchingProvider(tx, row, actor.id);
    if (!added) throw already(provider);
    const message = `${actor.id} let ${issuer} vouch for people`;
    await announce(tx, { kind: "person.changed", message });
    return viewOf(tx, added);
  });
  engine.signals.emit("change");
  return view;
}

/** One is enough: it only takes away. */
export async function letProviderVouchNoMore(
  engine: Engine,
  actor: Actor,
  id: string,
): Promise<VouchingProviderView> {
  await requireWritable(engine.db, "which providers vouch is an entry of the ledger");
  const row = await engine.db.transaction().execute(async (tx) => {
    const row = await removeVouchingProvider(tx, id, actor.id);
    if (!row) {
      throw refused(
        "not-found",
        "no such provider vouches",
        id,
        "see them: tidelock person vouching-providers",
      );
    }
    const message = `${actor.id} lets ${row.issuer} vouch no more`;
    await announce(tx, { kind: "person.changed", message });
    return row;
  });
  engine.signals.emit("change");
  return viewOf(engine.db, row);
}

function already(provider: string) {
  return refused(
    "conflict",
    `${provider} may vouch already`,
    provider,
    "to change how: tidelock person stop-provider-vouching, then again",
  );
}

async function viewOf(
  db: Db,
  row: Omit<VouchingProviderRow, "changes" | "removed_at" | "removed_by">,
): Promise<VouchingProviderView> {
  return {
    id: row.id,
    issuer: row.issuer,
    demand: row.demand,
    administrators: await Promise.all(
      row.administrators.map(async (person) => (await namesOf(db, person)).names[0] ?? person),
    ),
    days: row.days,
    addedAt: row.added_at.toISOString(),
    addedBy: row.added_by,
  };
}
