import { sql } from "kysely";
import type { Db } from "../schema.ts";

/** Which services have a finding, in whatever state, that bears one of these names. */
export async function namedLike(
  db: Db,
  services: readonly string[],
  names: readonly string[],
): Promise<readonly { readonly service: string; readonly name: string }[]> {
  const { rows } = await sql<{ service: string; name: string }>`
    select distinct f.service, n.name
    from findings f, lateral unnest(f.aliases || f.rule) as n (name)
    where f.service = any(${[...services]}) and n.name = any(${[...names]})
  `.execute(db);
  return rows;
}
