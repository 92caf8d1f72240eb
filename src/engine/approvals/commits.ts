import { setImmediate as pause } from "node:timers/promises";
import {
  type ReadCommit,
  readCommitBundle,
  signerOf,
  verifyCommit,
} from "../../evidence/git/commit-bundle.ts";
import { hiddenCommit } from "../../identity/commits/history.ts";
import { deedsOfCommit, type IsSomebody } from "../../identity/commits/deeds.ts";
import { sponsorships } from "../../identity/enrolment/sponsors.ts";
import type { Deed } from "../../identity/lineage.ts";
import { plainName } from "../../identity/plain-name.ts";
import type { Digest } from "../../model/primitives.ts";
import { attestationsOf, databaseTime, readAttestation } from "../../store/queries/attestations.ts";
import { commitKeys, knownNames } from "../../store/queries/grants.ts";
import { pgpCertificates } from "../../store/queries/pgp-certificates.ts";
import type { PersonKeyRow } from "../../store/schema-manual.ts";
import type { Db, ReleaseRow } from "../../store/schema.ts";
import { attestationBytes } from "../attestations/attest-material.ts";
import { type Gathered, gatherEnrolments } from "../access/people/enrolment.ts";
import type { Engine } from "../engine.ts";
import { accountDeed, deedsOfPull } from "../../identity/commits/host-deeds.ts";
import type { Plan } from "../../model/plan.ts";
import { hostWord } from "./host-word.ts";

/** Who is shown to have made the commits of releases: by their signatures, under keys that stand now. */

type Commits = ReadonlyMap<string, ReadCommit>;

export interface CommitWork {
  readonly deeds: readonly Deed[];
  /** By pseudonym: who signed commits, and who brought a key that did. */
  readonly signed: readonly { readonly what: string; readonly person: string }[];
  /** The keys on which it leans, and how they came here. */
  readonly keys: readonly PersonKeyRow[];
  readonly gathered: Gathered;
}

export async function commitWork(
  engine: Pick<Engine, "content" | "notice">,
  db: Db,
  plan: Plan,
  releases: readonly ReleaseRow[],
): Promise<CommitWork> {
  const each = await Promise.all(
    releases.map(async (release) => ({
      release,
      commits: await commitsHandedIn(engine, db, release.id),
    })),
  );
  // What one release brought along shows how another's branches began.
  const all = new Map(each.flatMap(({ commits }) => [...commits]));
  const signers = await signersOf(db, all);
  const keys = await commitKeys(db, [...new Set(signers.values())]);
  const host = await hostWord(engine, db, plan, releases);
  const isSomebody = namedIn(signers.size + host.pulls.length === 0 ? [] : await knownNames(db));
  const byKey = new Map<string, PersonKeyRow>(keys.map((key) => [key.key_id, key]));
  const gathered = await gatherEnrolments(
    db,
    keys.map(({ person }) => person),
  );
  const brought = keys.map((key) => whoBrought(gathered, key));
  const deeds: Deed[] = [];
  const signed = brought.flatMap((one) => one.signed);
  for (const { release } of each) {
    const { source } = release.content;
    if (source.kind !== "git") continue;
    const named = new Set(source.commits.map(({ revision }) => revision));
    let whole = all.size > 0;
    for (const commit of source.commits) {
      const read = all.get(commit.revision);
      const key = byKey.get(signers.get(commit.revision) ?? "");
      const pushedBy = host.pushers.get(commit.revision) ?? null;
      const pushed = pushedBy !== null && isSomebody(pushedBy);
      const vouched = key !== undefined || pushed;
      const byHost = pushed ? host.committer : null;
      deeds.push(...deedsOfCommit(commit, read, vouched, isSomebody, byHost));
      whole &&= vouched;
      if (pushedBy !== null)
        deeds.push(accountDeed("pusher of commit", commit.revision, pushedBy, isSomebody));
      if (key === undefined) continue;
      signed.push({ what: `signer of commit ${commit.revision.slice(0, 12)}`, person: key.person });
    }
    // Where a commit is nobody's already, one more says nothing.
    const hidden = whole ? hiddenCommit(all, source, named) : null;
    if (hidden !== null) deeds.push(unknown(`author of what is not shown: ${hidden}`));
  }
  const here = new Set(
    releases.flatMap(({ content: { source } }) =>
      source.kind === "git" ? source.commits.map(({ revision }) => revision) : [],
    ),
  );
  for (const pull of host.pulls) deeds.push(...deedsOfPull(pull, here, isSomebody));
  return { deeds: [...deeds, ...brought.flatMap((one) => one.deeds)], signed, keys, gathered };
}

