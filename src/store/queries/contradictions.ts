import { sql } from "kysely";
import type { Decision } from "../../model/decision.ts";
import type { Colour, Digest, Lane } from "../../model/primitives.ts";
import type { Release } from "../../model/release.ts";
import { deploymentsProjection } from "../projections/lanes.ts";
import { decisionsProjection } from "../projections/promotions.ts";
import { entryOf, recordRows } from "../projections/projection.ts";
import { writeLeans } from "./leans.ts";
import { tableLedger } from "./ledger.ts";
import { decisionRecord } from "../../policy/record.ts";
import type { Lean } from "../../policy/leans.ts";
import { pack, parts, unpackedText } from "../packed.ts";
import type { Db, DeploymentRow } from "../schema.ts";

/** What has to be decided once more, read and written for many at a time. */

export interface OpenPlace extends Lane {
  readonly cause: string;
  readonly place: "live" | "old" | "open";
  readonly message: string;
}

/**
 * Places that nobody has decided yet, and nobody else decides while this transaction lasts: those that another server
 * holds are passed over. By lane, so that several causes of one lane are decided at once.
 *
 * @param except `service environment place`, of which something could not be gathered just now
 */
export async function claimPlaces(
  tx: Db,
  limit: number,
  except: readonly string[],
): Promise<readonly OpenPlace[]> {
  const { rows } = await sql<OpenPlace>`
    select p.cause, p.service, p.environment, p.place, c.message
    from cause_places p join causes c on c.id = p.cause
    where p.decided_at is null
      and not (p.service || ' ' || p.environment || ' ' || p.place = any(${[...except]}::text[]))
    order by p.service, p.environment limit ${limit} for update of p skip locked
  `.execute(tx);
  return rows;
}

export type PlaceResult = "stands" | "contradicted" | "unknown" | "gone" | "woken";

export async function markPlaces(
  tx: Db,
  places: readonly (OpenPlace & { readonly result: PlaceResult })[],
): Promise<void> {
  const column = <K extends keyof (typeof places)[number]>(key: K) => places.map((one) => one[key]);
  await sql`
    update cause_places p set decided_at = clock_timestamp(), result = given.result
    from unnest(${column("cause")}::text[], ${column("service")}::text[], ${column("environment")}::text[],
      ${column("place")}::text[], ${column("result")}::text[]) as given (cause, service, environment, place, result)
    where p.cause = given.cause and p.service = given.service and p.environment = given.environment and p.place = given.place
  `.execute(tx);
}

/** What stands at a place, and the decision by which it went there. */
export interface Standing extends Lane {
  readonly place: "live" | "old";
  readonly release: Digest;
  readonly configuration: Digest;
  readonly content: Release;
  readonly deployment: string;
  readonly contradicted_reason: string | null;
  readonly promotion: string;
  readonly plan_digest: Digest;
  /** Of the plan, what says under which policy it was made. */
  readonly policy: {
    readonly pipeline: Digest;
    readonly environment: Digest;
    readonly gate: "baseline" | "strict";
    readonly minimumIsolation: "none" | "separate-user" | "sandbox";
    readonly soakMs: number;
  };
  /** On which it was tested. */
  readonly colour: Colour;
  /** Digest of the inputs that the decision names; null: no gate has decided about it. */
  readonly inputs_digest: Digest | null;
  /** Bytes of these; null: they are gone. */
  readonly inputs_size: number | null;
  readonly next_step: number;
  /** Something else than advisories has changed since: everything is gathered anew. */
  readonly changed: boolean;
}

/**
 * What is live, or could take the traffic back, in some lanes. After a rollback it is the promotion that once brought it
 * which decided.
 */
export async function standingIn(
  tx: Db,
  places: readonly Pick<OpenPlace, "service" | "environment" | "place">[],
): Promise<readonly Standing[]> {
  const column = <K extends keyof (typeof places)[number]>(key: K) => places.map((one) => one[key]);
  return standings(
    tx,
    sql`select t.service, t.environment, t.place,
        case t.place when 'live' then l.live_release else l.old_release end as release,
        case t.place when 'live' then l.live_configuration else l.old_configuration end as configuration,
        case t.place when 'live' then l.live_promotion else l.old_promotion end as holder
      from unnest(${column("service")}::text[], ${column("environment")}::text[], ${column("place")}::text[])
        as t (service, environment, place)
      join lanes l on l.service = t.service and l.environment = t.environment`,
  );
}

