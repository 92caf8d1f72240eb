import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyPack } from "../../src/audit/verify-pack.ts";
import { readCertificate } from "../../src/evidence/openpgp/enrol.ts";
import { involved, peopleIn } from "../../src/engine/approvals/gather.ts";
import { lineageOf } from "../../src/engine/approvals/lineage.ts";
import { approverStanding } from "../../src/engine/approvals/standing.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { ownWork } from "../../src/identity/approval/separation.ts";
import { bundleCommits } from "../../src/intake/git/commit-bundle.ts";
import { describeSource } from "../../src/intake/source.ts";
import type { Digest } from "../../src/model/primitives.ts";
import type { Release } from "../../src/model/release.ts";
import type { ControlPlane } from "../../src/ports/control-plane.ts";
import {
  type Approver,
  askedApproval,
  enrolApprover,
  signedApproval,
} from "../support/approvals-lab.ts";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  MemoryContent,
} from "../support/engine-bench.ts";
import { endGpg, gpgKey, Repository, type Signer, sshKey } from "../support/git-people.ts";
import { needsTool } from "../support/optional.ts";

/** Attempts to approve own work in a team, with real repositories and signatures. */

/** Blobs that can be read as files. */
class FileContent extends MemoryContent {
  readonly #folder = mkdtempSync(join(tmpdir(), "tidelock-blobs-"));

  override async path(digest: Digest): Promise<string> {
    const file = join(this.#folder, digest.slice("sha256:".length));
    writeFileSync(file, this.blobs.get(digest) ?? "");
    return file;
  }
}

let bench: EngineBench;
let plane: ControlPlane;
let paul: Approver;
let engine: Engine;
let count = 0;

const owner = { id: "owner@shop.example" };
const registrar = { id: "registrar@shop.example" };
const admin = { id: "admin@shop.example" };
const dev = { service: "shop", environment: "dev" };
const maria = sshKey();
const paulsOwn = sshKey();
const jo = sshKey();
let puppet: Approver;

const gpg = needsTool("gpg");
/** Of OpenPGP: who is enrolled with it, in the order of the calls below. */
const pgp: Record<"maria" | "paul" | "jo" | "nobody", Signer> | null = gpg.missing
  ? null
  : {
      maria: gpgKey("ed25519", "Maria <maria@private.example>"),
      paul: gpgKey("ed25519", "Maria <maria@shop.example>"),
      jo: gpgKey("nistp256", "Jo <jo@shop.example>"),
      nobody: gpgKey("rsa2048", "GitHub <web-flow@host.example>"),
    };

/** Made by gpg: a certificate, and the same when its owner has taken a subkey back and made another one. */
const { cases } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../src/evidence/openpgp/recorded.json"), "utf8"),
) as { cases: Record<string, { certificate: string }> };
const older = cases["before-revocation"]?.certificate ?? "";
const newer = cases["subkey-revoked"]?.certificate ?? "";

beforeAll(async () => {
  bench = await EngineBench.create({ content: new FileContent() });
  const worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  plane = worker.controlPlane;
  engine = worker.engine;
  // Who enrols developers is not who enrols approvers: either could be anybody whom they enrol.
  paul = await enrolApprover(plane, "paul@shop.example", ["sre"], {
    by: admin,
    also: ["paul@home.example"],
  });
  await commitKey("maria@shop.example", maria);
  await commitKey("paul@shop.example", paulsOwn);
  await commitKey("jo@shop.example", jo);
  if (pgp !== null) {
    await commitKey("maria@shop.example", pgp.maria);
    await commitKey("paul@shop.example", pgp.paul);
    await commitKey("jo@shop.example", pgp.jo);
  }
  await tryToEnrol("a certificate", "back@shop.example", older);
  await tryToEnrol("it again", "back@shop.example", older);
  await tryToEnrol("somebody else's", "other@shop.example", older);
  await tryToEnrol("its subkey as a key that approves", "other@shop.example", pemInside(older));
  await tryToEnrol("a newer one, with a subkey taken back", "back@shop.example", newer);
  await tryToEnrol("the older one again", "back@shop.example", older);
  await tryToEnrol("somebody else's newer one", "other@shop.example", newer);
  puppet = await enrolApprover(plane, "puppet@shop.example", ["sre"], { by: registrar });
  const right = { right: "policy.change", service: null, environment: null };
  for (const name of ["anna", "olga"]) {
    await enrolApprover(plane, `${name}@shop.example`, [], { by: admin });
    await plane.people.grant(admin, { name: `${name}@shop.example`, ...right });
  }
  await plane.applyDocuments(
    owner,
    "t.yaml",
    documents({ dev: "      approvals: [{ role: sre }]" }),
  );
  await plane.policy.setGovernance(owner, "team");
});

