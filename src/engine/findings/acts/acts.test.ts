import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EngineBench, makeRelease, operator } from "../../../../test/support/engine-bench.ts";
import { consentBy, enrol, type Somebody } from "../../../../test/support/findings.ts";
import type { ProposalView } from "../../../api/views/finding.ts";
import type { FindingAct } from "../../../model/finding-act.ts";
import type { FindingId } from "../../../model/finding.ts";
import type { Digest } from "../../../model/primitives.ts";
import type { ControlPlane } from "../../../ports/control-plane.ts";
import { sealImport } from "../../../store/queries/finding-seal.ts";
import { verifyState } from "../../ledger/verify-state.ts";

let bench: EngineBench;
let plane: ControlPlane;
let release: Digest;
let id: FindingId;
let alice: Somebody;
let bob: Somebody;

beforeAll(async () => {
  bench = await EngineBench.create();
  const worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  plane = worker.controlPlane;
  const made = await plane.createRelease({ id: "builder" }, makeRelease(bench, "1.0.0"));
  release = made.id;
  alice = await enrol(plane, "alice");
  bob = await enrol(plane, "bob");
}, 60_000);

afterAll(() => bench.close());

let count = 0;

/** A finding as an import leaves it. */
beforeEach(async () => {
  count += 1;
  const one = `i${count}`;
  await bench.database.db.transaction().execute(async (tx) => {
    await tx
      .insertInto("finding_imports")
      .values({
        id: one,
        service: "shop",
        release,
        scope: "s",
        subject: "",
        format: "sarif",
        tool: "semgrep",
        tool_version: "1",
        trust: "own",
        report_digest: release,
        report_bytes: 1,
        complete: true,
        made_at: null,
        missing: "",
        observations: 1,
        opened: 1,
        reopened: 0,
        matched: 0,
        unseen: 0,
        claims: 0,
        changes_digest: "",
        added_by: "operator",
      })
      .execute();
    const { id: finding } = await tx
      .insertInto("findings")
      .values({
        service: "shop",
        kind: "code",
        rule: "eval",
        title: "eval of input",
        place: JSON.stringify({ kind: "file", path: "a.js" }),
        severity: "high",
        severity_stated: true,
        aliases: [],
        cwe: [],
        tools: ["semgrep"],
        details: "{}",
        first_seen: new Date(),
        first_release: release,
        trusted: true,
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    await tx
      .insertInto("finding_sights")
      .values({ finding, last_seen: new Date(), last_release: release })
      .execute();
    await tx
      .insertInto("finding_fingerprints")
      .values({ service: "shop", algorithm: "a/1", value: one, finding, import: one })
      .execute();
    await tx
      .insertInto("observations")
      .values({ import: one, ordinal: 0, finding, severity: "high", content: "{}" })
      .execute();
    await tx
      .insertInto("finding_scopes")
      .values({
        finding,
        scope: "s",
        tool: "semgrep",
        first_import: one,
        last_import: one,
        severity: "high",
      })
      .execute();
    await tx
      .insertInto("finding_changes")
      .values({
        finding,
        import: one,
        kind: "opened",
        to_status: "open",
        detail: JSON.stringify({ severity: "high" }),
      })
      .execute();
    await sealImport(tx, one);
    id = `F-${finding}`;
  });
});

const soon = () => new Date(Date.now() + 86_400_000).toISOString();
const notReal = (): FindingAct => ({ kind: "false-positive", reason: "dead code", until: soon() });

async function propose(act = notReal()): Promise<ProposalView> {
  const { proposal } = await plane.findings.act(operator, id, act);
  if (!proposal) throw new Error("nothing was proposed");
  return proposal;
}

async function row() {
  return bench.database.db
    .selectFrom("findings")
    .selectAll()
    .where("id", "=", id.slice(2))
    .executeTakeFirstOrThrow();
}

describe("what anybody may say", () => {
  it("leads as far as fixed, and each act is an entry and a change", async () => {
    await plane.findings.act(operator, id, { kind: "triage", note: "looks real" });
    await plane.findings.act(operator, id, { kind: "assign", to: "carol" });
    await plane.findings.act(operator, id, { kind: "start" });
    await plane.findings.act(operator, id, { kind: "fix" });
    expect(await row()).toMatchObject({ status: "fixed", assignee: "carol", changes: 5 });
    await plane.findings.act(operator, id, { kind: "reopen", reason: "it is still there" });
    expect(await row()).toMatchObject({ status: "open", reopened: 1, fixed_at: null });
    const changes = await bench.database.db
      .selectFrom("finding_changes")
      .select(["kind", "from_status", "to_status"])
      .where("finding", "=", id.slice(2))
      .orderBy("id")
      .execute();
    expect(changes.map(({ kind }) => kind)).toEqual(
      ["opened", "triage", "assign", "start", "fix", "reopen"], // prettier-ignore
    );
  });

  it("refuses the slower of two operators with what happened", async () => {
    const seen = (await row()).changes;
    await plane.findings.act(operator, id, { kind: "assign", to: "carol" }, seen);
    await expect(
      plane.findings.act(operator, id, { kind: "assign", to: "dave" }, seen),
    ).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("was changed") });
    expect(await row()).toMatchObject({ assignee: "carol" });
  });

  it("stops and starts the clock with a reason, and refuses what leads nowhere", async () => {
    await plane.findings.act(operator, id, { kind: "pause", reason: "waits for the vendor" });
    expect(await row()).toMatchObject({ paused: "waits for the vendor" });
    const { rows: changes } = await sql<{ detail: object }>`
      select detail from finding_changes where kind = 'pause'`.execute(bench.database.db);
    expect(changes).toMatchObject([
      {
        detail: { before: { paused: null }, after: { paused: "waits for the vendor" } },
      },
    ]);
    await expect(
      plane.findings.act(operator, id, { kind: "pause", reason: "again" }),
    ).rejects.toMatchObject({ code: "conflict" });
    await plane.findings.act(operator, id, { kind: "resume" });
    expect(await row()).toMatchObject({ paused: null, paused_at: null });
    await expect(
      plane.findings.act(operator, "F-999999", { kind: "triage" }),
    ).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("a judgement", () => {
  it("counts when two different people have signed it, and not before", async () => {
    const proposal = await propose();
    expect(await row()).toMatchObject({ status: "open" });
    const first = await plane.findings.consent(
      operator,
      proposal.id,
      await consentBy(alice, proposal), // prettier-ignore
    );
    expect(first).toMatchObject({ state: "waiting", consents: [{ name: "alice" }] });
    expect(await row()).toMatchObject({ status: "open" });
    await expect(
      plane.findings.consent(operator, proposal.id, await consentBy(alice, proposal)),
    ).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("this person") });
    const second = await plane.findings.consent(
      operator,
      proposal.id,
      await consentBy(bob, proposal), // prettier-ignore
    );
    expect(second).toMatchObject({ state: "in-force" });
    expect(await row()).toMatchObject({ status: "false-positive" });
    expect(await plane.findings.proposals({ state: "waiting", limit: 9 })).not.toContainEqual(
      expect.objectContaining({ id: proposal.id }),
    );
  });

  it("is not signed by one person who was enrolled twice", async () => {
    const proposal = await propose();
    const [first, second] = [
      await enrol(plane, `zoe${count}@shop.example`),
      await enrol(plane, `Zoe${count}+lab@shop.example`),
    ];
    await plane.findings.consent(operator, proposal.id, await consentBy(first, proposal));
    await expect(
      plane.findings.consent(operator, proposal.id, await consentBy(second, proposal)),
    ).rejects.toMatchObject({ code: "forbidden", message: expect.stringContaining("both") });
  });

  it("is not signed by a key that was reset lately, by whom the other one enrolled, or after a key that is gone", async () => {
    const proposal = await propose();
    const [first, other] = [await enrol(plane, `ida${count}`), await enrol(plane, `kai${count}`)];
    const sign = async (who: Somebody) =>
      plane.findings.consent(operator, proposal.id, await consentBy(who, proposal));
    const reset = await enrol(plane, `kai${count}`, { judges: false });
    await expect(sign({ person: other.person, key: reset.key })).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("not the person's first"),
    });
    await sign(first);
    const puppet = await enrol(plane, `lou${count}`, { by: { id: `ida${count}` } });
    await expect(sign(puppet)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("whoever enrolled"),
    });
    const view = (await plane.people.list()).find(({ name }) => name === `ida${count}`);
    await plane.people.removeKey(operator, view?.keys[0]?.id ?? "");
    await expect(sign(other)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("the first signature counts no more"),
    });
    expect(await row()).toMatchObject({ status: "open" });
  });

  it("is signed for one finding, one proposal and one text", async () => {
    const proposal = await propose();
    const other = await propose({ ...notReal(), reason: "another" } as FindingAct);
    for (const envelope of [
      await consentBy(alice, other),
      await consentBy(alice, proposal, { finding: "F-1000" }),
      await consentBy(alice, proposal, { ledger: "tidelock/another" }),
      await consentBy({ person: alice.person, key: bob.key }, proposal),
      await consentBy({ person: bob.person, key: alice.key }, proposal),
      Buffer.from("{}"),
    ]) {
      await expect(plane.findings.consent(operator, proposal.id, envelope)).rejects.toMatchObject({
        code: "invalid-input",
      });
    }
    expect(await row()).toMatchObject({ status: "open" });
  });

  it("is nobody's who was not given the right, and not confirmed by who built the release", async () => {
    const proposal = await propose();
    const eve = await enrol(plane, `eve${count}`, { judges: false });
    await expect(
      plane.findings.consent(operator, proposal.id, await consentBy(eve, proposal)),
    ).rejects.toMatchObject({ code: "forbidden" });
    const builder = await enrol(plane, "builder");
    await plane.findings.consent(operator, proposal.id, await consentBy(alice, proposal));
    await expect(
      plane.findings.consent(operator, proposal.id, await consentBy(builder, proposal)),
    ).rejects.toMatchObject({ code: "forbidden", message: expect.stringContaining("own work") });
    expect(await row()).toMatchObject({ status: "open" });
  });

  it("ends within a year, and lapses when the finding has changed since", async () => {
    const far = new Date(Date.now() + 500 * 86_400_000).toISOString();
    await expect(propose({ ...notReal(), until: far } as FindingAct)).rejects.toMatchObject({
      code: "invalid-input",
    });
    const proposal = await propose();
    await bench.database.db
      .updateTable("findings")
      .set({ severity: "critical" })
      .where("id", "=", id.slice(2))
      .execute();
    await expect(
      plane.findings.consent(operator, proposal.id, await consentBy(alice, proposal)),
    ).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("critical now") });
    await bench.database.db
      .updateTable("findings")
      .set({ severity: "high" })
      .where("id", "=", id.slice(2))
      .execute();
  });

  it("stands in the log with everything that followed", async () => {
    const { engine } = bench.workers[0]!;
    expect(await verifyState(engine.log, engine.db)).toMatchObject({ ok: true });
  });
});
