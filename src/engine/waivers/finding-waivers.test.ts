import { afterAll, beforeAll, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import { enrol, envelopeBy, type Somebody } from "../../../test/support/findings.ts";
import type { WaiverView } from "../../api/routes/waivers.ts";
import { findings as check } from "../../checks/findings/index.ts";
import { waiverStatement } from "../../evidence/predicates/waiver-consent.ts";
import type { WaiverWish } from "../../model/waiver.ts";
import type { FindingFilter } from "../../ports/finding-control.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";
import { verifyState } from "../ledger/verify-state.ts";
import { expireWaivers } from "./expire.ts";

let bench: EngineBench;
let worker: Worker;
let plane: ControlPlane;
let people: Somebody[];

const lane = { service: "shop", environment: "dev" };

beforeAll(async () => {
  bench = await EngineBench.create();
  bench.extra.set("findings", check);
  worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  plane = worker.controlPlane;
  const text = documents({
    dev: "      checks: [{ name: findings, uses: findings, phase: static }]",
  }).replace('18081" } }', '18081" } }\n  waivers: { allowed: both }');
  await plane.applyDocuments(operator, "t.yaml", text);
  await plane.createRelease({ id: "builder" }, makeRelease(bench, "1.0.0"));
  await plane.findings.importReport(operator, "shop", { release: "1.0.0" }, report());
  people = [];
  for (const name of ["alice", "bob"]) {
    people.push(await enrol(plane, name, { judges: false }));
    const right = "risks.accept";
    await plane.people.grant(operator, { name, right, service: null, environment: null });
  }
}, 60_000);
afterAll(() => bench.close());

async function* report(): AsyncGenerator<Uint8Array> {
  const results = [
    {
      ruleId: "sqli",
      level: "error",
      message: { text: "input reaches a query" },
      locations: [
        { physicalLocation: { artifactLocation: { uri: "a.js" }, region: { startLine: 3 } } },
      ],
    },
  ];
  const runs = [{ tool: { driver: { name: "scanner", version: "1" } }, results }];
  yield Buffer.from(JSON.stringify({ version: "2.1.0", runs }));
}

async function accepted(of: WaiverWish["of"]): Promise<WaiverView> {
  let view = await plane.waivers.propose(operator, {
    ...lane,
    of,
    reason: "no way around it yet",
    control: "a rule of the firewall",
    owner: "maria",
    until: new Date(Date.now() + 86_400_000).toISOString(),
  });
  for (const { person, key } of people) {
    const envelope = await envelopeBy(key, waiverStatement(view.waived, person));
    view = await plane.waivers.sign(operator, view.id, envelope);
  }
  return view;
}

async function promoted() {
  const { id } = await plane.promote(operator, { ...lane, release: "1.0.0" });
  return ended(plane, id, 30_000);
}

async function listed(filter: Partial<FindingFilter>): Promise<readonly string[]> {
  const { items, total } = await plane.findings.list({ service: "shop", ...filter }, { limit: 10 });
  expect(total).toBe(items.length);
  return items.map(({ id }) => id);
}

/** Whoever looks at the finding sees it, and every list and number of them agrees. */
async function seenAsAccepted({ id }: WaiverView): Promise<void> {
  const view = await plane.findings.show("F-1");
  expect(view).toMatchObject({
    status: "open",
    accepted: [{ waiver: id, environment: "dev", reason: "no way around it yet", owner: "maria" }],
  });
  expect(await listed({ state: "risk-accepted" })).toEqual(["F-1"]);
  expect(await listed({ state: "risk-accepted", environment: "dev" })).toEqual([]);
  expect(await listed({ state: "not-accepted" })).toEqual([]);
  const { acceptedRisks } = (await plane.findings.metrics({ days: 90 })).trend;
  expect(acceptedRisks).toMatchObject({
    n: 1,
    medianMs: null,
    rows: { status: "any", state: "risk-accepted" },
    oldest: { finding: "F-1", waiver: id, environment: "dev" },
  });
  const elsewhere = await plane.findings.metrics({ days: 90, service: "other" }).catch(String);
  expect(elsewhere).toContain("there is no service other");
}

it("a finding that two people accepted closes no gate until it becomes worse", async () => {
  const denied = await promoted();
  expect(denied).toMatchObject({ state: "failed", message: expect.stringContaining("F-1 sqli") });
  const waiver = await accepted({ kind: "finding", finding: "F-1" });
  await seenAsAccepted(waiver);
  // Nobody whose word counts has scanned: of that nothing was accepted yet.
  expect((await promoted()).message).toContain("inconclusive");
  await accepted({ kind: "check", check: "findings", verdicts: ["inconclusive"] });
  const done = await promoted();
  expect(done).toMatchObject({ state: "complete" });
  const run = done.checks[0]?.report;
  expect(run).toMatchObject({ verdict: "inconclusive", data: { waivers: waiver.id } });
  expect(run?.results.map(({ message }) => message).join()).toContain(`accepted by ${waiver.id}`);
  expect((await plane.findings.show("F-1")).status).toBe("open");

  await plane.findings.act(operator, "F-1", { kind: "raise", severity: "critical", reason: "x" });
  expect(await plane.waivers.show(waiver.id)).toMatchObject({
    holds: false,
    why: "it is critical now, and was high when it was signed",
  });
  expect((await plane.findings.show("F-1")).accepted).toEqual([]);
  expect(await listed({ state: "risk-accepted" })).toEqual([]);
  expect(await listed({ state: "not-accepted" })).toEqual(["F-1"]);
  expect((await plane.findings.metrics({ days: 90 })).trend.acceptedRisks).toMatchObject({
    n: 0,
    oldest: null,
  });
  await expireWaivers(worker.engine);
  expect(await plane.waivers.show(waiver.id)).toMatchObject({ state: "ended" });
  const again = (await plane.showPromotion(done.id)).decision;
  expect(again?.outcome).toBe("deny");
  expect(again?.reasons[0]?.message).toContain(`it leaned on ${waiver.id}, which holds no more`);
  expect((await promoted()).state).toBe("failed");
  expect(await verifyState(worker.engine.log, bench.database.db)).toMatchObject({ ok: true });
}, 90_000);
