import { EventEmitter } from "node:events";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { defaultSettings, type Engine } from "../src/engine/engine.ts";
import { Columns } from "../src/engine/findings/import/staged-row.ts";
import { takeIn } from "../src/engine/findings/import/take-in.ts";
import type { Observation } from "../src/model/observation.ts";
import type { Digest } from "../src/model/primitives.ts";
import type { Database } from "../src/store/database.ts";
import type { ReleaseRow, Schema } from "../src/store/schema.ts";
import { sql } from "kysely";
import { KnownFindings } from "./fixtures/known-findings.ts";
import { createMigratedDatabase } from "./support/database.ts";
import { testLog } from "./support/engine-bench.ts";

/**
 * An import takes what is plain set by set, in the database, and gives only the rest to the reconciler. Whatever reports
 * come in whatever order, that has to come to what the reconciler says when it is given all of it.
 */

let database: Database<Schema>;
let engine: Engine;
const releases: ReleaseRow[] = [];

beforeAll(async () => {
  database = await createMigratedDatabase<Schema>();
  const log = testLog(database.db);
  await log.open("1.0.0");
  const parts: Partial<Engine> = {
    db: database.db,
    log,
    settings: defaultSettings,
    signals: new EventEmitter() as Engine["signals"],
  };
  engine = parts as Engine;
  for (const order of [1, 2, 3]) {
    const { rows } = await sql<ReleaseRow>`
      insert into releases (id, service, version, content, created_by, created_at)
      values (${digest(`r${order}`)}, 'shop', ${`${order}.0.0`}, '{}', 'operator', ${new Date(order * 1_000)})
      returning *`.execute(database.db);
    releases.push(...rows);
  }
}, 60_000);
afterAll(() => database.close());

function digest(text: string): Digest {
  return `sha256:${Buffer.from(text).toString("hex").padEnd(64, "0")}`;
}

/** Few of everything, so that hits meet, contradict and follow each other. */
const Hit = fc.record({
  rule: fc.constantFrom("sqli", "eval"),
  file: fc.constantFrom("a.js", "b.js", "lib/a.js"),
  line: fc.integer({ min: 1, max: 3 }),
  code: fc.constantFrom(undefined, "1", "2"),
  native: fc.constantFrom(undefined, undefined, "x", "y"),
  stated: fc.constantFrom(undefined, undefined, "p", "q"),
  severity: fc.constantFrom("critical" as const, "medium" as const, "info" as const),
  cwe: fc.constantFrom([], [79]),
  what: fc.constantFrom("code", "code", "code", "secret", "package"),
  alias: fc.constantFrom([], ["CVE-2024-1"], ["CVE-2024-2", "GHSA-aaaa-bbbb-cccc"]),
});
const Report = fc.record({
  tool: fc.constantFrom("alpha", "beta"),
  trusted: fc.boolean(),
  complete: fc.boolean(),
  order: fc.constantFrom(null, 1, 2, 3),
  hits: fc.array(Hit, { maxLength: 7 }),
});
type Given = typeof Report extends fc.Arbitrary<infer Value> ? Value : never;

function observationOf(hit: Given["hits"][number]): Observation {
  const { rule, file, line, code, native, stated, severity, cwe, what, alias } = hit;
  return {
    rule,
    severity,
    severityStated: true,
    title: rule,
    message: "",
    place:
      what === "package"
        ? { kind: "package", name: rule, version: String(line), purl: `pkg:npm/${rule}@${line}`, path: file } // prettier-ignore
        : { kind: "file", path: file, line },
    cwe: [...cwe],
    aliases: what === "package" ? [...alias] : [],
    suppressed: false,
    unchanged: false,
    ...(code === undefined || what === "package" ? {} : { context: code }),
    ...(what === "secret" ? { secret: code ?? "s" } : {}),
    ...(native === undefined ? {} : { fingerprint: native }),
    ...(stated === undefined ? {} : { fingerprints: { lineHash: stated } }),
  };
}

let imports = 0;

async function importThem(
  service: string,
  report: Given,
  meanwhile: () => Promise<unknown> = () => Promise.resolve(),
): Promise<string> {
  const { tool, trusted, complete, order } = report;
  imports += 1;
  const about = { tool: { name: tool, version: "1" } };
  const row = await takeIn(
    engine,
    {
      service,
      environment: null,
      release: order === null ? null : (releases[order - 1] ?? null),
      format: null,
      scan: null,
      by: "operator",
      checkRun: null,
      seenAt: null,
    },
    { path: "", digest: digest(String(imports)), bytes: 1, remove: () => Promise.resolve() },
    () =>
      Promise.resolve({
        tool,
        subject: "",
        trust: trusted ? "own" : order === null ? "unbound" : "bound",
        vouchedBy: null,
        claims: false,
        madeAt: null,
        missing: complete ? [] : ["something was left out"],
        notes: [],
      }),
    async (question, take) => {
      const columns = new Columns();
      const context = { service, environment: question.environment, tool, subject: "" };
      for (const hit of report.hits) {
        const observation = observationOf(hit);
        columns.add(observation, JSON.stringify(observation), false, context);
        // Batches end anywhere.
        if (columns.count === 3) await take({ kind: "batch", staged: columns.take() });
      }
      if (columns.count > 0) await take({ kind: "batch", staged: columns.take() });
      await meanwhile();
      return { kind: "end", format: "generic", summary: { complete: true, ...about } };
    },
  );
  return row.id;
}

