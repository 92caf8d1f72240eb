import { TidelockError } from "../../model/errors.ts";
import { releaseName } from "../../model/release.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { announce } from "../../store/queries/events.ts";
import { deployedReleases, insertStop, listStops } from "../../store/queries/stops.ts";
import type { StopRow } from "../../store/schema-stops.ts";
import type { Db, ReleaseRow } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { requireWritable } from "../ledger/writable.ts";
import { findRelease } from "../plan-inputs.ts";
import { revoke } from "../revoke.ts";
import { concerns, isMadeOf } from "./in-the-way.ts";

/**
 * Never again: what this release is made of goes nowhere any more, forward or back, under whatever version. What was
 * deployed of it is known to be worse from now on, so that no rollback chooses it; where it is live, people are told.
 *
 * @throws TidelockError `not-found`, `conflict` where it is banned already
 */
export async function ban(
  engine: Engine,
  actor: Actor,
  of: { readonly service: string; readonly release: string },
  reason: string,
): Promise<StopRow> {
  const { db } = engine;
  const release = await findRelease(db, of.service, of.release);
  await requireWritable(db, "a ban is an entry of the ledger");
  const row = await db.transaction().execute(async (tx) => {
    const before = await banOf(tx, release);
    if (before) {
      throw new TidelockError(
        "conflict",
        `${releaseName(release.content)} is banned already: ${before.reason}`,
        {
          fault: "operator",
          where: `S-${before.id}`,
        },
      );
    }
    const row = await insertStop(tx, {
      kind: "ban",
      service: release.service,
      environment: null,
      release: release.id,
      artifacts: release.content.artifacts.map(({ digest }) => digest),
      reason,
      by: actor.id,
    });
    await revokeContent(engine, tx, row);
    return row;
  });
  engine.signals.emit("change");
  return row;
}

/** The ban that concerns a release, if there is one. */
export async function banOf(db: Db, release: ReleaseRow): Promise<StopRow | undefined> {
  const lane = { service: release.service, environment: "" };
  return (await listStops(db, { open: true })).find(
    (row) => row.kind === "ban" && concerns(row, lane, release.content),
  );
}

async function revokeContent(engine: Engine, tx: Db, row: StopRow): Promise<void> {
  const why = `banned: ${row.reason} (S-${row.id})`;
  for (const deployed of await deployedReleases(tx)) {
    if (!isMadeOf(deployed.content, row.artifacts)) continue;
    await revoke(engine, tx, deployed.promotion, why);
    if (!deployed.live) continue;
    const { service, environment, promotion } = deployed;
    await announce(tx, {
      kind: "release.tainted",
      service,
      environment,
      promotion,
      message: `what is live in ${service}/${environment} was ${why}; take it back: tidelock rollback ${environment} --service ${service}`,
    });
  }
}

/** Throws `denied` for what is banned, before anything is written. */
export async function refuseBanned(db: Db, release: ReleaseRow): Promise<void> {
  const row = await banOf(db, release);
  if (!row) return;
  throw new TidelockError(
    "denied",
    `${releaseName(release.content)} is banned since ${row.at.toISOString()} by ${row.by_actor}: ${row.reason}`,
    {
      fault: "operator",
      where: `S-${row.id}`,
      hint: `release what repairs it; or lift the ban: tidelock release unban S-${row.id} --reason …`,
    },
  );
}
