import { type RawBuilder, sql } from "kysely";
import { keyLength } from "../../findings/identity/key.ts";
import { prepared } from "../prepared.ts";
import type { Db } from "../schema.ts";

/**
 * Where observations of a report wait until all of it was read: temporary tables of one connection. They cost no
 * log, nobody else sees them, and they are gone with their connection however it ends.
 */

/**
 * Some observations in the report's order, a column a text: of each field one value a line, so that neither this process
 * nor the database makes an object of every hit. No value holds a line's end.
 */
export interface StagedBatch {
  /** Number of the first one; the others follow. */
  readonly first: number;
  readonly count: number;
  /** 1: a statement and no hit. 0: a hit. */
  readonly claims: string;
  readonly kinds: string;
  /** Empty: of none. */
  readonly environments: string;
  /** 1 is the worst. */
  readonly severities: string;
  /** 1: the tool has stated it. */
  readonly stated: string;
  /** 0: of none. */
  readonly lines: string;
  /** Empty: of none. UTF-8, as are the other long ones: they pass from thread to database without being copied. */
  readonly spots: Uint8Array;
  /** JSON arrays of texts. */
  readonly ids: string;
  /** JSON arrays of pairs of an algorithm and a value. */
  readonly drifts: Uint8Array;
  /** The observations, JSON. */
  readonly contents: Uint8Array;
  /** Algorithms of the fingerprints, each once: a JSON array. */
  readonly algorithms: string;
  /** Of each fingerprint: whose it is (from 1, within the batch), the how manieth (from 0), its algorithm (from 1). */
  readonly owners: string;
  readonly ranks: string;
  readonly names: string;
  readonly values: Uint8Array;
  readonly prints: number;
}

/** Made anew on the connection that `db` holds. */
export async function openStaging(db: Db): Promise<void> {
  await closeStaging(db);
  // Read again and again, and more than an ordinary connection keeps of temporary tables. It can be said only before
  // there is one, and then stays.
  await sql`
    select set_config('temp_buffers', '64MB', false) where current_setting('temp_buffers') <> '64MB'
  `
    .execute(db)
    .catch(() => undefined);
  // What is done with two million hits at once takes longer than an ordinary statement may, and more memory than it is
  // given; and no plan of it is worth a compiler's time.
  await sql`
    select set_config('statement_timeout', '900000', false), set_config('work_mem', '64MB', false),
      set_config('jit', 'off', false), set_config('default_statistics_target', '20', false)
  `.execute(db);
  // Batches are joined with each other by hashing and with what is known by its index, each time by one and the same plan.
  await sql`
    select set_config('enable_nestloop', 'off', false), set_config('enable_mergejoin', 'off', false),
      set_config('enable_seqscan', 'off', false), set_config('plan_cache_mode', 'force_generic_plan', false)
  `.execute(db);
  // Long rows, each read once or twice; what is gone through again and again is in the short ones of the others.
  await sql`
    create temp table import_contents (
      ordinal integer not null,
      claim boolean not null,
      line integer not null,
      kind text not null,
      environment text not null,
      ids text[] not null,
      aliases text[] not null,
      drift jsonb not null,
      content jsonb not null
    )
  `.execute(db);
  await sql`
    create temp table import_fingerprints (
      ordinal integer not null,
      line integer not null,
      rank smallint not null,
      claim boolean not null,
      -- Where equal ones are told apart by their order, the value is the base and its number.
      numbered boolean not null,
      -- Of algorithm and base: a number that equal ones share, and others hardly ever.
      key bigint not null,
      algorithm text not null,
      value text not null
    )
  `.execute(db);
  await sql`
    create temp table import_plain (
      ordinal integer not null,
      -- 1 is the worst.
      severity smallint not null,
      stated boolean not null,
      kind text not null,
      spot text,
      -- The known finding of its fingerprints; of several the first one.
      finding bigint,
      -- Nobody knows any of them.
      fresh boolean not null,
      best text,
      -- It is for the reconciler.
      hard boolean not null,
      -- It says something that its finding does not say yet.
      differs boolean not null
    )
  `.execute(db);
}

/** What the newest observation says beside what makes it the same finding; `o` has its `content`. */
export const detailsOf = sql`jsonb_strip_nulls(jsonb_build_object(
  'message', o.content -> 'message', 'fixedIn', o.content -> 'fixedIn', 'cvss', o.content -> 'cvss',
  'reachable', o.content -> 'reachable', 'references', o.content -> 'references'))`;