/** Of each hit of each report its finding, by the order in which findings were met first. */
function partition(all: readonly (readonly string[])[]): number[][] {
  const met = new Map<string, number>();
  return all.map((report) =>
    report.map((finding) => {
      if (!met.has(finding)) met.set(finding, met.size);
      return met.get(finding) ?? -1;
    }),
  );
}

async function stored(service: string, ids: readonly string[]) {
  const { rows: hits } = await sql<{ import: string; finding: string }>`
    select o.import, o.finding from observations o where o.import = any (${[...ids]}) order by o.ordinal
  `.execute(database.db);
  const { rows: findings } = await sql<{
    id: string;
    status: string;
    prints: string;
    seen: string;
  }>`
    select f.id, f.status, f.trusted, coalesce((
        select string_agg(k.algorithm || ' ' || k.value, ', ' order by k.algorithm, k.value)
        from finding_fingerprints k where k.finding = f.id), '') as prints,
      coalesce((
        select string_agg(s.tool || ' ' || s.seen || ' ' || s.severity, ', ' order by s.tool)
        from finding_scopes s where s.finding = f.id), '') as seen
    from findings f where f.service = ${service}`.execute(database.db);
  return {
    hits: ids.map((id) => hits.filter((one) => one.import === id).map(({ finding }) => finding)),
    findings: new Map(findings.map((one) => [one.id, one])),
  };
}

it("an import knows what another one has brought while it was read", async () => {
  const hit = (rule: "sqli" | "eval", line: number): Given["hits"][number] => ({
    rule,
    file: "a.js",
    line,
    code: "1",
    native: undefined,
    stated: "p",
    severity: "medium",
    cwe: [],
    what: "code",
    alias: [],
  });
  const report: Given = {
    tool: "alpha",
    trusted: true,
    // Of a whole one the reconciler would ask what has moved, and know them as well.
    complete: false,
    order: 1,
    hits: [hit("sqli", 1), hit("eval", 2), hit("eval", 3)],
  };
  const other = { ...report, hits: [hit("eval", 2), hit("eval", 3), hit("sqli", 1)] };
  let first = "";
  const second = await importThem("overtaken", report, async () => {
    first = await importThem("overtaken", other);
  });
  const { hits, findings } = await stored("overtaken", [first, second]);
  expect(findings.size).toBe(3);
  expect(partition(hits)).toEqual([
    [0, 1, 2],
    [2, 0, 1],
  ]);
});

const long = process.env["TIDELOCK_TEST_LONG"] === "1";

it(
  "an import comes to what the reconciler says of all that is known, whatever reports came before",
  async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(Report, { minLength: 1, maxLength: 4 }), async (reports) => {
        round += 1;
        const service = `shop-${round}`;
        const pure = new KnownFindings();
        const said: string[][] = [];
        const ids: string[] = [];
        for (const report of reports) {
          ids.push(await importThem(service, report));
          const { tool, trusted, complete, order, hits } = report;
          const before = pure.findings.size;
          const observations = hits.map(observationOf);
          const result = pure.take({ tool, trusted, complete, order, observations });
          const of: string[] = [];
          let made = before;
          for (const { known, ordinals } of result.outcomes) {
            if (known === null) made += 1;
            for (const ordinal of ordinals) of[ordinal] = known ?? `F-${made}`;
          }
          said.push(of);
        }
        const { hits, findings } = await stored(service, ids);
        expect(partition(hits)).toEqual(partition(said));
        const places = new Map(hits.flatMap((all, at) => all.map((id, n) => [id, said[at]?.[n]])));
        for (const [id, { status, prints, seen }] of findings) {
          const one = pure.findings.get(places.get(id) ?? "");
          const known = one?.fingerprints.map((print) => `${print.algorithm} ${print.value}`);
          const scopes = one?.scopes.map(
            (scope) => `${scope.tool} ${scope.seen} ${scope.severity}`,
          );
          expect({ status, prints, seen }).toEqual({
            status: one?.status,
            prints: known?.toSorted().join(", "),
            seen: scopes?.toSorted().join(", "),
          });
        }
        expect(findings.size).toBe(pure.findings.size);
      }),
      long
        ? { numRuns: 2_000, interruptAfterTimeLimit: 600_000 }
        : { numRuns: 12, seed: 20_261_122 },
    );
  },
  long ? 1_200_000 : 300_000,
);
