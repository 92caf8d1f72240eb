import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projections, notProjected } from "../../src/store/projections/registry.ts";
import { kinds } from "../../src/engine/ledger/kinds.ts";
import { verifyState } from "../../src/engine/ledger/verify-state.ts";
import { LocalSecrets } from "../../src/secrets/local/local-secrets.ts";
import { recordSecret, secretTable } from "../../src/store/secret-table.ts";
import type { Schema, Tx } from "../../src/store/schema.ts";
import { copyDatabase } from "../support/database.ts";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  testLog,
} from "../support/engine-bench.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A database administrator edits what gates lean on: each edit is found, and named. */

let url: string;
let folder: string;
const dev = { service: "shop", environment: "dev" };
const production = { service: "shop", environment: "production" };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "attacks-"));
  const bench = await EngineBench.create();
  await bench.log().open("1.0.0");
  const { controlPlane } = bench.worker();
  await controlPlane.applyDocuments(operator, "t.yaml", documents());
  await controlPlane.createRelease(operator, makeRelease(bench, "1.0.0"));
  await controlPlane.createRelease(operator, makeRelease(bench, "1.1.0"));
  const secrets = new LocalSecrets<Tx>(secretTable(bench.database.db), join(folder, "key"));
  await bench.database.db.transaction().execute(async (tx) => {
    const stored = await secrets.put(tx, dev, { name: "KEY", value: "v", actor: "operator" });
    await recordSecret(tx, dev, stored, "operator");
  });
  for (const release of ["1.0.0", "1.1.0"]) {
    for (const lane of [dev, production]) {
      const { id } = await controlPlane.promote(operator, { ...lane, release });
      expect(await ended(controlPlane, id)).toMatchObject({ state: "complete" });
    }
  }
  const back = await controlPlane.rollback(operator, dev, { reason: "prices are wrong" });
  expect(await ended(controlPlane, back.id)).toMatchObject({ state: "complete" });
  bench.staged.verdicts.push("fail");
  const failing = await controlPlane.promote(operator, { ...production, release: "1.0.0" });
  await ended(controlPlane, failing.id);
  await controlPlane.declareRestored(operator);
  await Promise.all(bench.workers.map(({ reconciler }) => reconciler.stop()));
  await bench.log().flush();
  url = bench.database.databaseUrl;
  await bench.database.pool.query("select 1");
  await bench.database.db.destroy();
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What holds nobody up who owns the tables: no trigger, no foreign key. */
const unhindered = `do $$
declare one record;
begin
  for one in select conrelid::regclass as place, conname from pg_constraint where contype = 'f' loop
    execute format('alter table %s drop constraint %I', one.place, one.conname);
  end loop;
  for one in select oid::regclass as place from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace loop
    execute format('alter table %s disable trigger user', one.place);
  end loop;
end $$`;

/** The prepared database again, after `attack` by somebody who may do everything in it. */
async function attacked(attack: string) {
  const copy = await copyDatabase<Schema>(url);
  try {
    if (attack !== "") await copy.pool.query(`${unhindered}; ${attack}`);
    return await verifyState(testLog(copy.db), copy.db);
  } finally {
    await copy.close();
  }
}

it("finds nothing where nobody has touched anything", async () => {
  const found = await attacked("");
  expect(found).toMatchObject({ ok: true, erased: 0 });
});

