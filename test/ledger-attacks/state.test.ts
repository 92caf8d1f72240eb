import { IdentityProvider } from "../../src/model/identity-provider.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projections } from "../../src/store/projections/registry.ts";
import { tables } from "../../src/store/projections/tables.ts";
import { kinds } from "../../src/engine/ledger/kinds.ts";
import { verifyState } from "../../src/engine/ledger/verify-state.ts";
import { LocalSecrets } from "../../src/secrets/local/local-secrets.ts";
import { recordSecret, secretTable } from "../../src/store/secret-table.ts";
import type { Db, Schema, Tx } from "../../src/store/schema.ts";
import { sql } from "kysely";
import { enrolApprover, vouchFor } from "../support/approvals-lab.ts";
import { copyDatabase } from "../support/database.ts";
import { undone } from "../support/undone.ts";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  testLog,
} from "../support/engine-bench.ts";
import { bootstrap } from "../../src/server/sign-in/token-check.ts";
import { openSession } from "../../src/engine/access/sign-in/sessions.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { personByName } from "../../src/store/queries/people.ts";
import { importJournal } from "../../src/engine/lanes/journal-import.ts";
import { formatVerifierKey, noteKey, noteKeyTypes } from "../../src/ledger/note.ts";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A database administrator edits what gates lean on: each edit is found, and named. */

let copy: Awaited<ReturnType<typeof copyDatabase<Schema>>>;
let folder: string;
const dev = { service: "shop", environment: "dev" };
const builder = { id: "builder" };
const production = { service: "shop", environment: "production" };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "attacks-"));
  const bench = await EngineBench.create();
  await bench.log().open("1.0.0");
  const settings = IdentityProvider.parse({
    id: "company",
    name: "The Company",
    issuer: "https://login.shop.example",
    clientId: "tidelock",
  });
  const publicUrl = "https://tidelock.shop.example";
  const providers = { publicUrl, providers: [{ settings, secret: null }] };
  const { controlPlane } = bench.worker({ providers });
  await controlPlane.applyDocuments(operator, "t.yaml", documents());
  await controlPlane.createRelease(operator, makeRelease(bench, "1.0.0"));
  await controlPlane.createRelease(builder, makeRelease(bench, "1.1.0"));
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
  // Somebody who signs in: the first link, a password, and the end of the first token.
  const place = { place: "127.0.0.0/24", program: "Firefox" };
  const secret = (await controlPlane.accounts.firstLink()) ?? "";
  const given = { secret, name: "max@shop.example", password: "seven grey herons fishing" };
  await controlPlane.accounts.redeem(given, place);
  await bench.database.db.transaction().execute(async (tx) => {
    const person = (await personByName(tx, given.name))?.pseudonym ?? "";
    const proof = { person, methods: ["totp"] as const };
    await openSession(bench.workers[0]?.engine as Engine, tx, proof, place);
  });
  await controlPlane.signals.add(operator, dev, null, {
    source: "waf",
    id: "4711",
    kind: "sql-injection",
    severity: "high",
    message: "a query left the login form",
  });
  await controlPlane.findings.importReport(operator, "shop", { release: "1.1.0" }, report());
  await controlPlane.findings.act(operator, "F-1", { kind: "triage" });
  await controlPlane.waivers.propose(operator, {
    ...dev,
    of: { kind: "finding", finding: "F-2" },
    reason: "no fix is out",
    control: "blocked at the edge",
    owner: "maria",
    until: new Date(Date.now() + 86_400_000).toISOString(),
  });
  await controlPlane.breakGlass.open(operator, {
    service: "shop",
    environment: "production",
    release: "1.1.0",
    reason: "orders are lost",
    expiresMs: 3_600_000,
    scope: "all",
    checks: ["smoke"],
  });
  for (const name of ["maria@shop.example", "jo@shop.example"]) {
    const { publicKey } = generateKeyPairSync("ed25519");
    const key = String(publicKey.export({ type: "spki", format: "pem" }));
    await controlPlane.people.add(operator, { name, key, also: [] });
    const everywhere = { service: null, environment: null };
    await controlPlane.people.grant(operator, { name, right: "policy.change", ...everywhere });
  }
  const granting = { ...operator, principal: bootstrap };
  await controlPlane.access.createToken(granting, {
    name: "ci",
    role: "ci",
    ...dev,
    lastsMs: 60_000,
  });
  const reading = { name: "reader", says: "reads", permissions: ["release.read"] } as const;
  await controlPlane.access.defineRole(granting, reading);
  const to = { person: "maria@shop.example" };
  await controlPlane.access.assign(granting, { to, role: "reader", ...dev });
  const vera = await enrolApprover(controlPlane, "vera@shop.example", []);
  const vouching = { name: "vera@shop.example", right: "people.vouch" };
  await controlPlane.people.grant(operator, { ...vouching, service: null, environment: null });
  await vouchFor(controlPlane, "maria@shop.example", vera);
  await controlPlane.people.setStanding(operator, "vera@shop.example", {
    state: "suspended",
    from: null,
    reason: "her laptop is lost",
  });
  const elsewhere = { name: "maria@shop.example", provider: "company", subject: "u-7" };
  await controlPlane.identities.link(granting, elsewhere);
  const provider = { provider: "company", demand: null, administrators: [], days: 30 };
  await controlPlane.identities.letVouch(granting, provider);
  await controlPlane.workload.addRule(granting, {
    name: "builds",
    platform: "kubernetes",
    issuer: "https://cluster.shop.example",
    audience: "https://tidelock.shop.example",
    claims: { namespace: ["build"], "serviceaccount.uid": ["0b1c2d3e"] },
    anyWorkflow: false,
    role: "ci",
    ...dev,
    lastsMs: 60_000,
    maxAgeMs: 60_000,
    jwks: null,
  });
  const due = new Date(Date.now() + 86_400_000).toISOString();
  await controlPlane.reviews.start(operator, { service: null, due });
  await controlPlane.policy.setGovernance(operator, "team");
  await controlPlane.stops.stopLine(operator, "shop/production", "it loses orders");
  await controlPlane.addHold(builder, "shop/production", "case 12");
  await controlPlane.outside.addAnchor(operator, {
    name: "elsewhere",
    settings: { kind: "file", folder },
    everyMs: 0,
  });
  await controlPlane.outside.addWitness(operator, {
    key: formatVerifierKey(
      noteKey("w.example", noteKeyTypes.cosignature, new Uint8Array(32).fill(9)),
    ),
    url: "http://127.0.0.1:9",
    operator: "somebody else",
  });
  for (const lane of ["shop/dev", "shop/production", null]) {
    bench.host.note({ kind: "route", lane, operation: null, detail: { weights: "blue" } });
  }
  for (const { engine } of bench.workers) await importJournal(engine);
  await Promise.all(bench.workers.map(({ reconciler }) => reconciler.stop()));
  await bench.log().flush();
  await bench.database.pool.query("select 1");
  await bench.database.db.destroy();
  copy = await copyDatabase<Schema>(bench.database.databaseUrl);
  await copy.pool.query(unhindered);
}, 60_000);

