import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Approver,
  askedApproval,
  enrolApprover,
  type Said,
  signedApproval,
} from "../../../test/support/approvals-lab.ts";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  until,
} from "../../../test/support/engine-bench.ts";
import type { ApprovalView } from "../../api/routes/approvals.ts";
import { verifyPack } from "../../audit/verify-pack.ts";
import type { Release } from "../../model/release.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";
import { lineageOf } from "./lineage.ts";

let bench: EngineBench;
let plane: ControlPlane;

const dev = { service: "shop", environment: "dev", release: "1.0.0" };
const asks = (line = "{ role: sre }") => `      approvals: [${line}]`;

beforeEach(async () => {
  bench = await EngineBench.create();
  const worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  plane = worker.controlPlane;
});

afterEach(() => bench.close());

async function start(
  more: {
    line?: string;
    by?: { id: string };
    applied?: { id: string };
    release?: Partial<Release>;
  } = {},
): Promise<string> {
  const { line, by = operator, applied = operator } = more;
  await plane.applyDocuments(applied, "t.yaml", documents({ dev: asks(line) }));
  await plane.createRelease(operator, makeRelease(bench, "1.0.0", more.release));
  return (await plane.promote(by, dev)).id;
}

const answer = async (view: ApprovalView, who: Approver, said: Said = {}) =>
  plane.approvals.answer(view.id, await signedApproval(view, who, said));

const commit = (email: string, name: string): Release["source"] => ({
  kind: "git",
  revision: "a".repeat(40),
  dirty: false,
  truncated: false,
  commits: [
    {
      revision: "a".repeat(40),
      subject: "change",
      at: "2026-01-01T00:00:00Z",
      author: { email, name },
      committer: { email, name },
      coAuthors: [],
    },
  ],
});

describe("a gate that asks for approval", () => {
  it("waits for a signature over exactly this, opens with it, and says that solo claims nothing", async () => {
    const maria = await enrolApprover(plane, "maria@shop.example", ["sre"]);
    const id = await start();
    const view = await askedApproval(plane, id);
    expect(view).toMatchObject({ state: "open", asked: { promotion: id, environment: "dev" } });
    const waiting = await until(
      () => plane.showPromotion(id),
      ({ waiting: one }) => one !== null,
    );
    expect(waiting.waiting?.who).toContain("somebody with the role sre");
    const answered = await answer(view, maria);
    expect(answered.answers).toMatchObject([{ person: maria.person, purpose: "approve" }]);
    const done = await ended(plane, id);
    expect(done.state).toBe("complete");
    const said = done.decision?.reasons.filter(({ rule }) => rule === "approvals");
    expect(said?.map(({ message }) => message).join()).toMatch(/1 of 1 approved as sre.*solo mode/);
    expect(await plane.ledger.verifyState()).toMatchObject({ ok: true });
    const { zip } = await plane.exportPack(operator, {
      kind: "release",
      service: "shop",
      release: "1.0.0",
      seen: [],
    });
    const { report, story } = verifyPack(zip, null);
    expect(report.problems).toEqual([]);
    // Who she is and who made her comes from the log's own entries, which the pack holds.
    expect(story?.people).toMatchObject([
      {
        person: maria.person,
        words: [
          { what: "approved as sre", absent: null, held: [{ what: "the right approve:sre" }] },
        ],
        keys: [{ kind: "key file", removed: null }],
        acts: [
          { what: "the key", by: [], proven: false },
          { what: "the right approve:sre", by: [], proven: false },
        ],
      },
    ]);
    expect(report.checks.find((one) => one.id === "approvals")).toMatchObject({ count: 1 });
  });

  it("denies what somebody rejected, and says who", async () => {
    const maria = await enrolApprover(plane, "maria@shop.example", ["sre"]);
    const id = await start();
    await answer(await askedApproval(plane, id), maria, {
      purpose: "reject",
      reason: "no way back",
    });
    const done = await ended(plane, id);
    expect(done.state).toBe("failed");
    expect(done.message).toContain(`${maria.person} rejected it as sre`);
    const [asked] = await plane.approvals.list({ state: "any", promotion: id, limit: 1 });
    const [said] = (await plane.approvals.show(asked?.id ?? "")).answers;
    expect(said).toMatchObject({ purpose: "reject", reason: "no way back" });
  });

  it("wants as many different people as are asked for, of a floor and a pipeline together", async () => {
    const maria = await enrolApprover(plane, "maria@shop.example", ["sre"]);
    const paul = await enrolApprover(plane, "paul@shop.example", ["sre", "security"]);
    const id = await start({ line: "{ role: sre, count: 1 }, { role: security }" });
    const view = await askedApproval(plane, id);
    await answer(view, paul, { role: "security" });
    await expect(answer(view, paul, { role: "sre" })).rejects.toMatchObject({ code: "conflict" });
    expect((await plane.showPromotion(id)).state).toBe("running");
    await answer(view, maria, { role: "sre" });
    expect((await ended(plane, id)).state).toBe("complete");
  });

  it("counts somebody once who was enrolled twice", async () => {
    const names = ["Maria@shop.example", "maria+phone@shop.example"];
    const both = await Promise.all(names.map((name) => enrolApprover(plane, name, ["sre"])));
    const paul = await enrolApprover(plane, "paul@shop.example", ["sre"]);
    const id = await start({ line: "{ role: sre, count: 2 }" });
    const view = await askedApproval(plane, id);
    for (const one of both) await answer(view, one);
    const { says } =
      (await plane.approvals.list({ promotion: id, state: "open", limit: 10 }))[0] ?? {};
    expect(JSON.stringify(says)).toContain("1 of 2 approved");
    await answer(view, paul);
    expect((await ended(plane, id)).state).toBe("complete");
  });

  it("refuses a changed byte, another environment, a second answer, and an answer without a right", async () => {
    const maria = await enrolApprover(plane, "maria@shop.example", ["sre"]);
    const nobody = await enrolApprover(plane, "nobody@shop.example", []);
    const id = await start();
    const view = await askedApproval(plane, id);
    const other = (change: object) => ({ ...view, asked: { ...view.asked, ...change } });
    const flipped = view.asked.plan.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    for (const change of [{ plan: flipped }, { environment: "production" }, { policy: flipped }]) {
      const bytes = await signedApproval(other(change), maria);
      await expect(plane.approvals.answer(view.id, bytes)).rejects.toMatchObject({
        code: "invalid-input",
        message: expect.stringContaining("it was signed for another"),
      });
    }
    const seen = { ...view, basis: { checks: [], findings: null } };
    await expect(
      plane.approvals.answer(view.id, await signedApproval(seen, maria)),
    ).rejects.toMatchObject({ code: "invalid-input" });
    await expect(answer(view, nobody)).rejects.toMatchObject({ code: "forbidden" });
    // Another person's words under the own key.
    await expect(answer(view, { ...nobody, person: maria.person })).rejects.toMatchObject({
      code: "invalid-input",
    });
    const bytes = await signedApproval(view, maria);
    await plane.approvals.answer(view.id, bytes);
    await expect(plane.approvals.answer(view.id, bytes)).rejects.toMatchObject({
      code: "conflict",
    });
  });
});

