import { sql } from "kysely";
import type { Severity } from "../../model/observation.ts";
import type { Digest } from "../../model/primitives.ts";
import type { PackageVersion } from "../../ports/advisory-source.ts";
import type { AttestationFormat, Db } from "../schema.ts";

/** What releases are made of, by package and version, and what is published about that. */

/** Writes what one SBOM of a release lists; what another one listed stays. The same SBOM twice is one. */
export async function keepComponents(
  tx: Db,
  of: { readonly release: Digest; readonly digest: Digest; readonly problem: string | null },
  packages: readonly PackageVersion[],
): Promise<void> {
  const { release, digest, problem } = of;
  await sql`
    insert into release_boms (release, digest, components, problem)
    values (${release}, ${digest}, ${packages.length}, ${problem})
    on conflict (release, digest) do update set components = excluded.components, problem = excluded.problem
  `.execute(tx);
  if (packages.length === 0) return;
  // In one order for everybody, so that two releases with the same packages do not wait for each other in a circle.
  const sorted = [...packages].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  const column = (key: keyof PackageVersion) => sorted.map((one) => one[key]);
  const given = sql`unnest(${column("ecosystem")}::text[], ${column("name")}::text[], ${column("version")}::text[])
    as given (ecosystem, name, version)`;
  await sql`
    insert into components (ecosystem, name, version)
    select distinct ecosystem, name, version from ${given} order by 1, 2, 3
    on conflict do nothing
  `.execute(tx);
  await sql`
    insert into release_components (component, release)
    select distinct c.id, ${release} from ${given} join components c using (ecosystem, name, version)
    on conflict do nothing
  `.execute(tx);
}

function orderOf({ ecosystem, name, version }: PackageVersion): string {
  return `${ecosystem}\0${name}\0${version}`;
}

/** SBOMs that nobody has read into the index yet: those of before there was one, and whatever was cut short. */
export async function unreadBoms(
  db: Db,
  limit: number,
): Promise<
  readonly {
    readonly release: Digest;
    readonly digest: Digest;
    readonly format: AttestationFormat;
  }[]
> {
  const { rows } = await sql<{ release: Digest; digest: Digest; format: AttestationFormat }>`
    select a.release, a.digest, a.format from attestations a
    where a.origin in ('made', 'given') and a.erased_at is null
      and (a.format in ('cyclonedx', 'spdx')
        or a.predicate_type like 'https://cyclonedx.org/bom%' or a.predicate_type like 'https://spdx.dev/Document%')
      and not exists (select from release_boms b where b.release = a.release and b.digest = a.digest)
    limit ${limit}
  `.execute(db);
  return rows;
}

export interface UnheldComponent extends PackageVersion {
  readonly id: string;
}

/** Those that were never held against an edition of advisories. */
export async function unheldComponents(
  db: Db,
  edition: string,
  limit: number,
): Promise<readonly UnheldComponent[]> {
  const { rows } = await sql<UnheldComponent>`
    select id, ecosystem, name, version from components
    where held_against is null or held_against < ${edition} or held_against > ${edition} order by ecosystem, name, id limit ${limit}
  `.execute(db);
  return rows;
}

export interface NewFlaw {
  readonly component: string;
  readonly advisory: string;
  readonly aliases: readonly string[];
  readonly severity: Severity;
  readonly fixedIn: string | null;
}

/**
 * What an edition says of some components takes the place of what the one before said. One that is new, or worse than it
 * was, is known since the edition came; one that the edition does not have any more is withdrawn.
 */
export async function holdComponents(
  tx: Db,
  edition: { readonly digest: string; readonly importedAt: string },
  components: readonly string[],
  flaws: readonly NewFlaw[],
): Promise<void> {
  const ids = [...components];
  const column = <K extends keyof NewFlaw>(key: K) => flaws.map((flaw) => flaw[key]);
  // Arrays of arrays have to be even: names are joined by what no name holds.
  const aliases = flaws.map((flaw) => flaw.aliases.join("\n"));
  await sql`
    insert into component_flaws (component, advisory, aliases, severity, fixed_in, since, edition)
    select component, advisory, string_to_array(aliases, E'\n'), severity, fixed_in, ${edition.importedAt}::timestamptz, ${edition.digest}
    from unnest(${column("component")}::bigint[], ${column("advisory")}::text[], ${aliases}::text[],
      ${column("severity")}::text[], ${column("fixedIn")}::text[]) as f (component, advisory, aliases, severity, fixed_in)
    order by component, advisory
    on conflict (component, advisory) do update set
      aliases = excluded.aliases, severity = excluded.severity, fixed_in = excluded.fixed_in, withdrawn = false,
      since = case when ${worse} then excluded.since else component_flaws.since end,
      edition = case when ${worse} or excluded.severity <> component_flaws.severity then excluded.edition else component_flaws.edition end
  `.execute(tx);
  await sql`
    update component_flaws set withdrawn = true, edition = ${edition.digest}
    where component = any(${ids}::bigint[]) and not withdrawn and (component, advisory) not in (
      select * from unnest(${column("component")}::bigint[], ${column("advisory")}::text[]))
  `.execute(tx);
  await sql`
    update components set held_against = ${edition.digest} where id = any(${ids}::bigint[])
  `.execute(tx);
}

const ranked = (severity: ReturnType<typeof sql.ref>) =>
  sql`array_position(array['critical', 'high', 'medium', 'low', 'info'], ${severity})`;
const worse = sql`(component_flaws.withdrawn
  or ${ranked(sql.ref("excluded.severity"))} < ${ranked(sql.ref("component_flaws.severity"))})`;

export interface ReleaseFlaw {
  readonly release: Digest;
  readonly advisory: string;
  readonly aliases: readonly string[];
  readonly severity: Severity;
  readonly package: string;
  readonly version: string;
  readonly fixed_in: string | null;
  readonly since: Date;
}

/** What is published of what releases are made of, in one order. */
export async function flawsIn(
  db: Db,
  releases: readonly Digest[],
): Promise<ReadonlyMap<Digest, readonly ReleaseFlaw[]>> {
  if (releases.length === 0) return new Map();
  const { rows } = await sql<ReleaseFlaw>`
    select r.release, f.advisory, f.aliases, f.severity, c.ecosystem || ' ' || c.name as package, c.version,
      f.fixed_in, f.since
    from component_flaws f
    join components c on c.id = f.component
    join release_components r on r.component = f.component
    where r.release = any(${[...new Set(releases)]}) and not f.withdrawn
    order by r.release, array_position(array['critical', 'high', 'medium', 'low', 'info'], f.severity),
      f.advisory, c.ecosystem, c.name, c.version
  `.execute(db);
  return Map.groupBy(rows, ({ release }) => release);
}