/** Two findings of a scanner. */
async function* report(): AsyncGenerator<Uint8Array> {
  const results = ["a.js", "b.js"].map((uri) => ({
    ruleId: "sqli",
    level: "error",
    message: { text: "input reaches a query" },
    locations: [{ physicalLocation: { artifactLocation: { uri }, region: { startLine: 3 } } }],
  }));
  const runs = [{ tool: { driver: { name: "scanner", version: "1" } }, results }];
  yield Buffer.from(JSON.stringify({ version: "2.1.0", runs }));
}

afterAll(async () => {
  await copy.close();
  rmSync(folder, { recursive: true, force: true });
});

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

/** The prepared database after `attack` by somebody who may do everything in it; then it is as it was. */
async function attacked(attack: string) {
  return afterAttack(attack, (db) => verifyState(testLog(db), db));
}

async function afterAttack<T>(attack: string, look: (db: Db) => Promise<T>): Promise<T> {
  return undone(copy.pool, async (db) => {
    if (attack !== "") await sql.raw(attack).execute(db);
    return look(db);
  });
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
  ["update stops set cleared_at = now()", "stops", "clearedAt"],
  ["update stops set by_actor = 'builder'", "stops", "by_actor"],
  ["update stops set parts = 'any'", "stops", "parts"],
  ["update stops set revision = 'a1'", "stops", "revision"],
  ["update stops set service = 'cart'", "stops", "service"],
  ["delete from stops", "stops"],
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
    "insert into runtime_signals (source, signal, service, environment, release, kind, severity, message, added_by) select 'waf', '1', 'shop', 'dev', id, 'heartbeat', 'info', 'x', 'y' from releases limit 1",
    "runtime_signals",
  ],
  [
    "update waivers set content = jsonb_set(content, '{until}', '\"2099-01-01T00:00:00.000Z\"')",
    "waivers",
    "content",
  ],
  ["update waivers set state = 'in-force', since = now()", "waivers"],
  [
    "insert into approval_requests (id, promotion, service, environment, asked, basis) values ('a', 'p', 'shop', 'dev', '{}', '{}')",
    "approval_requests",
  ],
  [
    "with r as (insert into approval_requests (id, promotion, service, environment, asked, basis) values ('b', 'q', 'shop', 'dev', '{}', '{}') returning id) insert into approval_answers (id, request, purpose, person, role, key_id, method) select 'sha256:1', 'b', 'approve', 'person:1', 'sre', 'sha256:2', 'key' from r",
    "approval_requests",
  ],
  ["delete from waivers", "waivers"],
  [
    "update break_glass set asked = jsonb_set(asked, '{expires}', '\"2099-01-01T00:00:00.000Z\"')",
    "break_glass",
    "asked",
  ],
  ['update break_glass set signatures = \'[{"person":"x"}]\'', "break_glass", "signatures"],
  ["update break_glass set used_by = 'p1', used_at = now()", "break_glass", "usedBy"],
  ["update break_glass set ended_at = now(), why = 'reviewed'", "break_glass"],
  ["update break_glass set basis = jsonb_set(basis, '{asides,0,of}', '\"window\"')", "break_glass"],
  ["delete from break_glass", "break_glass"],
  ["update runtime_signals set severity = 'low'", "runtime_signals", "severity"],
  ["update runtime_signals set at = at - interval '1 day'", "runtime_signals", "at"],
  ["delete from runtime_signals", "runtime_signals"],
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
  [
    "update ledger_people set person = 'swapped' where person = 'operator'; update ledger_people set person = 'operator' where person = 'builder'; update ledger_people set person = 'builder' where person = 'swapped'",
    "ledger_people",
    "person",
  ],
  [
    "update ledger_people set changes = 0, person = 'mallory' where person = 'builder'",
    "ledger_people",
  ],
  ["delete from ledger_people where person = 'builder'", "ledger_people"],
  [
    "insert into ledger_people (pseudonym, person, nonce, changes) values ('person:0', 'mallory', sha256('x'), 1)",
    "ledger_people",
  ],
  ["update promotions set created_by = 'builder'", "promotions", "created_by"],
  [
    "update promotions set created_by = 'mallory' where kind = 'rollback'",
    "promotions",
    "created_by",
  ],
  ["update releases set created_by = 'operator'", "releases", "created_by"],
  ["update documents set applied_by = 'builder'", "documents", "applied_by"],
  ["update configurations set created_by = 'builder'", "configurations", "created_by"],
  ["update secrets set created_by = 'builder'", "secrets", "created_by"],
  ["update accounts set password = '$argon2id$v=19$m=8,t=1,p=1$AA$AA'", "accounts", "password"],
  ["update accounts set totp = null, locked = true", "accounts", "locked"],
  ["update accounts set link = null", "accounts", "link"],
  ["delete from accounts", "accounts"],
  ["insert into accounts (person, changed_by) values ('person:1', 'operator')", "accounts"],
  ["update account_links set used_at = null", "account_links", "used"],
  ["update account_links set added_by = 'builder'", "account_links", "added_by"],
  [
    "insert into account_links (id, digest, purpose, added_by) values ('lmade', 'sha256:0', 'first', 'operator')",
    "account_links",
  ],
  ["update bootstrap set ended = false", "bootstrap", "ended"],
  ["delete from bootstrap", "bootstrap"],
  ["update api_tokens set role = 'administrator'", "api_tokens", "role"],
  ["update api_tokens set expires_at = now() + interval '9 years'", "api_tokens", "expiresAt"],
  ["update api_tokens set service = null", "api_tokens", "service"],
  ["update api_tokens set added_by = 'builder'", "api_tokens", "added_by"],
  [
    "insert into api_tokens (id, name, digest, role, expires_at, added_by) values ('tmade', 'made', 'sha256:0', 'administrator', now() + interval '1 day', 'operator')",
    "api_tokens",
  ],
  ["update person_vouches set acts = acts || '[\"grant/g1/1\"]'", "person_vouches", "acts"],
  ["update person_vouches set voucher = 'person:1'", "person_vouches", "voucher"],
  ["update person_vouches set added_by = 'builder'", "person_vouches", "added_by"],
  ["delete from person_vouches", "person_vouches"],
  ["update access_reviews set due_at = now() + interval '9 years'", "access_reviews", "due"],
  ["update access_reviews set report_digest = 'sha256:0'", "access_reviews", "report"],
  ["update access_reviews set closed_at = now()", "access_reviews", "closed"],
  ["delete from access_reviews", "access_reviews"],
  [
    "insert into access_review_words (id, review, person, key_id, decisions, envelope, added_by) select 'sha256:1', id, 'person:1', 'sha256:2', '[]', '', 'operator' from access_reviews",
    "access_review_words",
  ],
  ["update person_standings set state = 'active'", "person_standings", "state"],
  ["update person_standings set from_at = now() + interval '9 years'", "person_standings", "from"],
  ["update person_standings set set_by = 'builder'", "person_standings", "set_by"],
  ["delete from person_standings", "person_standings"],
  [
    "insert into person_standings (person, version, state, from_at, reason, set_by) select person, 2, 'active', now(), 'x', 'operator' from person_standings",
    "person_standings",
  ],
  [
    "update person_identities set person = (select pseudonym from ledger_people where person = 'builder')",
    "person_identities",
    "person",
  ],
  ["update person_identities set identity = 'sha256:1'", "person_identities", "identity"],
  ["update person_identities set issuer = 'https://evil.example'", "person_identities", "issuer"],
  ["update person_identities set removed_at = now()", "person_identities", "removed"],
  ["update person_identities set added_by = 'builder'", "person_identities", "added_by"],
  ["delete from person_identities", "person_identities"],
  ["update vouching_providers set days = 365", "vouching_providers", "days"],
  ["update vouching_providers set issuer = 'https://evil.example'", "vouching_providers", "person"],
  ["update vouching_providers set demand = '{}'", "vouching_providers", "demand"],
  ["update vouching_providers set proposal = 'p1'", "vouching_providers", "proposal"],
  [
    "update vouching_providers set administrators = '[\"person:1\"]'",
    "vouching_providers",
    "administrators",
  ],
  ["update vouching_providers set removed_at = now()", "vouching_providers", "removed"],
  ["update vouching_providers set added_by = 'builder'", "vouching_providers", "added_by"],
  ["delete from vouching_providers", "vouching_providers"],
  [
    "insert into vouching_providers (id, issuer, administrators, days, added_by) values ('vmade', 'https://evil.example', '[]', 90, 'operator')",
    "vouching_providers",
  ],
  [
    "insert into person_identities (id, person, issuer, identity, added_by) select 'imade', person, issuer, 'sha256:2', 'operator' from person_identities",
    "person_identities",
  ],
  ["update api_tokens set rule = (select id from workload_rules)", "api_tokens", "rule"],
  ["update api_tokens set workload = '{}'", "api_tokens", "workload"],
  [
    "update workload_rules set rule = jsonb_set(rule, '{audience}', '\"other\"')",
    "workload_rules",
    "rule",
  ],
  ["update workload_rules set name = 'other'", "workload_rules", "name"],
  ["update workload_rules set removed_at = now()", "workload_rules", "removed"],
  ["update workload_rules set added_by = 'builder'", "workload_rules", "added_by"],
  ["delete from workload_rules", "workload_rules"],
  [
    "insert into workload_rules (id, name, rule, added_by) select 'wmade', 'made', rule, 'operator' from workload_rules",
    "workload_rules",
  ],
  ["update roles set permissions = '[\"secret.write\"]'", "roles", "permissions"],
  ["update roles set defined_by = 'builder'", "roles", "defined_by"],
  ["update role_assignments set role = 'administrator'", "role_assignments", "role"],
  ["update role_assignments set service = null", "role_assignments", "service"],
  ["update role_assignments set removed_at = now()", "role_assignments", "removed"],
  ["delete from role_assignments", "role_assignments"],
  [
    "insert into role_assignments (id, person, role, added_by) select 'rmade', pseudonym, 'administrator', 'operator' from ledger_people limit 1",
    "role_assignments",
  ],
  [
    "insert into passkeys (id, person, name, credential_id, key_id, credential, algorithm, added_by) select 'kmade', pseudonym, 'made', 'made', 'sha256:0', '{}', 'ES256', 'operator' from ledger_people limit 1",
    "passkeys",
  ],
  ["update ledger_holds set added_by = 'operator'", "ledger_holds", "added_by"],
  ["update plans set content = jsonb_set(content, '{checks}', '[]')", "plans", "content"],
  ["delete from plans", "plans"],
  [
    "insert into raw_reports (digest, content) values ('sha256:' || repeat('0', 64), 'x')",
    "raw_reports",
  ],
  ["update decision_inputs set content = '{}'", "decision_inputs", "content"],
  ["update agent_journal set detail = '{}'", "agent_journal", "journal"],
  ["update agent_journal set lane = 'shop/dev' where lane = 'shop/production'", "agent_journal"],
  ["delete from agent_journal where sequence = 2", "agent_journal"],
  ["update agents set imported_sequence = imported_sequence + 5", "agents"],
  // What opens no gate any more: findings that somebody takes out, calls over or makes small.
  ["delete from findings where id = 1", "finding_changes"],
  ["update findings set status = 'closed'", "findings", "status"],
  ["update findings set severity = 'low' where id = 1", "findings", "severity"],
  ["update findings set trusted = not trusted", "findings", "trusted"],
  [
    "update findings set verified_release = (select last_release from finding_sights where finding = 1), verified_at = now() where id = 1",
    "findings",
    "verified_release",
  ],
  ["update findings set kind = 'license' where id = 1", "finding_changes"],
  ["update findings set environment = 'dev' where id = 1", "finding_changes"],
  [
    "update finding_sights set last_release = (select id from releases where version = '1.0.0')",
    "finding_sights",
    "last_release",
  ],
  [
    "delete from observations where ordinal = (select min(ordinal) from observations)",
    "observations",
  ],
  ["update observations set severity = 'info'", "observations"],
  ["update observations set finding = 2", "observations"],
  ["delete from finding_sights where finding = 1", "finding_sights", "last_release"],
  ["insert into finding_sights (finding, last_seen) values (999, now())", "finding_sights"],
  ["update finding_scopes set seen = false", "finding_scopes", "seen"],
  ["update finding_scopes set severity = 'info'", "finding_scopes", "severity"],
  ["delete from finding_scopes where finding = 1", "finding_scopes"],
  ["update finding_fingerprints set finding = 2", "finding_fingerprints"],
  [
    "insert into finding_fingerprints (service, algorithm, value, finding, import) select 'shop', 'made/1', 'up', 1, id from finding_imports",
    "finding_fingerprints",
  ],
  ["update finding_changes set to_status = 'closed' where kind = 'triage'", "finding_changes"],
  [
    "insert into finding_changes (finding, kind, from_status, to_status) values (1, 'closed', 'open', 'closed'); update findings set status = 'closed' where id = 1",
    "finding_changes",
  ],
  [
    "insert into finding_changes (finding, import, kind, from_status, to_status) select 1, id, 'closed', 'open', 'closed' from finding_imports; update findings set status = 'closed' where id = 1",
    "finding_changes",
  ],
  [
    "insert into finding_claims (import, ordinal, finding, status, content, trusted) select id, 99, 1, 'not-affected', '{}', true from finding_imports",
    "finding_claims",
  ],
  ["update finding_imports set trust = 'signed', vouched_by = 'ci'", "finding_imports", "trust"],
  ["update finding_imports set complete = not complete", "finding_imports", "complete"],
  [
    "insert into finding_imports (id, service, release, scope, subject, format, tool, tool_version, trust, report_digest, report_bytes, complete, observations, opened, reopened, matched, unseen, claims, changes_digest, added_by) select 'imade', service, release, scope, subject, format, tool, tool_version, 'own', report_digest, 1, true, 0, 0, 0, 0, 0, 0, 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', added_by from finding_imports",
    "finding_imports",
  ],
  [
    "delete from observations; delete from finding_scopes; delete from finding_fingerprints; delete from finding_changes; delete from findings; delete from finding_acts; delete from finding_imports",
    "finding_imports",
  ],
  ['update finding_acts set content = \'{"note": "x"}\'', "finding_acts", "content"],
  ["update finding_acts set acted_by = 'builder'", "finding_acts", "acted_by"],
  ["delete from finding_acts", "finding_acts"],
  ["update governance set mode = 'solo'", "governance", "mode"],
  ["update governance set set_by = 'builder'", "governance", "set_by"],
  ["insert into governance (version, mode, set_by) values (2, 'solo', 'operator')", "governance"],
  ["delete from governance", "governance"],
  ["update policy_acts set content = '{}'", "policy_acts", "content"],
  ["update policy_acts set acted_by = 'builder'", "policy_acts", "acted_by"],
  [
    "insert into policy_acts (id, kind, proposal, content, acted_by) values ('amade', 'sign', 'amade', '{}', 'operator')",
    "policy_acts",
  ],
  ["delete from policy_acts", "policy_acts"],
  ["update agents set imported_hash = repeat('0', 64)", "agents"],
  ["update ledger_tree set log = 2", "ledger_tree", "log"],
  ["update ledger_tree set log = 2; update ledger_checkpoints set log = 2", "ledger_tree"],
  ["update store set store_id = gen_random_uuid()", "store", "store_id"],
  ["update ledger_tree set frontier = frontier || sha256('x')", "ledger_tree", "frontier"],
  ["update ledger_tree set last_time = last_time - interval '1 day'", "ledger_tree", "last_time"],
  ["update ledger_tree set last_time = null", "ledger_tree", "last_time"],
  ["update ledger_nodes set hash = sha256('x')", "ledger_nodes"],
  ["delete from ledger_nodes", "ledger_nodes"],
  ["insert into ledger_nodes values (1, 7, sha256('x'))", "ledger_nodes"],
  ["delete from ledger_checkpoints", "ledger_checkpoints"],
  [
    "insert into ledger_cosignatures (log, size, witness, line) select 1, min(size), 'w', '' from ledger_checkpoints; delete from ledger_checkpoints where size = (select min(size) from ledger_checkpoints)",
    "ledger_checkpoints",
  ],
  [
    "update ledger_checkpoints set root = sha256('x') where size = (select min(size) from ledger_checkpoints)",
    "ledger_leaves",
  ],
  ["delete from ledger_witnesses", "ledger_witnesses"],
  ["update ledger_witnesses set url = 'http://127.0.0.1:10'", "ledger_witnesses"],
  ["update ledger_anchors set removed_at = now()", "ledger_anchors"],
  // Without its payload the entry would agree with whatever the row says.
  [
    "update ledger_entries set payload = null, salt = null where kind = 'document.registered'; update documents set content = jsonb_set(content, '{spec,checks}', '[]') where kind = 'Pipeline'",
    "ledger_entries",
    "payload",
  ],
  [
    "with e as (insert into ledger_entries (operation, kind, stream, actor, commitment) values ('agent/mallory', 'agent.met', 'system', 'tidelock', sha256('x')) returning entry) insert into ledger_queue select entry from e; insert into agents (agent_id, public_key) values ('mallory', 'a key')",
    "agents",
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
])("signs no root that no server has grown: set %s", async (change) => {
  const look = afterAttack(`update ledger_tree set ${change}`, (db) => testLog(db).flush());
  await expect(look).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("tree was written by somebody else"),
  });
});