describe("own work", () => {
  it("does not count: not under a second e-mail, not as its promoter, not as who wrote the policy", async () => {
    const maria = await enrolApprover(plane, "maria@shop.example", ["sre"], {
      also: ["maria@home.example"],
    });
    const paul = await enrolApprover(plane, "paul@shop.example", ["sre"]);
    const anna = await enrolApprover(plane, "anna@shop.example", ["sre"]);
    const id = await start({
      by: { id: "Paul@shop.example" },
      applied: { id: "anna@shop.example" },
      release: { source: commit("MARIA@home.example", "M") },
    });
    const view = await askedApproval(plane, id);
    const why = { code: "forbidden", message: expect.stringContaining("own work") };
    await expect(answer(view, maria)).rejects.toMatchObject(why);
    await expect(answer(view, paul)).rejects.toMatchObject(why);
    await expect(answer(view, anna)).rejects.toMatchObject(why);
    // Whoever worked on it may say that it must not go.
    await answer(view, maria, { purpose: "reject", reason: "I broke it" });
    expect((await ended(plane, id)).state).toBe("failed");
  });

  it("is also that of whom a developer has enrolled: a sock puppet approves nothing", async () => {
    const puppet = await enrolApprover(plane, "puppet@shop.example", ["sre"], {
      by: { id: "dev@shop.example" },
    });
    const id = await start({ release: { source: commit("dev@shop.example", "Dev") } });
    await expect(answer(await askedApproval(plane, id), puppet)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("whoever enrolled"),
    });
  });

  it("is everybody's in a team where nobody is proven, and a forged author frees nobody", async () => {
    const people = await Promise.all(
      ["maria", "paul"].map((name) => enrolApprover(plane, `${name}@shop.example`, ["sre"])),
    );
    const right = { right: "policy.change", service: null, environment: null };
    for (const name of ["maria", "paul"]) {
      await plane.people.grant(operator, { name: `${name}@shop.example`, ...right });
    }
    const id = await start({ release: { source: commit("somebody@else.example", "Else") } });
    const view = await askedApproval(plane, id);
    await plane.policy.setGovernance(operator, "team");
    for (const one of people) {
      await expect(answer(view, one)).rejects.toMatchObject({
        code: "forbidden",
        message: expect.stringContaining("counts as everybody"),
      });
    }
  });

  it("is not proven where a release names none of its commits, or not those since what is live", async () => {
    const { db } = bench.database;
    const told = async (id: string) => {
      const { plan } = await db.selectFrom("promotions").select("plan").where("id", "=", id).executeTakeFirstOrThrow(); // prettier-ignore
      const { deeds } = await lineageOf(bench.worker().engine, db, plan, id);
      return deeds.flatMap(({ what, proven }) => (proven || !what.startsWith("author of commits") ? [] : [what])); // prettier-ignore
    };
    await enrolApprover(plane, "maria@shop.example", ["sre"]);
    const source = commit("maria@shop.example", "M");
    const none = { ...source, commits: [] } as Release["source"];
    expect(await told(await start({ release: { source: none } }))).toEqual([
      "author of commits that the release does not name",
    ]);
    // It says to be the first one, and brings its newest commit alone.
    const revision = "b".repeat(40);
    const newest = source.kind === "git" ? source.commits.map((one) => ({ ...one, revision })) : [];
    const later = { ...source, revision, commits: newest } as Release["source"];
    const { id: release } = await plane.createRelease(operator, makeRelease(bench, "1.1.0", { source: later })); // prettier-ignore
    const { plan } = await db.selectFrom("promotions").select("plan").executeTakeFirstOrThrow();
    const live = await plane.createRelease(operator, makeRelease(bench, "0.9.0", { source }));
    const since = { release: live.id, colour: "blue" as const, configuration: plan.configuration };
    const lineage = await lineageOf(
      bench.worker().engine,
      db,
      { ...plan, release, live: since },
      "",
    );
    expect(lineage.deeds.map(({ what }) => what)).toContain(
      "author of commits before this release's own",
    );
  });

  it("cannot be hidden behind a name of a name", async () => {
    await plane.people.add(operator, { name: "maria@shop.example", also: ["maria@home.example"] });
    const chained = { name: "mary@shop.example", also: ["maria@shop.example"] };
    await expect(plane.people.add(operator, chained)).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("another name here already"),
    });
  });

  it("may be hidden behind a reset key: that one waits for a day", async () => {
    await enrolApprover(plane, "maria@shop.example", ["sre"]);
    const id = await start();
    const again = await enrolApprover(plane, "maria@shop.example", []);
    await expect(answer(await askedApproval(plane, id), again)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("cannot approve before"),
      hint: expect.stringMatching(/^nothing is missing: it waits.* Sign from \S+Z \(UTC\) on/),
    });
  });
});

