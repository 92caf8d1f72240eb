import type { ReleaseView } from "../../api/views.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { emptyTree, type Release, releaseId, releaseName } from "../../model/release.ts";
import { TidelockError } from "../../model/errors.ts";
import {
  insertRelease,
  readRelease,
  registeredPipeline,
  releaseByVersion,
} from "../../store/queries/catalogue.ts";
import { announce } from "../../store/queries/events.ts";
import { readLane } from "../../store/queries/lanes.ts";
import type { Db, ReleaseRow } from "../../store/schema.ts";
import { makeSbom } from "../attestations/attest-sbom.ts";
import type { Engine } from "../engine.ts";
import { releaseView } from "../views/release-view.ts";

/**
 * Takes a release in. Its bytes must be here already; the same thing twice is one thing; a version that
 * stands for other bytes is refused.
 *
 * Throws `invalid-input` (bytes missing or of another size), `conflict` (version taken).
 */
export async function createRelease(
  engine: Engine,
  actor: Actor,
  release: Release,
): Promise<ReleaseView> {
  await requireBytes(engine, release);
  const id = releaseId(release);
  const stored = await engine.db.transaction().execute(async (tx) => {
    const fresh = await insertRelease(tx, release, id, actor.id);
    if (!fresh) return sameRelease(tx, release, id);
    await announce(tx, {
      kind: "release.created",
      service: release.service,
      message: `${actor.id} created ${releaseName(release)}`,
    });
    return existing(tx, id);
  });
  await makeSbom(engine, release);
  engine.signals.emit("change");
  engine.signals.emit("service", release.service);
  return releaseView(engine.db, stored);
}

async function requireBytes(engine: Engine, release: Release): Promise<void> {
  for (const { name, digest, size } of release.artifacts) {
    const where = `artifacts.${name}`;
    if (digest === emptyTree) {
      throw new TidelockError("invalid-input", `${name} is an empty tree`, {
        fault: "operator",
        where,
        hint: "a release holds at least one file: pack the folder that the service runs from",
      });
    }
    if (!(await engine.content.has(digest))) {
      throw new TidelockError("invalid-input", `the bytes of ${name} (${digest}) are not here`, {
        fault: "operator",
        where,
        hint: "upload the blob first, then create the release",
      });
    }
    const stored = await engine.content.verify(digest);
    if (stored.size !== size) {
      const message = `${name} has ${stored.size} bytes, and the release says ${size}`;
      throw new TidelockError("invalid-input", message, { fault: "operator", where });
    }
  }
}

/** What was there first stands: the same id is the same release, another id under the version is refused. */
async function sameRelease(tx: Db, release: Release, id: string): Promise<ReleaseRow> {
  const taken = await releaseByVersion(tx, release.service, release.version);
  if (!taken || taken.id === id) return existing(tx, id);
  if (sameThing(taken.content, release)) return taken;
  throw new TidelockError(
    "conflict",
    `${releaseName(release)} exists already and is another thing (${taken.id})`,
    { fault: "operator", where: releaseName(release), hint: "give this one another version" },
  );
}

/** Packed again from the same source, a release brings the same artifacts: that is the same thing. */
function sameThing(a: Release, b: Release): boolean {
  const bytes = (release: Release) =>
    release.artifacts
      .map(({ name, digest }) => `${name}=${digest}`)
      .sort()
      .join(" ");
  const revision = ({ source }: Release) => (source.kind === "git" ? source.revision : "none");
  return (
    bytes(a) === bytes(b) &&
    revision(a) === revision(b) &&
    [...a.configuration].sort().join(" ") === [...b.configuration].sort().join(" ")
  );
}

async function existing(tx: Db, id: string): Promise<ReleaseRow> {
  const row = await readRelease(tx, id);
  if (row) return row;
  throw new TidelockError("internal", `release ${id} has vanished`, { fault: "bug" });
}

/** Revision that the last environment of the pipeline runs: where the next release's commits begin. */
export async function liveRevision(engine: Engine, service: string): Promise<string | null> {
  const pipeline = await registeredPipeline(engine.db, service);
  const last = pipeline?.document.spec.environments.at(-1);
  if (!last) return null;
  const lane = await readLane(engine.db, { service, environment: last.name });
  const live = lane?.live_release ? await readRelease(engine.db, lane.live_release) : undefined;
  return live?.content.source.kind === "git" ? live.content.source.revision : null;
}