/** Commit to the key that has signed it: an OpenPGP signature is looked at only under certificates that stand now. */
async function signersOf(db: Db, commits: Commits): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const pgp = [...commits.values()].some((commit) => commit.pgp !== null);
  const certificates = pgp ? (await pgpCertificates(db)).map((one) => one.certificate) : [];
  const now = pgp ? Date.parse(await databaseTime(db)) : 0;
  let count = 0;
  for (const commit of commits.values()) {
    const signer = signerOf(commit, certificates, now);
    if (signer.ok) found.set(commit.revision, signer.value);
    // Others are served meanwhile.
    if (commit.pgp !== null && (count += 1) % 50 === 0) await pause();
  }
  return found;
}

/**
 * A key is its person's by the word of whoever enrolled it: that one's work it may be, unless somebody else vouched for it.
 */
function whoBrought(
  { record }: Gathered,
  { key_id: key, person }: PersonKeyRow,
): Pick<CommitWork, "deeds" | "signed"> {
  const short = key.slice("sha256:".length, "sha256:".length + 12);
  const what = `who enrolled the key ${short} that signed commits`;
  const found = sponsorships(record, person).find(
    ({ act }) => act.operation === `person-key/${key}/1`,
  );
  if (found === undefined) return { deeds: [unknown(what)], signed: [] };
  if (found.vouched.length > 0) return { deeds: [], signed: [] };
  return {
    deeds: found.proven ? [] : [unknown(what)],
    signed: found.by.map((by) => ({ what, person: by })),
  };
}

function unknown(what: string): Deed {
  return { what, names: [], proven: false, said: what };
}

function namedIn(names: readonly string[]): IsSomebody {
  const known = new Set(names.map(plainName));
  return (name) => name !== "" && known.has(plainName(name));
}

/** All of its commits, verified; none that cannot be read. */
async function commitsHandedIn(
  engine: Pick<Engine, "content" | "notice">,
  db: Db,
  release: Digest,
): Promise<Commits> {
  const rows = await attestationsOf(db, release);
  const found = new Map<string, ReadCommit>();
  for (const { format, digest, erased_at } of rows) {
    if (format !== "git-commits" || erased_at) continue;
    try {
      for (const [revision, commit] of await verified(engine, db, release, digest)) {
        found.set(revision, commit);
      }
    } catch (error) {
      engine.notice(`commits of ${release} prove nothing: ${String(error)}`);
    }
  }
  return found;
}

/** By digest: what bytes say does not change, and each verification costs up to some milliseconds. */
const known = new Map<string, Commits>();
const mostKnown = 32;

async function verified(
  engine: Pick<Engine, "content">,
  db: Db,
  release: Digest,
  digest: Digest,
): Promise<Commits> {
  const before = known.get(digest);
  if (before) return before;
  const row = await readAttestation(db, release, digest);
  const bundle = row ? readCommitBundle(await attestationBytes(engine, row)) : null;
  if (!bundle?.ok) throw new Error(bundle?.problem ?? "they have vanished");
  const commits = new Map<string, ReadCommit>();
  for (const [index, one] of bundle.value.entries()) {
    // Others are served meanwhile.
    if (index % 50 === 49) await pause();
    const commit = verifyCommit(one);
    if (commit.ok) commits.set(commit.value.revision, commit.value);
  }
  if (known.size >= mostKnown) known.delete(known.keys().next().value ?? "");
  known.set(digest, commits);
  return commits;
}