/** What a deployment of before stands on, where the traffic may go back to it. */
export async function standingOfDeployment(db: Db, deployment: string): Promise<Standing | null> {
  const [found] = await standings(
    db,
    sql`select d.service, d.environment, 'old' as place, d.release, d.configuration, d.promotion as holder
      from deployments d where d.id = ${deployment}`,
  );
  return found ?? null;
}

async function standings(db: Db, what: ReturnType<typeof sql>): Promise<readonly Standing[]> {
  const { rows } = await sql<Standing>`
    select w.service, w.environment, w.place, w.release, w.configuration, r.content, dep.id as deployment, dep.contradicted_reason,
      p.id as promotion, p.plan_digest, d.inputs as inputs_digest, octet_length(i.content) as inputs_size,
      jsonb_build_object('pipeline', p.plan -> 'pipeline', 'environment', p.plan -> 'environment', 'gate', p.plan -> 'gate',
        'minimumIsolation', p.plan -> 'minimumIsolation', 'soakMs', p.plan -> 'soakMs') as policy,
      case p.plan -> 'live' ->> 'colour' when 'blue' then 'green' else 'blue' end as colour,
      greatest(coalesce((select max(step) from decisions where promotion = p.id), 0), 10000) + 1 as next_step,
      (exists (select from check_runs c where c.promotion = p.id and c.phase <> 'live' and c.report is not null and c.ended_at > d.at)
        or exists (select from finding_imports f where f.release = w.release and f.trust in ('own', 'signed') and f.at > d.at)
        or exists (select from finding_claims m join finding_imports f on f.id = m.import where m.trusted and f.release = w.release)
        or exists (select from finding_acts a where a.service = w.service and a.at > d.at)
        or exists (select from feeds k where k.kind = 'kev' and k.imported_at > d.at)
        or exists (select from waivers v where v.service = w.service and v.environment = w.environment
          and (v.state = 'in-force' or v.ended_at > d.at))
        or exists (select from ledger_keys k where k.use = 'evidence' and k.compromised_at > d.at)) as changed
    from (${what}) w
    join releases r on r.id = w.release
    join lateral (
      select d.id, d.contradicted_reason from deployments d
      where d.service = w.service and d.environment = w.environment and d.release = w.release and d.configuration = w.configuration
      order by d.from_at desc, d.id desc limit 1
    ) dep on true
    join lateral (
      select p.* from promotions p
      where p.service = w.service and p.environment = w.environment and p.kind = 'promotion'
        and p.release = w.release and p.configuration = w.configuration and (p.state = 'complete' or p.id = w.holder)
      order by p.sequence desc limit 1
    ) p on true
    left join lateral (
      select d.decision ->> 'inputs' as inputs, d.at from decisions d
      where d.promotion = p.id and d.step < jsonb_array_length(p.plan -> 'steps') order by d.step desc limit 1
    ) d on true
    left join decision_inputs i on i.digest = d.inputs
  `.execute(db);
  return rows;
}

/** Inputs of decisions as they were kept, by their digest. */
export async function keptTexts(
  tx: Db,
  digests: readonly Digest[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ digest: string; content: string }>`
    select digest, content from decision_inputs where digest = any(${[...digests]}::text[])
  `.execute(tx);
  return new Map(rows.map(({ digest, content }) => [digest, content]));
}

/** What is written of a decision: not the inputs themselves, which are many times as long in memory as their text. */
export interface ToKeep {
  readonly decision: Decision;
  readonly text: string;
  readonly leans: readonly Lean[];
}

/** A decision that was made once more, and what it means for the deployment. */
export interface Redecision {
  readonly standing: Standing;
  readonly decided: ToKeep;
  /** Of the signed statement about it. */
  readonly attestation: Digest;
  /** Why it is contradicted; null: it stands again. */
  readonly reason: string | null;
  readonly cause: string;
}