it("signs no root that is not the one of the leaves", async () => {
  const attack =
    "delete from ledger_checkpoints; update ledger_leaves set hash = sha256('x') where index = (select max(index) from ledger_leaves)";
  const look = afterAttack(attack, (db) => testLog(db).flush());
  await expect(look).rejects.toMatchObject({
    code: "digest-mismatch",
    message: expect.stringContaining("another root than its leaves"),
  });
});

it("finds nothing again after each of these was taken back", async () => {
  expect(await attacked("")).toMatchObject({ ok: true, erased: 0 });
});

it("has a meaning for people for every kind of entry that was written", async () => {
  const rows = await copy.db.selectFrom("ledger_entries").select("kind").distinct().execute();
  expect(rows.map(({ kind }) => kind).filter((kind) => !(kind in kinds))).toEqual([]);
  expect(rows.length).toBeGreaterThan(15);
});

it("has one line for every table of the schema: rebuilt, checked otherwise, or no ground because", async () => {
  const { rows } = await copy.pool.query<{ table_name: string }>(
    "select table_name from information_schema.tables where table_schema = 'public'",
  );
  const there = rows.map(({ table_name: name }) => name).sort();
  expect(Object.keys(tables).sort()).toEqual(there);
  const rebuilt = Object.entries(tables).filter(([, { how }]) => how === "rebuilt");
  expect(rebuilt.map(([name]) => name).sort()).toEqual(
    projections.map(({ table }) => table as string).sort(),
  );
});
