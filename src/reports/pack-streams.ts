import { sql } from "kysely";
import type { Subject } from "../audit/format.ts";
import type { Db } from "../store/schema.ts";

/**
 * The streams that a pack about `subject` shows whole: the system's, every lane that any registered pipeline
 * ever named for the service (or in the environment), and the releases concerned. src/audit/checks/required.ts
 * demands the same of a pack, from what stands in the log itself.
 */
export async function streamsOf(db: Db, subject: Subject): Promise<readonly string[]> {
  if (subject.kind === "access-review") return ["system"];
  const lanes = await lanesEverNamed(db);
  if (subject.kind === "release") {
    const own = lanes.filter(({ service }) => service === subject.service);
    return [...new Set(["system", `release/${subject.release}`, ...own.map(streamOf)])];
  }
  const here = lanes.filter(({ environment }) => environment === subject.environment);
  const releases = await releasesMoved(db, subject);
  return [...new Set(["system", ...here.map(streamOf), ...releases.map((id) => `release/${id}`)])];
}

interface NamedLane {
  readonly service: string;
  readonly environment: string;
}

const streamOf = ({ service, environment }: NamedLane): string => `${service}/${environment}`;

async function lanesEverNamed(db: Db): Promise<readonly NamedLane[]> {
  const { rows } = await sql<NamedLane>`
    select distinct name as service, stage ->> 'name' as environment
    from documents, jsonb_array_elements(content -> 'spec' -> 'environments') as stage
    where kind = 'Pipeline'
    union select service, environment from lanes
    order by 1, 2
  `.execute(db);
  return rows;
}

async function releasesMoved(
  db: Db,
  { environment, from, to }: Extract<Subject, { kind: "environment" }>,
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom("promotions")
    .select("release")
    .distinct()
    .where("environment", "=", environment)
    // Its entry has its place a moment after the row: a second on both sides is never too little.
    .where("created_at", ">=", new Date(Date.parse(from) - 1_000))
    .where("created_at", "<", new Date(Date.parse(to) + 1_000))
    .execute();
  return rows.map(({ release }) => release);
}