const attacks: readonly (readonly [attack: string, table: string, column?: string])[] = [
  [
    "update documents set content = jsonb_set(content, '{spec,checks}', '[]') where kind = 'Pipeline'",
    "documents",
    "content",
  ],
  [
    "update documents set digest = 'sha256:' || repeat('0', 64) where kind = 'Pipeline'",
    "documents",
    "digest",
  ],
  ["update documents set removed_at = now() where kind = 'Environment'", "documents", "removed"],
  ["delete from documents where kind = 'Environment' and name = 'production'", "documents"],
  [
    "update releases set content = jsonb_set(content, '{artifacts,0,digest}', to_jsonb('sha256:' || repeat('0', 64)))",
    "releases",
    "content",
  ],
  ["update releases set version = '9.9.9' where version = '1.0.0'", "releases", "version"],
  [
    "update configurations set content = jsonb_set(content, '{values}', '{\"A\": \"b\"}')",
    "configurations",
    "content",
  ],
  ["update secrets set sealed = '\\x00'", "secrets", "sealed"],
  ["delete from secrets", "secrets"],
  [
    "update lanes set live_colour = 'blue', old_colour = null where live_colour = 'green'",
    "lanes",
    "liveColour",
  ],
  ["update lanes set live_release = (select id from releases where version = '1.0.0')", "lanes"],
  ["update deployments set verified_at = now()", "deployments", "verifiedAt"],
  [
    "update deployments set revoked_at = null, revoked_reason = null where revoked_at is not null",
    "deployments",
    "revokedAt",
  ],
  ["delete from deployments where revoked_at is not null", "deployments"],
  ["update promotions set state = 'complete' where state = 'failed'", "promotions", "state"],
  ["update promotions set step_index = step_index + 1", "promotions", "stepIndex"],
  ["update promotions set plan = jsonb_set(plan, '{checks}', '[]')", "promotions", "plan"],
  [
    "update promotion_steps set detail = '{\"grade\": \"native\"}' where kind = 'prove-identity'",
    "promotion_steps",
    "detail",
  ],
  ["update promotion_steps set state = 'done' where state = 'failed'", "promotion_steps", "state"],
  [
    "update check_runs set report = jsonb_set(report, '{verdict}', '\"pass\"') where report ->> 'verdict' = 'fail'",
    "check_runs",
    "verdict",
  ],
  ["delete from check_runs where report ->> 'verdict' = 'fail'", "check_runs"],
  [
    "update check_runs set release = (select id from releases where version = '1.1.0')",
    "check_runs",
    "release",
  ],
  [
    "update decisions set decision = jsonb_set(decision, '{outcome}', '\"allow\"') where decision ->> 'outcome' = 'deny'",
    "decisions",
    "outcome",
  ],
  [
    "insert into ledger_erasures (id, entry, reason, requested_by) values ('e1', 3, 'x', 'somebody')",
    "ledger_erasures",
  ],
  [
    "insert into ledger_holds (id, stream, reason, added_by) values ('h1', null, 'x', 'y')",
    "ledger_holds",
  ],
  [
    "insert into attestations (release, digest, format, origin, size, added_by) select id, 'sha256:0', 'cyclonedx', 'given', 1, 'x' from releases",
    "attestations",
  ],
  ["insert into agents (agent_id, public_key) values ('mallory', 'a key')", "agents"],
  ["update ledger_keys set retired_at = now() where use = 'evidence'", "ledger_keys", "retired"],
  [
    "update ledger_keys set trusted_size = 0, compromised_at = now() where use = 'evidence'",
    "ledger_keys",
  ],
  ["update store set incarnation = 1", "store"],
  ["update store set incarnation = 7", "store"],
  [
    "update ledger_entries set payload = '{}' where kind = 'check.reported'",
    "ledger_entries",
    "payload",
  ],
  ["update ledger_entries set actor = 'tidelock' where actor <> 'tidelock'", "ledger_entries"],
  [
    "update ledger_entries set kind = 'effect.outcome' where kind = 'effect.failure' or kind = 'promotion.ended'",
    "ledger_entries",
  ],
  // Without its payload the entry would agree with whatever the row says.
  [
    "update ledger_entries set payload = null, salt = null where kind = 'document.registered'; update documents set content = jsonb_set(content, '{spec,checks}', '[]') where kind = 'Pipeline'",
    "ledger_entries",
    "payload",
  ],
  [
    "with e as (insert into ledger_entries (operation, kind, stream, actor, commitment) values ('agent/mallory', 'agent.met', 'system', 'tidelock', sha256('x')) returning entry) insert into ledger_queue select entry from e; insert into agents (agent_id, public_key) values ('mallory', 'a key')",
    "ledger_entries",
    "payload",
  ],
  ["delete from ledger_entries where kind = 'check.reported'", "ledger_leaves"],
  ["update ledger_leaves set time = time - interval '1 day' where index = 5", "ledger_entries"],
  ["update ledger_leaves set hash = sha256('x') where index = 5", "ledger_entries"],
  [
    "insert into ledger_entries (operation, kind, stream, actor, commitment) overriding system value values ('x', 'check.reported', 'shop/dev', 'tidelock', sha256('x'))",
    "ledger_queue",
  ],
];

describe("an edit with triggers and foreign keys disabled is found by `ledger verify --state`", () => {
  it.each(attacks.map(([attack, table, column]) => ({ attack, table, column })))(
    "$attack",
    async ({ attack, table, column }) => {
      const found = await attacked(attack);
      if (found.ok) throw new Error("the edit was not found");
      expect(found.difference.table, found.difference.message).toBe(table);
      if (column !== undefined) expect(found.difference.column).toBe(column);
    },
  );
});

it.each([
  "size = size + 1, root = sha256('of a tree in which nothing ever failed')",
  "size = size - 1, root = sha256('x'); delete from ledger_checkpoints",
])("signs no root that is not the one of the leaves: set %s", async (change) => {
  await expect(attacked(`update ledger_tree set ${change}`)).rejects.toMatchObject({
    code: "digest-mismatch",
    message: expect.stringContaining("another root than its leaves"),
  });
});

it("has a meaning for people for every kind of entry that was written", async () => {
  const copy = await copyDatabase<Schema>(url);
  try {
    const rows = await copy.db.selectFrom("ledger_entries").select("kind").distinct().execute();
    expect(rows.map(({ kind }) => kind).filter((kind) => !(kind in kinds))).toEqual([]);
    expect(rows.length).toBeGreaterThan(15);
  } finally {
    await copy.close();
  }
});

it("knows every table of the schema: projected, or listed with the reason why not", async () => {
  const copy = await copyDatabase<Schema>(url);
  try {
    const { rows } = await copy.pool.query<{ table_name: string }>(
      "select table_name from information_schema.tables where table_schema = 'public' and table_name <> 'schema_migrations'",
    );
    const projected = new Set<string>(projections.map(({ table }) => table));
    const listed = new Set(Object.keys(notProjected));
    const unknown = rows
      .map(({ table_name: name }) => name)
      .filter((name) => !projected.has(name) && !listed.has(name) && !/migration/.test(name));
    expect(unknown).toEqual([]);
    expect([...listed].filter((name) => projected.has(name))).toEqual([]);
  } finally {
    await copy.close();
  }
});
