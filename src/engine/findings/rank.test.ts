import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import {
  EngineBench,
  makeRelease,
  operator,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import { ServiceSecurity } from "../../model/service-security.ts";
import { FindingRanking, rankFindings } from "./rank.ts";

let bench: EngineBench;
let worker: Worker;
const day = 86_400_000;
const began = new Date("2026-01-01T00:00:00.000Z");

beforeAll(async () => {
  bench = await EngineBench.create();
  worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  await worker.controlPlane.createRelease(operator, makeRelease(bench, "1.0.0"));
}, 60_000);
afterAll(() => bench.close());

async function finding(title: string, severity: string, cve: string | null, status = "open") {
  const aliases = cve === null ? [] : [cve];
  await sql`insert into findings (service, kind, rule, title, place, severity, severity_stated, status, aliases, first_seen, urgency)
    values ('shop', 'dependency', 'GHSA-x', ${title}, '{"kind": "resource", "name": "x"}', ${severity}, true, ${status}, ${aliases}::text[], ${began}, 400)`.execute(
    bench.database.db,
  );
}

beforeEach(async () => {
  await sql`delete from finding_acts; delete from findings; delete from epss_scores; delete from kev_entries; delete from feeds`.execute(
    bench.database.db,
  );
  await finding("grave, hardly exploited", "critical", "CVE-2026-0001");
  await finding("small, known exploited", "low", "CVE-2026-0002");
  await finding("grave, nobody scored it", "critical", "CVE-2026-0003");
  await finding("injection in our own code", "high", null);
  await finding("over", "critical", "CVE-2026-0004", "closed");
});

async function feeds() {
  const { db } = bench.database;
  await db
    .insertInto("epss_scores")
    .values([
      { cve: "CVE-2026-0001", epss: 0.0004, percentile: 0.1 },
      { cve: "CVE-2026-0002", epss: 0.3, percentile: 0.9 },
    ])
    .execute();
  await db
    .insertInto("kev_entries")
    .values({
      cve: "CVE-2026-0002",
      added: "2026-01-02",
      due: null,
      ransomware: false,
      title: "",
      action: "",
    })
    .execute();
  for (const kind of ["epss", "kev"] as const) {
    await db
      .insertInto("feeds")
      .values({
        kind,
        digest: `sha256:${"0".repeat(64)}`,
        as_of: began,
        version: "1",
        records: 2,
        content_digest: `sha256:${"0".repeat(64)}`,
        fewer: null,
        imported_by: "operator",
      })
      .execute();
  }
}

const list = async () => {
  const { items } = await worker.controlPlane.findings.list({ status: "open" }, { limit: 50 });
  return items;
};

it("puts the known exploited first, then what is likely, and an unknown chance between", async () => {
  await feeds();
  expect(await rankFindings(worker.engine)).toBe(4);
  const items = await list();
  expect(items.map(({ title }) => title)).toEqual([
    "small, known exploited",
    "injection in our own code",
    "grave, nobody scored it",
    "grave, hardly exploited",
  ]);
  expect(items[0]).toMatchObject({ knownExploited: true, epss: expect.closeTo(0.3) });
  expect(items[0]?.priority.why).toMatch(/^known to be exploited; EPSS 30.0 %/);
  expect(items[2]).toMatchObject({ knownExploited: false, epss: null });
  expect(items[1]).toMatchObject({ knownExploited: null, epss: null });
  expect(await rankFindings(worker.engine)).toBe(0);
});

it("calls nothing harmless when no feed was ever imported", async () => {
  await rankFindings(worker.engine);
  for (const one of await list()) expect(one).toMatchObject({ knownExploited: null, epss: null });
});

it("starts each clock at the first sight, for as long as the service's owners give", async () => {
  await rankFindings(worker.engine);
  const due = async (title: string) => (await list()).find((one) => one.title === title)?.due;
  expect(await due("grave, hardly exploited")).toBe(
    new Date(began.getTime() + 7 * day).toISOString(),
  );
  const security = ServiceSecurity.parse({ sla: { critical: 3, low: null } });
  await worker.controlPlane.security.set(operator, "shop", security, 0);
  await rankFindings(worker.engine);
  expect(await due("grave, hardly exploited")).toBe(
    new Date(began.getTime() + 3 * day).toISOString(),
  );
  expect(await due("small, known exploited")).toBeNull();
  expect((await list()).find(({ severity }) => severity === "critical")?.overdue).toBe(true);
});

it("does not count the time in which a clock stood still", async () => {
  const { rows } = await sql<{
    id: string;
  }>`select id from findings where title = 'injection in our own code'`.execute(bench.database.db);
  const id = rows[0]?.id;
  for (const [kind, days] of [
    ["pause", 10],
    ["resume", 15],
  ] as const) {
    await sql`insert into finding_acts (id, finding, kind, content, at, acted_by)
      values (${`a-${kind}`}, ${id}, ${kind}, '{}', ${new Date(began.getTime() + days * day)}, 'operator')`.execute(
      bench.database.db,
    );
  }
  await rankFindings(worker.engine);
  const found = (await list()).find(({ title }) => title === "injection in our own code");
  expect(found?.due).toBe(new Date(began.getTime() + 35 * day).toISOString());
});

it("looks again only when something has changed", async () => {
  const ranking = new FindingRanking(worker.engine);
  await ranking.look();
  await sql`update findings set urgency = 1`.execute(bench.database.db);
  await ranking.look();
  expect((await list())[0]?.priority.rank).toBe(1);
  await feeds();
  await ranking.look();
  expect((await list())[0]?.title).toBe("small, known exploited");
});