describe("what was signed", () => {
  it("is void when the policy becomes another one, says so, and people are asked anew", async () => {
    const maria = await enrolApprover(plane, "maria@shop.example", ["sre", "qa"]);
    const paul = await enrolApprover(plane, "paul@shop.example", ["sre"]);
    const id = await start({ line: "{ role: sre }, { role: qa }" });
    const view = await askedApproval(plane, id);
    await answer(view, paul);
    const text = documents({ dev: `${asks("{ role: sre }, { role: qa }")}\n      soak: 1s` });
    await plane.applyDocuments(operator, "t.yaml", text);
    // A look at the gate, which nothing but time would bring.
    await bench.database.db.updateTable("promotions").set({ wake_at: null }).execute();
    const fresh = await askedApproval(plane, id, (one) => one.id !== view.id);
    const old = await plane.approvals.show(view.id);
    expect(old).toMatchObject({ state: "void", why: expect.stringContaining("the policy is") });
    await expect(answer(view, maria, { role: "qa" })).rejects.toMatchObject({ code: "conflict" });
    await answer(fresh, maria, { role: "qa" });
    await answer(fresh, paul);
    expect((await ended(plane, id)).state).toBe("complete");
  });

  it("counts no more once key or right are gone, and not yet before its time", async () => {
    const maria = await enrolApprover(plane, "maria@shop.example", ["sre"]);
    const id = await start({ line: "{ role: sre, count: 2 }" });
    const view = await askedApproval(plane, id);
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const said = await answer(view, maria, { notBefore: later });
    expect(said.says.map(({ message }) => message).join()).toContain(`it counts from ${later} on`);
    const [person] = (await plane.people.list()).filter((one) => one.person === maria.person);
    await plane.people.revoke(operator, person?.grants[0]?.id ?? "");
    const gone = await plane.approvals.show(view.id);
    expect(gone.says.map(({ message }) => message).join()).toContain(
      "nobody gave this person the right",
    );
    await plane.abort(operator, id);
  });

  it("is what the ledger says: a row that somebody edits opens nothing", async () => {
    const maria = await enrolApprover(plane, "maria@shop.example", ["sre"]);
    const id = await start({ line: "{ role: sre, count: 2 }" });
    const view = await askedApproval(plane, id);
    await answer(view, maria);
    await sql`update approval_requests set asked = jsonb_set(asked, '{asks,0,count}', '1')`.execute(
      bench.database.db,
    );
    await sql`update promotions set wake_at = null`.execute(bench.database.db);
    const done = await ended(plane, id);
    expect(done.state).toBe("failed");
    expect(done.message).toContain("changed behind the ledger");
  });
});
