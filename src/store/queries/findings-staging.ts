import { sql } from "kysely";
import { keyLength } from "../../findings/identity/key.ts";
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
  /** 0: of none. */
  readonly lines: string;
  /** Empty: of none. */
  readonly spots: string;
  /** JSON arrays of texts. */
  readonly ids: string;
  /** JSON arrays of pairs of an algorithm and a value. */
  readonly drifts: string;
  /** The observations, JSON. */
  readonly contents: string;
  /** Algorithms of the fingerprints, each once: a JSON array. */
  readonly algorithms: string;
  /** Of each fingerprint: whose it is (from 1, within the batch), the how manieth (from 0), its algorithm (from 1). */
  readonly owners: string;
  readonly ranks: string;
  readonly names: string;
  readonly values: string;
  readonly prints: number;
}

/** Made anew on the connection that `db` holds. */
export async function openStaging(db: Db): Promise<void> {
  await closeStaging(db);
  // What is done with two million hits at once takes longer than an ordinary statement may, and more memory than it is
  // given; and no plan of it is worth a compiler's time.
  await sql`
    select set_config('statement_timeout', '900000', false), set_config('work_mem', '64MB', false),
      set_config('jit', 'off', false), set_config('default_statistics_target', '20', false)
  `.execute(db);
  await sql`
    create temp table import_observations (
      ordinal integer not null,
      claim boolean not null,
      -- 1 is the worst.
      severity smallint not null,
      stated boolean not null,
      line integer not null,
      kind text not null,
      environment text not null,
      rule text not null,
      spot text,
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
      algorithm text not null,
      base text not null,
      value text not null
    )
  `.execute(db);
}

/** One batch, as the thread that reads reports writes it (src/engine/findings/import/staged-row.ts). */
export async function stage(db: Db, batch: StagedBatch): Promise<void> {
  const { first, claims, kinds, environments, lines, spots, ids, drifts, contents } = batch;
  const column = (text: string) => sql`string_to_array(${text}, E'\n')`;
  await sql`
    insert into import_observations
    select ${first}::integer + (given.place - 1)::integer, given.claim = '1',
      array_position(array['critical', 'high', 'medium', 'low', 'info'], c ->> 'severity'),
      (c ->> 'severityStated')::boolean, given.line::integer, given.kind,
      -- One empty line is no line to PostgreSQL.
      coalesce(given.environment, ''), c ->> 'rule',
      nullif(given.spot, ''),
      case when given.ids = '[]' then '{}' else array(select jsonb_array_elements_text(given.ids::jsonb)) end,
      case when c -> 'aliases' = '[]' then '{}' else array(select jsonb_array_elements_text(c -> 'aliases')) end,
      given.drift::jsonb, c
    from (
      select *, content::jsonb as c from rows from (
        unnest(${column(claims)}), unnest(${column(kinds)}), unnest(${column(environments)}), unnest(${column(lines)}),
        unnest(${column(spots)}), unnest(${column(ids)}), unnest(${column(drifts)}), unnest(${column(contents)})
      ) with ordinality as one (claim, kind, environment, line, spot, ids, drift, content, place)
      offset 0
    ) given
  `.execute(db);
  if (batch.prints === 0) return;
  const { algorithms, owners, ranks, names, values } = batch;
  await sql`
    insert into import_fingerprints
    select ${first}::integer + one.owner::integer - 1,
      (string_to_array(${lines}, E'\n')::integer[])[one.owner::integer], one.rank::smallint,
      (string_to_array(${claims}, E'\n')::integer[])[one.owner::integer] = 1,
      octet_length(one.value) > ${keyLength}, name.algorithm, left(one.value, ${keyLength}), one.value
    from rows from (
      unnest(${column(owners)}), unnest(${column(ranks)}), unnest(${column(names)}), unnest(${column(values)})
    ) as one (owner, rank, name, value)
    join jsonb_array_elements_text(${algorithms}::jsonb) with ordinality as name (algorithm, place)
      on name.place = one.name::integer
  `.execute(db);
}

/**
 * After the last batch: what is equal within the report is numbered in order of line, as `numberOccurrences` does
 * it; and how much there is decides how it is looked for.
 */
export async function endStaging(db: Db): Promise<void> {
  await sql`create index on import_fingerprints (ordinal)`.execute(db);
  await sql`create index on import_observations (ordinal)`.execute(db);
  await sql`
    analyze import_observations (ordinal, claim), import_fingerprints (ordinal, algorithm, base, rank)
  `.execute(db);
  await sql`
    create temp table import_numbered as
    select algorithm, base, line, dense_rank() over (partition by algorithm, base order by line) as place
    from (
      select distinct f.algorithm, f.base, f.line from import_fingerprints f join (
        select algorithm, base from import_fingerprints where numbered and not claim
        group by 1, 2 having min(line) <> max(line)
      ) many on many.algorithm = f.algorithm and many.base = f.base
      where f.numbered and not f.claim
    ) lines
  `.execute(db);
  await sql`analyze import_numbered`.execute(db);
  await sql`
    update import_fingerprints f set value = f.base || ':' || n.place
    from import_numbered n
    where n.place > 1 and f.algorithm = n.algorithm and f.base = n.base and f.line = n.line
      and f.numbered and not f.claim
  `.execute(db);
}

export async function closeStaging(db: Db): Promise<void> {
  await sql`
    drop table if exists pg_temp.import_observations, pg_temp.import_fingerprints, pg_temp.import_numbered
  `.execute(db);
  for (const setting of ["statement_timeout", "work_mem", "jit", "default_statistics_target"]) {
    await sql`reset ${sql.id(setting)}`.execute(db);
  }
}