afterAll(async () => {
  for (const key of Object.values(pgp ?? {})) endGpg(key);
  await bench.close();
});

async function commitKey(name: string, key: Signer, also: readonly string[] = []) {
  return plane.people.add(registrar, { name, key: key.publicKey, also });
}

/** What came of it, while one person's word was enough: keys that count, of all that were enrolled. */
const tried: [string, string][] = [];

async function tryToEnrol(what: string, name: string, key: string) {
  const answer = await plane.people.add(registrar, { name, key, also: [] }).then(
    ({ keys }) => `${keys.filter(({ removedAt }) => removedAt === null).length} of ${keys.length}`,
    (error: { code?: string }) => error.code ?? "",
  );
  tried.push([what, answer]);
}

/** The same key as PEM has it: its 32 bytes behind what says that it is Ed25519's. */
function pemInside(certificate: string): string {
  const read = readCertificate(certificate, Date.now());
  const body = (read.ok && read.value.signers[0]?.key.body) || new Uint8Array();
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), body.subarray(-32)]);
  return `-----BEGIN PUBLIC KEY-----\n${spki.toString("base64")}\n-----END PUBLIC KEY-----\n`;
}

interface Handing {
  readonly since?: string;
  readonly version?: string;
  /** What the release says, where it lies. */
  readonly lie?: (source: Extract<Release["source"], { kind: "git" }>) => Release["source"];
  readonly bundle?: boolean;
}

async function handIn(
  repository: Repository,
  { since, version = `1.${(count += 1)}.0`, lie, bundle = true }: Handing = {},
) {
  const described = await describeSource({ folder: repository.folder, dirty: false, ...(since === undefined ? {} : { since }) }); // prettier-ignore
  if (described.kind !== "git") throw new Error("no repository");
  const source = lie?.(described) ?? described;
  const release = await plane.createRelease(owner, makeRelease(bench, version, { source }));
  const revisions = described.commits.map(({ revision }) => revision);
  const bytes = bundle ? await bundleCommits(repository.folder, revisions, since) : null;
  if (bytes !== null) {
    const { digest } = bench.content.add(bytes.toString("utf8"));
    await plane.attestRelease(owner, { service: "shop", release: version, digest });
  }
  return release;
}

/** Somebody's answer to a promotion; what became of it. */
async function approvalOf(who: Approver, release: string): Promise<string> {
  const { id } = await plane.promote(owner, { ...dev, release });
  const view = await askedApproval(plane, id);
  try {
    await plane.approvals.answer(view.id, await signedApproval(view, who));
  } catch (error) {
    await plane.abort(owner, id);
    return (error as Error).message;
  }
  const done = await ended(plane, id);
  return done.state === "complete" ? "complete" : done.message;
}

