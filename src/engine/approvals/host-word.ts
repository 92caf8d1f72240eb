import { pushersIn } from "../../identity/commits/host-deeds.ts";
import { hostCommitter, type HostPull } from "../../model/git-host.ts";
import type { Environment } from "../../model/pipeline.ts";
import type { Plan } from "../../model/plan.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { documentByDigest } from "../../store/queries/catalogue.ts";
import type { Db, ReleaseRow } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { reviewOf } from "../reviews/kept.ts";

/** What the git host says of releases whose word counts in an environment, by its owners' document. */
export interface HostWord {
  readonly pulls: readonly HostPull[];
  /** Commit of one of the releases to account. */
  readonly pushers: ReadonlyMap<string, string>;
  /** What it puts as committer into commits that it makes for people. */
  readonly committer: string | null;
}

/** Nothing where no host is named, where it was not asked, and where what it said is too old. */
export async function hostWord(
  engine: Pick<Engine, "content">,
  db: Db,
  plan: Plan,
  releases: readonly ReleaseRow[],
): Promise<HostWord> {
  const document = await documentByDigest<Environment>(db, "Environment", plan.environment);
  const host = document?.spec.reviews;
  if (!host) return { pulls: [], pushers: new Map(), committer: null };
  const now = new Date(await databaseTime(db));
  const pulls: HostPull[] = [];
  const pushers = new Map<string, string>();
  for (const { id, content } of releases) {
    const of = { release: id, ...plan.lane, host, now };
    const kept = await reviewOf(engine, db, of);
    if (kept === null || kept.stale || content.source.kind !== "git") continue;
    const named = pushersIn(kept.review);
    for (const { revision } of content.source.commits) {
      const account = named.get(revision);
      if (account !== undefined) pushers.set(revision, account);
    }
    pulls.push(...kept.review.pulls);
  }
  return { pulls, pushers, committer: hostCommitter(host) };
}
