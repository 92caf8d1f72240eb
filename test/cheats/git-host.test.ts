import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyPack } from "../../src/audit/verify-pack.ts";
import { involved, peopleIn } from "../../src/engine/approvals/gather.ts";
import { lineageOf } from "../../src/engine/approvals/lineage.ts";
import { approverStanding } from "../../src/engine/approvals/standing.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { reviewFacts } from "../../src/engine/facts/reviews.ts";
import { ownWork } from "../../src/identity/approval/separation.ts";
import type { Environment } from "../../src/model/pipeline.ts";
import type { Digest } from "../../src/model/primitives.ts";
import type { Commit, Release } from "../../src/model/release.ts";
import type { ControlPlane } from "../../src/ports/control-plane.ts";
import { documentByDigest } from "../../src/store/queries/catalogue.ts";
import { type Approver, enrolApprover } from "../support/approvals-lab.ts";
import { documents, EngineBench, makeRelease } from "../support/engine-bench.ts";

/** Unsigned commits, and what a git host says of them. The host answers as GitHub's documentation has it. */

let bench: EngineBench;
let plane: ControlPlane;
let engine: Engine;
let paul: Approver;
let server: Server;
let at: string;
let count = 0;

const owner = { id: "owner@shop.example" };
const admin = { id: "admin@shop.example" };
const registrar = { id: "registrar@shop.example" };

interface Pull {
  readonly commits: readonly string[];
  readonly merged: string;
  readonly openedBy?: number;
  readonly mergedBy?: number;
  /** Commit to who pushed it. */
  readonly pushes: readonly (readonly [string, number])[];
  readonly approvals?: readonly (readonly [number, string])[];
}
let pull: Pull;
let broken = false;

function answer(path: string): unknown {
  const user = (id: number) => ({ id });
  const { commits, merged, openedBy = 1, mergedBy = 1, pushes, approvals = [] } = pull;
  if (broken && path.includes("/reviews")) return null;
  if (path.endsWith("/protection")) return { enforce_admins: { enabled: true } };
  if (path.includes("/rules/")) return [];
  if (/commits\/[0-9a-f]+\/pulls/.test(path)) {
    const known = [...commits, merged].some((one) => path.includes(one));
    return known ? [{ number: 7, merged_at: "2026-01-01T00:00:00Z", base: { ref: "main" } }] : [];
  }
  if (path.endsWith("/pulls/7")) {
    const head = { sha: commits.at(-1), ref: "topic", repo: { full_name: "acme/shop" } };
    return {
      number: 7,
      merged: true,
      commits: commits.length,
      merge_commit_sha: merged,
      user: user(openedBy),
      merged_by: user(mergedBy),
      head,
    };
  }
  if (path.endsWith("/pulls/7/commits")) return commits.map((sha) => ({ sha }));
  if (path.endsWith("/pulls/7/reviews")) {
    return approvals.map(([by, commit_id]) => ({ user: user(by), state: "APPROVED", commit_id, submitted_at: "2026-01-02T00:00:00Z" })); // prettier-ignore
  }
  return pushes.map(([after, by], index) => ({
    before: pushes[index - 1]?.[0] ?? "0".repeat(40),
    after,
    ref: "refs/heads/topic",
    timestamp: new Date(index * 1_000).toISOString(),
    activity_type: "push",
    actor: user(by),
  }));
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const said = answer((request.url ?? "").split("?")[0] ?? "");
    response.statusCode = said === null ? 403 : 200;
    const topic =
      !(request.url ?? "").includes("activity") || (request.url ?? "").includes("topic");
    response.end(JSON.stringify(topic ? said : []));
  });
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  at = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  bench = await EngineBench.create();
  const worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  ({ controlPlane: plane, engine } = worker);
  bench.secrets.set("GIT_HOST_TOKEN", "s3cret-token");
  paul = await enrolApprover(plane, "paul@shop.example", ["sre"], { by: admin });
  await plane.people.add(registrar, { name: "paul@shop.example", also: [`${at}:2`] });
  await plane.people.add(registrar, { name: "maria@shop.example", also: [`${at}:1`] });
  await plane.people.add(registrar, { name: "jo@shop.example", also: [`${at}:3`] });
  await apply(`http://${at}`);
});

async function apply(url: string): Promise<void> {
  const text = documents({ dev: "      approvals: [{ role: sre }]" });
  const reviews = `  reviews: { kind: github, url: "${url}", projects: { shop: acme/shop }, token: GIT_HOST_TOKEN }`;
  const placed = text.replace("  tier: development\n", `  tier: development\n${reviews}\n`);
  await plane.applyDocuments(owner, "t.yaml", placed);
}

afterAll(async () => {
  server.close();
  await bench.close();
});

const sha = (index: number) => `${count}`.padStart(8, "a").padEnd(39, "0") + String(index);

function commit(revision: string, email = "maria@shop.example"): Commit {
  const person = { name: "Somebody", email };
  return {
    revision,
    subject: "change",
    at: "2026-01-01T00:00:00Z",
    author: person,
    committer: person,
    coAuthors: [],
  };
}

async function handIn(commits: readonly Commit[]) {
  const revision = commits.at(-1)?.revision ?? "";
  const source: Release["source"] = {
    kind: "git",
    revision,
    dirty: false,
    truncated: false,
    commits: [...commits],
  };
  return plane.createRelease(owner, makeRelease(bench, `1.${count}.0`, { source }));
}

/** A release with these commits of maria's, brought by a pull request. */
async function brought(said: Partial<Pull> = {}, more: readonly Commit[] = []) {
  count += 1;
  const [a, b, merged] = [sha(1), sha(2), sha(3)];
  pull = { commits: [a, b], merged, pushes: [[b, 1]], ...said };
  const release = await handIn([commit(a), commit(b), commit(merged), ...more]);
  return { release, a, b, merged };
}

