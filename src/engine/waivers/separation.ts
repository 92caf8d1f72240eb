import { TidelockError } from "../../model/errors.ts";
import type { Release } from "../../model/release.ts";
import { listReleases, readRelease } from "../../store/queries/catalogue.ts";
import { namesOf } from "../../store/queries/grants.ts";
import { readLane } from "../../store/queries/lanes.ts";
import { handlersOf, pipelineAuthors } from "../../store/queries/waivers.ts";
import type { WaiverRow } from "../../store/schema-waivers.ts";
import type { Db } from "../../store/schema.ts";
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
  const [first] = waiver.signatures;
  const [mine, theirs] = await Promise.all([namesOf(tx, person), namesOf(tx, first?.person ?? "")]);
  for (const { names, links } of [mine, theirs]) {
    if (names.length <= links.length) {
      throw refused(waiver, "a name of these people was erased, so that they cannot be told apart");
    }
  }
  const shared = mine.names.find((name) =>
    theirs.names.some((other) => plain(other) === plain(name)),
  );
  if (shared !== undefined) {
    throw refused(waiver, `both signatures are of ${shared}: another person has to sign`);
  }
  const releases = await releasesOf(tx, waiver);
  const actors = [
    { what: "who proposed it", who: waiver.proposed_by },
    ...(await handlersOf(tx, waiver)),
    ...(await pipelineAuthors(tx, waiver.service)),
    ...releases.map(({ by }) => ({ what: "who handed the release in", who: by })),
  ];
  const known: string[] = [];
  for (const { release } of releases) {
    const separation = separationOf([...mine.names, ...mine.names.map(plain)], { release, actors });
    if (separation.against !== null) throw refused(waiver, separation.against);
    known.push(separation.known);
  }
  const own = actors.find(({ who }) => mine.names.some((name) => plain(name) === plain(who)));
  if (own) throw refused(waiver, `this is own work: ${own.what} was ${own.who}`);
  return known[0] ?? "no release of it is known, so nobody's commits could be compared";
}

/** `maria+tests@shop.example` is maria@shop.example: a match is enough to refuse. */
function plain(name: string): string {
  return name
    .normalize("NFKC")
    .trim()
    .toLowerCase()
    .replace(/\+[^@]*(?=@)/, "");
}

function refused({ content }: WaiverRow, why: string): TidelockError {
  return new TidelockError("forbidden", why, {
    fault: "operator",
    where: content.waiver,
    hint: "somebody else has to be the second one",
  });
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
