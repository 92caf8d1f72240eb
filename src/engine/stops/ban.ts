import { TidelockError } from "../../model/errors.ts";
import type { Digest } from "../../model/primitives.ts";
import { emptyTree, releaseName } from "../../model/release.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { announce } from "../../store/queries/events.ts";
import { deployedReleases, insertStop, listStops } from "../../store/queries/stops.ts";
import type { StopRow } from "../../store/schema-stops.ts";
import type { Db, ReleaseRow } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { requireWritable } from "../ledger/writable.ts";
import { findRelease } from "../promotions/plan-inputs.ts";
import { revoke } from "../returns/revoke.ts";
import { concerns } from "./in-the-way.ts";

/**
 * Never again: what this release is made of goes nowhere any more, forward or back, under whatever version. What was
 * deployed of it is known to be worse from now on, so that no rollback chooses it; where it is live, people are told.
 *
 * Any of its artifacts is enough, and its source revision: with one part left out, or built anew, it is the same. What
 * a release that counts as good has as well is no part of that, as else the way back would be banned with it;
 * `of.artifacts` bans exactly what it names, whoever has it.
 *
 * @throws TidelockError `not-found`, `conflict` where all of that is banned already
 */
export async function ban(
  engine: Engine,
  actor: Actor,
  of: {
    readonly service: string;
    readonly release: string;
    readonly artifacts?: readonly string[] | undefined;
  },
  reason: string,
): Promise<StopRow> {
  const { db } = engine;
  const release = await findRelease(db, of.service, of.release);
  await requireWritable(db, "a ban is an entry of the ledger");
  const row = await db.transaction().execute(async (tx) => {
    const what = of.artifacts?.length
      ? { parts: "any" as const, revision: null, artifacts: named(release, of.artifacts) }
      : await own(tx, release);
    const before = await coveredBy(tx, release, what);
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
      ...what,
      reason,
      by: actor.id,
    });
    await revokeContent(engine, tx, row);
    return row;
  });
  engine.signals.emit("change");
  return row;
}

type Banned = Pick<StopRow, "parts" | "revision" | "artifacts">;

/** Throws `not-found`. */
function named({ content }: ReleaseRow, names: readonly string[]): readonly Digest[] {
  return names.map((name) => {
    const found = content.artifacts.find((one) => one.name === name);
    if (found) return found.digest;
    throw new TidelockError("not-found", `${releaseName(content)} has no artifact ${name}`, {
      fault: "operator",
      where: "--artifact",
      hint: `it has ${content.artifacts.map((one) => one.name).join(", ")}`,
    });
  });
}

/** What is this release's alone; where nothing is, all of it together. */
async function own(tx: Db, { id, service, content }: ReleaseRow): Promise<Banned> {
  const { source } = content;
  // What a tree had beside its revision nobody can tell from the revision.
  const revision = source.kind === "git" && !source.dirty ? source.revision : null;
  const good = new Set<Digest>([emptyTree]);
  for (const deployed of await deployedReleases(tx)) {
    const other = deployed.content.source;
    const same =
      other.kind === "git" && other.revision === revision && deployed.service === service;
    if (deployed.release === id || same) continue;
    for (const { digest } of deployed.content.artifacts) good.add(digest);
  }
  const all = content.artifacts.map(({ digest }) => digest);
  const alone = all.filter((digest) => !good.has(digest));
  return alone.length === 0
    ? { parts: "all", revision, artifacts: all }
    : { parts: "any", revision, artifacts: alone };
}

/** An open ban that says all of it, and more perhaps. */
async function coveredBy(
  tx: Db,
  release: ReleaseRow,
  { parts, artifacts, revision }: Banned,
): Promise<StopRow | undefined> {
  const lane = { service: release.service, environment: "" };
  const open = await listStops(tx, { open: true });
  return open.find(
    (row) =>
      row.kind === "ban" &&
      concerns(row, lane, release.content) &&
      row.parts === parts &&
      (revision === null || row.revision === revision) &&
      artifacts.every((digest) => row.artifacts.includes(digest)),
  );
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
    if (!concerns(row, deployed, deployed.content)) continue;
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