/** Why an approval would not count for a release after what is live; null: it would. As the gate asks it. */
async function against(who: Approver, release: Digest, live?: Digest): Promise<string | null> {
  const { db } = bench.database;
  const { plan } = await db
    .selectFrom("promotions")
    .select("plan")
    .limit(1)
    .executeTakeFirstOrThrow();
  const since =
    live === undefined
      ? null
      : { release: live, colour: "blue" as const, configuration: plan.configuration };
  const at = { ...plan, release, live: since };
  const lineage = await lineageOf(engine, db, at, "");
  const [key] = await db
    .selectFrom("person_keys")
    .select("key_id")
    .where("person", "=", who.person)
    .where("commits", "=", false)
    .execute();
  const standing = await approverStanding(
    db,
    plan.lane,
    { person: who.person, role: "sre", key: key?.key_id ?? "", signedAt: new Date() },
    new Date(),
  );
  const given = { person: who.person, also: standing.also, enrolments: standing.enrolments };
  return ownWork(given, await involved(db, lineage, peopleIn([given])), "team");
}

describe("in a team, with commits that enrolled keys have signed", () => {
  it("another person's approval counts, and the pack shows offline that it may", async () => {
    const repository = new Repository();
    repository.commit({ key: maria });
    repository.commit({ key: pgp?.maria ?? maria });
    await handIn(repository, { version: "1.0.0" });
    expect(await approvalOf(paul, "1.0.0")).toBe("complete");
    expect(await plane.ledger.verifyState()).toMatchObject({ ok: true });
    const asked = {
      kind: "release",
      service: "shop",
      release: "1.0.0",
      seen: [] as string[],
    } as const;
    const { zip } = await plane.exportPack(owner, asked);
    const { report } = verifyPack(zip, null);
    expect(report.problems).toEqual([]);
    expect(report.checks.find(({ id }) => id === "commits")).toMatchObject({ count: 2 });
    // No address of a certificate went into the log.
    expect(Buffer.from(zip).toString("latin1")).not.toContain("private.example");
  });

  it.each<[string, (repository: Repository) => unknown, RegExp]>([
    ["is not signed", (one) => one.commit(), /author of commit .* counts as everybody/],
    [
      "is signed by a key of nobody here",
      (one) => one.commit({ key: sshKey() }),
      /counts as everybody/,
    ],
    [
      "is the approver's, under an address that is linked",
      (one) => one.commit({ key: maria, author: "P <Paul+x@HOME.example>" }),
      /own work: the author/,
    ],
    [
      "is the approver's, under one that nobody has linked",
      (one) => one.commit({ key: maria, author: "Paul <paul@secret.example>" }),
      /counts as everybody/,
    ],
    [
      "the approver signed, in another's name",
      (one) => one.commit({ key: paulsOwn }),
      /own work: the signer of commit/,
    ],
    [
      "names the approver as co-author",
      (one) => one.commit({ key: maria, message: "x\n\nCo-Authored-By: Paul <paul@home.example>" }),
      /own work: the co-author/,
    ],
    [
      "names a stranger as co-author",
      (one) => one.commit({ key: maria, message: "x\n\nco-authored-by: Who <who@else.example>" }),
      /co-author of commit .* counts as everybody/,
    ],
    [
      "the approver has put there",
      (one) => one.commit({ key: maria, committer: "Paul <paul@shop.example>" }),
      /own work: the committer/,
    ],
    [
      "squashed what others wrote",
      (one) =>
        one.commit({
          key: maria,
          message:
            "squash\n\n* one\n\nCo-authored-by: A <a@else.example>\nCo-authored-by: Paul <paul@shop.example>",
        }),
      /own work: the co-author/,
    ],
  ])("nobody approves where one of them %s", async (_, make, why) => {
    const repository = new Repository();
    repository.commit({ key: maria });
    make(repository);
    repository.commit({ key: maria });
    const { id } = await handIn(repository);
    expect(await against(paul, id)).toMatch(why);
  });

  it("says so to whoever tries all the same", async () => {
    const repository = new Repository();
    repository.commit();
    const { version } = await handIn(repository);
    expect(await approvalOf(paul, version)).toMatch(/author of commit .* counts as everybody/);
  });

  it("nobody approves once the key was taken away, and it never changes hands", async () => {
    const repository = new Repository();
    repository.commit({ key: jo, author: "Jo <jo@shop.example>" });
    const { id } = await handIn(repository);
    expect(await against(paul, id)).toBeNull();
    const [person] = (await plane.people.list()).filter(({ name }) => name === "jo@shop.example");
    await plane.people.removeKey(owner, person?.keys[0]?.id ?? "");
    expect(await against(paul, id)).toMatch(/counts as everybody/);
    await expect(commitKey("paul@shop.example", jo)).rejects.toMatchObject({ code: "conflict" });
  });

  it("a key that signs commits waits for two people, even of somebody who may do nothing else", async () => {
    const view = await commitKey("new@shop.example", sshKey());
    expect(view).toMatchObject({ waitsFor: expect.any(String), keys: [] });
  });

  it("whoever enrolled the key may be its owner, and approves nothing of it; nor do whom they enrol", async () => {
    const repository = new Repository();
    repository.commit({ key: maria });
    const { id } = await handIn(repository);
    expect(await against(puppet, id)).toMatch(/whoever enrolled the key has worked on it/);
  });
});