/** Whether an observation `o` says more or other things than the finding `f`, of what trusted ones may teach. */
export const differsFrom = sql`(f.drift <> o.drift or not o.aliases <@ f.aliases
  or (f.kind = 'dependency' and f.details <> ${detailsOf}))`;

/**
 * What is known of the fingerprints `prints`, by their observation. One look into the index for each: how much there is
 * of the service does not matter, and no estimate decides.
 */
function matchOf(service: string, prints: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select p.ordinal, min(k.finding) as finding, count(k.finding) = 0 as fresh,
      min(p.algorithm || ' ' || p.value) filter (where p.rank = 0) as best,
      count(k.finding) not in (0, count(*)) or coalesce(min(k.finding) <> max(k.finding), false) as hard
    from ${prints} p left join lateral (
      select k.finding from finding_fingerprints k
      where k.service = ${service} and k.algorithm = p.algorithm and k.value = p.value limit 1
    ) k on true
    where not p.claim group by p.ordinal`;
}

const itsFinding = sql`left join lateral (
  select f.drift, f.aliases, f.kind, f.details from findings f where f.id = m.finding limit 1
) f on true`;

/**
 * One batch, as the thread that reads reports writes it (src/engine/findings/import/staged-row.ts), and which known
 * findings it is of by now: that is looked up while the thread reads on. Whoever applies it looks whether another import
 * has come meanwhile (`newestNumber`), and then has it looked up anew.
 */
export async function stage(db: Db, service: string, batch: StagedBatch): Promise<void> {
  const { first, claims, kinds, environments, severities, stated, lines, spots, ids, drifts } =
    batch;
  const { contents, algorithms, owners, ranks, names, values } = batch;
  const column = (text: string | Uint8Array) => sql`string_to_array(${text}, E'\n')`;
  const statement = sql`
    with given as (
      select ${first}::integer + (one.place - 1)::integer as ordinal, one.place, one.claim = '1' as claim,
        one.severity::smallint as severity, one.stated = '1' as stated, one.line::integer as line, one.kind,
        -- One empty line is no line to PostgreSQL.
        coalesce(one.environment, '') as environment, nullif(one.spot, '') as spot,
        case when one.ids = '[]' then '{}' else array(select jsonb_array_elements_text(one.ids::jsonb)) end as ids,
        case when c -> 'aliases' = '[]' then '{}'
          else array(select jsonb_array_elements_text(c -> 'aliases')) end as aliases,
        one.drift::jsonb as drift, c as content
      from (
        select *, content::jsonb as c from rows from (
          unnest(${column(claims)}), unnest(${column(kinds)}), unnest(${column(environments)}),
          unnest(${column(severities)}), unnest(${column(stated)}), unnest(${column(lines)}),
          unnest(${column(spots)}), unnest(${column(ids)}), unnest(${column(drifts)}), unnest(${column(contents)})
        ) with ordinality as one (
          claim, kind, environment, severity, stated, line, spot, ids, drift, content, place)
        offset 0
      ) one
    ), kept as (
      insert into import_contents
      select ordinal, claim, line, kind, environment, ids, aliases, drift, content from given
    ), p as (
      insert into import_fingerprints
      select g.ordinal, g.line, one.rank::smallint, g.claim, octet_length(one.value) > ${keyLength},
        hashtextextended(left(one.value, ${keyLength}), name.seed), name.algorithm, one.value
      from rows from (
        unnest(${column(owners)}), unnest(${column(ranks)}), unnest(${column(names)}), unnest(${column(values)})
      ) as one (owner, rank, name, value)
      join (
        select algorithm, place, hashtext(algorithm)::bigint as seed
        from jsonb_array_elements_text(${algorithms}::jsonb) with ordinality as name (algorithm, place)
      ) name on name.place = one.name::integer
      join given g on g.place = one.owner::integer
      returning ordinal, rank, claim, algorithm, value
    )
    insert into import_plain
    select m.ordinal, o.severity, o.stated, o.kind, o.spot,
      m.finding, m.fresh, m.best, m.hard, coalesce(${differsFrom}, false)
    from (${matchOf(service, sql`p`)}) m join given o on o.ordinal = m.ordinal ${itsFinding}`;
  const compiled = statement.compile(db);
  prepared(compiled.sql);
  await db.executeQuery(compiled);
}

/**
 * After the last batch: what is equal within the report is numbered in order of line, as `numberOccurrences` does
 * it; and how much there is decides how it is looked for.
 *
 * @returns whether any of it is a statement
 */
export async function endStaging(db: Db, service: string): Promise<boolean> {
  // Sorted once, which is less work than a place found for each row as it comes.
  await sql`create unique index on import_contents (ordinal)`.execute(db);
  await sql`create index on import_contents (ordinal) where claim`.execute(db);
  await sql`create index on import_fingerprints (ordinal)`.execute(db);
  await numberEqual(db, service);
  const { rows } = await sql`select from import_contents where claim limit 1`.execute(db);
  await planFreely(db);
  return rows.length > 0;
}

async function numberEqual(db: Db, service: string): Promise<void> {
  await sql`create unique index on import_plain (ordinal)`.execute(db);
  await sql`
    analyze import_fingerprints (ordinal, key), import_plain (ordinal, finding, fresh, hard)
  `.execute(db);
  await sql`
    create temp table import_many as
    select key from import_fingerprints where numbered and not claim
    group by key having min(line) <> max(line)
  `.execute(db);
  const { rows } = await sql`select from import_many limit 1`.execute(db);
  if (rows.length === 0) return;
  await sql`analyze import_many`.execute(db);
  await sql`
    create temp table import_numbered as
    select key, algorithm, base, line, dense_rank() over (partition by algorithm, base order by line) as place
    from (
      select distinct f.key, f.algorithm, left(f.value, ${keyLength}) as base, f.line
      from import_fingerprints f join import_many many on many.key = f.key
      where f.numbered and not f.claim
    ) lines
  `.execute(db);
  await sql`analyze import_numbered`.execute(db);
  const later = sql`import_numbered n join import_fingerprints f
    on f.key = n.key and f.algorithm = n.algorithm and left(f.value, ${keyLength}) = n.base and f.line = n.line
    where n.place > 1 and f.numbered and not f.claim`;
  await sql`create temp table import_again as select distinct f.ordinal from ${later}`.execute(db);
  await sql`
    update import_fingerprints p set value = one.base || ':' || one.place
    from (select f.ctid as row, n.base, n.place from ${later}) one where p.ctid = one.row
  `.execute(db);
  await sql`analyze import_again`.execute(db);
  await matchAgain(
    db,
    service,
    sql`(select f.* from import_again again join import_fingerprints f on f.ordinal = again.ordinal)`,
  );
}

/** Looks up anew what is known of all that was staged. */
export async function matchAnew(db: Db, service: string): Promise<void> {
  await matchAgain(db, service, sql`import_fingerprints`);
}

async function matchAgain(db: Db, service: string, prints: RawBuilder<unknown>): Promise<void> {
  await sql`
    update import_plain p set finding = n.finding, fresh = n.fresh, best = n.best, hard = n.hard, differs = n.differs
    from (
      select m.*, coalesce(${differsFrom}, false) as differs
      from (${matchOf(service, prints)}) m join import_contents o on o.ordinal = m.ordinal ${itsFinding}
    ) n where n.ordinal = p.ordinal
  `.execute(db);
}

/** Number of the newest import of a service: as long as it stays, so does what tells its findings apart. */
export async function newestNumber(db: Db, service: string): Promise<string> {
  const { rows } = await sql<{ number: string }>`
    select coalesce(max(number), 0)::text as number from finding_imports where service = ${service}
  `.execute(db);
  return rows[0]?.number ?? "0";
}

const tables = sql.raw(
  ["contents", "fingerprints", "plain", "many", "numbered", "again"]
    .map((name) => `pg_temp.import_${name}`)
    .join(", "),
);

export async function closeStaging(db: Db): Promise<void> {
  await sql`drop table if exists ${tables}`.execute(db);
  for (const setting of ["statement_timeout", "work_mem", "jit", "default_statistics_target"]) {
    await sql`reset ${sql.id(setting)}`.execute(db);
  }
  await planFreely(db);
}

async function planFreely(db: Db): Promise<void> {
  for (const setting of [
    "enable_nestloop",
    "enable_mergejoin",
    "enable_seqscan",
    "plan_cache_mode",
  ]) {
    await sql`reset ${sql.id(setting)}`.execute(db);
  }
}