const fetch = (version: string) =>
  plane.hostReviews.fetch(owner, { service: "shop", release: version, environment: "dev" });

async function siteOf(release: Digest) {
  const { db } = bench.database;
  let row = await db.selectFrom("promotions").select("plan").limit(1).executeTakeFirst();
  if (!row) {
    const { id } = await plane.promote(owner, { service: "shop", environment: "dev", release });
    row = await db
      .selectFrom("promotions")
      .select("plan")
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    await plane.abort(owner, id);
  }
  return { ...row.plan, release, live: null };
}

async function against(release: Digest): Promise<string | null> {
  const { db } = bench.database;
  const plan = await siteOf(release);
  const lineage = await lineageOf(engine, db, plan, "");
  const [key] = await db.selectFrom("person_keys").select("key_id").where("person", "=", paul.person).execute(); // prettier-ignore
  const who = { person: paul.person, role: "sre", key: key?.key_id ?? "", signedAt: new Date() };
  const standing = await approverStanding(db, plan.lane, who, new Date());
  const given = { person: paul.person, also: standing.also, enrolments: [] };
  return ownWork(given, await involved(db, lineage, peopleIn([given])), "team");
}

async function facts(release: Digest, now = new Date()) {
  const plan = await siteOf(release);
  const environment = await documentByDigest<Environment>(bench.database.db, "Environment", plan.environment); // prettier-ignore
  return reviewFacts({ engine, plan, release: {} as Release, now }, environment ?? null);
}

describe("unsigned commits whose pusher a trusted git host knows", () => {
  it("are somebody's once the host was asked, and until what it said is too old", async () => {
    const { release, b } = await brought({ approvals: [[3, sha(2).replace(/^a+\d+/, (m) => m)]] });
    expect(await against(release.id)).toMatch(/counts as everybody/);
    pull = { ...pull, approvals: [[3, b]] };
    const shown = await fetch(release.version);
    expect(shown).toMatchObject({
      problems: [],
      stale: false,
      figures: { unreviewed: 0, approvals: 1 },
    });
    expect(JSON.stringify(shown)).not.toContain("s3cret-token");
    expect(await against(release.id)).toBeNull();
    expect(await facts(release.id)).toMatchObject({
      review: { commits: 3, unreviewed: 0, approvals: 1, staleApprovals: 0 },
      branch: { protected: true, includesAdmins: true },
    });
    const later = new Date(Date.now() + 2 * 86_400_000);
    expect(await facts(release.id, later)).toEqual({ review: null, branch: null });
    expect(await plane.ledger.verifyState()).toMatchObject({ ok: true });
    const asked = { kind: "release" as const, service: "shop", release: release.version, seen: [] };
    const { zip } = await plane.exportPack(owner, asked);
    expect(Buffer.from(zip).includes("s3cret-token")).toBe(false);
    expect(verifyPack(zip, null).report.problems).toEqual([]);
  });

  it.each<[string, (a: string, b: string) => Partial<Pull>, RegExp]>([
    [
      "pushed one of them, whoever its author line names",
      (a, b) => ({
        pushes: [
          [a, 2],
          [b, 1],
        ],
      }),
      /own work: the pusher of commit/,
    ],
    ["merged it", () => ({ mergedBy: 2 }), /own work: the (pusher of commit|merger of #7)/],
    ["opened it", () => ({ openedBy: 2 }), /own work: the opener of #7/],
  ])("free nobody who %s", async (_, said, why) => {
    count += 1;
    const [a, b] = [sha(1), sha(2)];
    count -= 1;
    const { release } = await brought(said(a, b));
    await fetch(release.version);
    expect(await against(release.id)).toMatch(why);
  });

  it("are everybody's where an account is nobody's here, a push is not known, or a commit came without a pull request", async () => {
    const stranger = await brought({ mergedBy: 99 });
    await fetch(stranger.release.version);
    expect(await against(stranger.release.id)).toMatch(
      /merger of #7 .*counts as everybody|pusher of commit .*counts as everybody|counts as everybody/,
    );
    const forgotten = await brought({ pushes: [] });
    await fetch(forgotten.release.version);
    expect(await against(forgotten.release.id)).toMatch(/counts as everybody/);
    const direct = await brought({}, [commit("d".repeat(40))]);
    const shown = await fetch(direct.release.version);
    expect(shown.figures).toMatchObject({ unreviewed: 4 });
    expect(await against(direct.release.id)).toMatch(/commit dddddddddddd .*counts as everybody/);
  });

  it("count a reviewer of an earlier head as none, and what could not be read as not known", async () => {
    count += 1;
    const first = sha(1);
    count -= 1;
    const { release } = await brought({ approvals: [[3, first]] });
    const shown = await fetch(release.version);
    expect(shown.figures).toMatchObject({ approvals: 0, staleApprovals: 1, unreviewed: 3 });
    broken = true;
    const unread = await fetch(release.version);
    broken = false;
    expect(unread.problems.join()).toContain("answers 403");
    expect(unread.figures).toBeNull();
    expect(await facts(release.id)).toMatchObject({ review: null });
    // What it said before is not what it says now.
    expect(await against(release.id)).toMatch(/counts as everybody/);
  });

  it("are everybody's by the word of a host that the owners name no more, and the token does not follow its address", async () => {
    const { release } = await brought();
    await fetch(release.version);
    await apply("http://127.0.0.1:9");
    await expect(fetch(release.version)).rejects.toMatchObject({ code: "forbidden" });
    await expect(
      plane.hostReviews.show({ service: "shop", release: release.version, environment: "dev" }),
    ).rejects.toMatchObject({ code: "not-found" });
  });
});