it("a newer certificate takes the place of its older one, and nothing of it is anybody else's or what it was", () => {
  expect(tried).toEqual([
    ["a certificate", "1 of 1"],
    ["it again", "conflict"],
    ["somebody else's", "conflict"],
    ["its subkey as a key that approves", "conflict"],
    ["a newer one, with a subkey taken back", "1 of 2"],
    ["the older one again", "conflict"],
    ["somebody else's newer one", "conflict"],
  ]);
});

describe.skipIf(pgp === null)("with commits that gpg has signed", () => {
  const signed = pgp as NonNullable<typeof pgp>;

  it.each<[string, (repository: Repository) => unknown, RegExp]>([
    [
      "is signed by a key of nobody here, such as a git host's own",
      (one) => one.commit({ key: signed.nobody }),
      /author of commit .* counts as everybody/,
    ],
    [
      "the approver signed, with another's name on the certificate",
      (one) => one.commit({ key: signed.paul }),
      /own work: the signer of commit/,
    ],
    [
      "is the approver's, under an address that nobody has linked",
      (one) => one.commit({ key: signed.maria, author: "Paul <paul@secret.example>" }),
      /counts as everybody/,
    ],
    [
      "shows another commit's signature",
      (one) => {
        one.commit({ key: signed.maria });
        const text = one.git(["cat-file", "commit", "HEAD"]);
        const other = text.replace(/^author .*>/m, "author Jo <jo@shop.example>");
        const made = one.git(["hash-object", "-t", "commit", "-w", "--stdin"], undefined, other);
        one.git(["reset", "-q", "--hard", made.trim()]);
      },
      /counts as everybody/,
    ],
    [
      "shows two signatures",
      (one) => {
        one.commit({ key: signed.maria });
        const text = one.git(["cat-file", "commit", "HEAD"]);
        const [header = ""] = /^gpgsig (.*\n)( .*\n)*/m.exec(text) ?? [];
        const other = text.replace(header, header + header);
        const made = one.git(["hash-object", "-t", "commit", "--literally", "-w", "--stdin"], undefined, other); // prettier-ignore
        one.git(["reset", "-q", "--hard", made.trim()]);
      },
      /counts as everybody/,
    ],
  ])("nobody approves where one of them %s", async (_, make, why) => {
    const repository = new Repository();
    repository.commit({ key: signed.maria });
    make(repository);
    repository.commit({ key: signed.maria });
    const { id } = await handIn(repository);
    expect(await against(paul, id)).toMatch(why);
  });

  it("a sha256 repository's are as good as any", async () => {
    const repository = new Repository("sha256");
    repository.commit({ key: signed.maria });
    const { id } = await handIn(repository);
    expect(await against(paul, id)).toBeNull();
  });

  it("nobody approves once the certificate was taken away, and it never comes back or changes hands", async () => {
    const repository = new Repository();
    repository.commit({ key: signed.jo, author: "Jo <jo@shop.example>" });
    const { id } = await handIn(repository);
    expect(await against(paul, id)).toBeNull();
    const [person] = (await plane.people.list()).filter(({ name }) => name === "jo@shop.example");
    for (const key of person?.keys ?? []) {
      if (key.removedAt === null) await plane.people.removeKey(owner, key.id);
    }
    expect(await against(paul, id)).toMatch(/counts as everybody/);
    for (const name of ["jo@shop.example", "paul@shop.example"]) {
      await expect(commitKey(name, signed.jo)).rejects.toMatchObject({ code: "conflict" });
    }
  });
});

