import type { TidelockError } from "../../model/errors.ts";
import type { Release } from "../../model/release.ts";
import { listReleases, readRelease } from "../../store/queries/catalogue.ts";
import { readLane } from "../../store/queries/lanes.ts";
import { handlersOf, pipelineAuthors } from "../../store/queries/waivers.ts";
import type { WaiverRow } from "../../store/schema-waivers.ts";
import type { Db } from "../../store/schema.ts";
import {
  ownDeed,
  refused as refusedThere,
  requireAnother,
  wholeNames,
} from "../access/people/two-people.ts";
import { separationOf } from "../manual/own-work.ts";

/**
 * The second signature is another person's than the first, and not about own work (law 5): not of who proposed the
 * waiver, handled the finding, wrote or handed in the release, or registered what is demanded. As far as that is known;
 * answers what is, in a sentence.
 *
 * @throws TidelockError `forbidden`
 */
export async function requireOthersWork(
  tx: Db,
  waiver: WaiverRow,
  person: string,
): Promise<string> {
  const { waiver: id } = waiver.content;
  await requireAnother(
    tx,
    person,
    waiver.signatures.map((one) => one.person),
    id,
  );
  const names = await wholeNames(tx, person, id);
  const releases = await releasesOf(tx, waiver);
  const actors = [
    { what: "who proposed it", who: waiver.proposed_by },
    ...(await handlersOf(tx, waiver)),
    ...(await pipelineAuthors(tx, waiver.service)),
    ...releases.map(({ by }) => ({ what: "who handed the release in", who: by })),
  ];
  const known: string[] = [];
  for (const { release } of releases) {
    const separation = separationOf(names, { release, actors });
    if (separation.against !== null) throw refused(waiver, separation.against);
    known.push(separation.known);
  }
  const own = await ownDeed(tx, person, actors, id);
  if (own !== null) throw refused(waiver, `this is own work: ${own}`);
  return known[0] ?? "no release of it is known, so nobody's commits could be compared";
}

function refused({ content }: WaiverRow, why: string): TidelockError {
  return refusedThere("forbidden", why, content.waiver, "somebody else has to be the second one");
}

interface Known {
  readonly release: Release;
  readonly by: string;
}

/** The one that it is about; of any release what is live there, and the newest one. */
async function releasesOf(tx: Db, { content }: WaiverRow): Promise<readonly Known[]> {
  const { service, environment, release } = content;
  const [newest] = release === null ? await listReleases(tx, { service, limit: 1 }) : [];
  const live =
    release === null ? (await readLane(tx, { service, environment }))?.live_release : null;
  const ids = new Set([release, newest?.id, live].filter((id) => id !== null && id !== undefined));
  const rows = await Promise.all([...ids].map((id) => readRelease(tx, id)));
  return rows.flatMap((row) => (row ? [{ release: row.content, by: row.created_by }] : []));
}