/** Decisions with their inputs, the deployments that they are about, and an entry for each, in the caller's transaction. */
export async function keepRedecisions(tx: Db, made: readonly Redecision[]): Promise<void> {
  if (made.length === 0) return;
  const decisions = made.map(({ standing, decided, attestation }) => ({
    promotion: standing.promotion,
    step: standing.next_step,
    decision: decided.decision,
    attestation,
    service: standing.service,
    environment: standing.environment,
    text: decided.text,
  }));
  for (const part of parts(decisions, ({ text }) => text.length)) await insertDecisions(tx, part);
  await tableLedger.append(
    tx,
    ...decisions.map(({ text: _text, attestation, ...row }) =>
      entryOf(
        decisionsProjection,
        { ...row, at: new Date(0) },
        { more: { ...decisionRecord(row.decision), attestations: [attestation] } },
      ),
    ),
  );
  await writeLeans(
    tx,
    made.map(({ standing: { promotion, next_step: step }, decided: { leans } }) => {
      return { promotion, step, leans };
    }),
  );
  const changed = await markDeployments(tx, made);
  await recordRows(tx, deploymentsProjection, changed);
  await keepIncidents(tx, made);
}

async function insertDecisions(
  tx: Db,
  decisions: readonly {
    readonly promotion: string;
    readonly step: number;
    readonly decision: Decision;
    readonly text: string;
  }[],
): Promise<void> {
  const said = pack(decisions.map(({ decision }) => JSON.stringify(decision)));
  await sql`
    insert into decisions (promotion, step, decision)
    select promotion, step, ${unpackedText(said, "begin", "size")}::jsonb
    from unnest(${decisions.map((one) => one.promotion)}::text[], ${decisions.map((one) => one.step)}::integer[],
      ${said.from}::integer[], ${said.size}::integer[]) as given (promotion, step, begin, size)
  `.execute(tx);
  const kept = pack(decisions.map(({ text }) => text));
  await sql`
    insert into decision_inputs (digest, content)
    select digest, ${unpackedText(kept, "begin", "size")}
    from unnest(${decisions.map((one) => one.decision.inputs)}::text[], ${kept.from}::integer[], ${kept.size}::integer[])
      as given (digest, begin, size)
    on conflict do nothing
  `.execute(tx);
}

async function markDeployments(
  tx: Db,
  made: readonly Redecision[],
): Promise<readonly DeploymentRow[]> {
  const { rows } = await sql<DeploymentRow>`
    update deployments d set changes = d.changes + 1, contradicted_reason = given.reason,
      contradicted_at = case when given.reason is null then null else coalesce(d.contradicted_at, clock_timestamp()) end
    from unnest(${made.map(({ standing }) => standing.deployment)}::bigint[], ${made.map(({ reason }) => reason)}::text[])
      as given (id, reason)
    where d.id = given.id returning d.*
  `.execute(tx);
  return rows;
}

async function keepIncidents(tx: Db, made: readonly Redecision[]): Promise<void> {
  const bad = made.filter(({ reason }) => reason !== null);
  await sql`
    insert into incidents (deployment, cause, live)
    select * from unnest(${bad.map(({ standing }) => standing.deployment)}::bigint[], ${bad.map(({ cause }) => cause)}::text[],
      ${bad.map(({ standing }) => standing.place === "live")}::boolean[])
    on conflict (deployment) do update set cause = excluded.cause, live = excluded.live, handled_at = null, handled = null
  `.execute(tx);
  const good = made.filter(({ reason }) => reason === null);
  if (good.length === 0) return;
  await sql`
    delete from incidents where deployment = any(${good.map(({ standing }) => standing.deployment)}::bigint[])
  `.execute(tx);
}

/** Trusted statements that something is not so, about what no scan had found: by every name that they give it. */
export async function deniedBefore(
  db: Db,
  release: Digest,
  names: readonly string[],
): Promise<readonly { readonly names: readonly string[]; readonly scope: string | null }[]> {
  const { rows } = await sql<{ names: string[]; scope: string | null }>`
    select array(select jsonb_array_elements_text(coalesce(m.content -> 'aliases', '[]'))) || (m.content ->> 'rule') as names,
      m.content ->> 'scope' as scope
    from finding_claims m join finding_imports i on i.id = m.import
    where i.release = ${release} and m.trusted and m.finding is null
      and m.status in ('not-affected', 'fixed', 'false-positive')
      and (m.content ->> 'rule' = any(${[...names]}) or (m.content -> 'aliases') ?| ${[...names]})
  `.execute(db);
  return rows;
}