describe("a merge", () => {
  async function merged(said: { side: Signer | null; third?: Signer | null }) {
    const repository = new Repository();
    repository.commit({ key: maria });
    for (const branch of ["side", "third"]) repository.git(["branch", branch]);
    const live = repository.commit({ key: maria });
    for (const [branch, key] of [
      ["side", said.side],
      ["third", said.third ?? maria],
    ] as const) {
      repository.git(["checkout", "-q", branch]);
      repository.commit({ key });
    }
    repository.git(["checkout", "-q", "main"]);
    repository.merge(["side", "third"], { key: maria });
    return { repository, live };
  }

  async function both(said: Parameters<typeof merged>[0], lie?: (side: string) => Handing["lie"]) {
    const { repository, live } = await merged(said);
    repository.git(["checkout", "-q", live]);
    const before = await handIn(repository);
    repository.git(["checkout", "-q", "main"]);
    const told = lie?.(repository.head("side"));
    const after = await handIn(repository, { since: live, ...(told ? { lie: told } : {}) });
    return against(paul, after.id, before.id);
  }

  it("of several branches is whole when every commit of each is somebody's", async () => {
    expect(await both({ side: maria })).toBeNull();
  });

  it("hides no commit: not one that nobody signed, and not one that the release leaves out", async () => {
    expect(await both({ side: null })).toMatch(/counts as everybody/);
    const leftOut =
      (side: string): Handing["lie"] =>
      (source) => ({
        ...source,
        commits: source.commits.filter(({ revision }) => revision !== side),
      });
    expect(await both({ side: null }, leftOut)).toMatch(/author of what is not shown/);
    expect(await both({ side: paulsOwn }, leftOut)).toMatch(/author of what is not shown/);
  });

  it("that was picked from another branch is its author's and its signer's", async () => {
    const repository = new Repository();
    repository.commit({ key: maria });
    repository.git(["checkout", "-q", "-b", "side"]);
    const picked = repository.commit({ author: "Paul <paul@shop.example>" });
    repository.git(["checkout", "-q", "main"]);
    repository.pick(picked, { key: maria, author: "Maria <maria@shop.example>" });
    const { id } = await handIn(repository);
    expect(await against(paul, id)).toMatch(/own work: the author/);
  });
});

describe("a repository that tells another history", () => {
  it("by replaced objects or grafts is read as it is", async () => {
    const repository = new Repository();
    const forged = repository.commit({ key: null, author: "Paul <paul@shop.example>" });
    const good = repository.commit({ key: maria });
    repository.git(["replace", forged, good]);
    const { id } = await handIn(repository);
    expect(await against(paul, id)).toMatch(/own work: the author/);
  });

  it("by what the release says of its commits gains nothing", async () => {
    const repository = new Repository();
    repository.commit({ key: maria, author: "Paul <paul@home.example>" });
    const other = { name: "Maria", email: "maria@shop.example" };
    const { id } = await handIn(repository, {
      lie: (source) => ({
        ...source,
        commits: source.commits.map((commit) => ({ ...commit, author: other, committer: other })),
      }),
    });
    expect(await against(paul, id)).toMatch(/own work: the author/);
  });
});
