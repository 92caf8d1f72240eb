import type { Thing } from "../../model/permissions.ts";
import type { Reach, Resource, Scope } from "../../model/principal.ts";
import { readLineScope } from "../../model/stop.ts";
import { parseDocuments } from "../../pipeline-file/parse.ts";
import { readReview } from "../../store/queries/access-reviews.ts";
import { readToken } from "../../store/queries/tokens.ts";
import { findRule } from "../../store/queries/workload.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { findApproval } from "../approvals/answer.ts";
import { findRequest } from "../manual/answer.ts";

/** Where things lie that requests name by an id. Null: there is no such thing. */
export async function placesOf(
  engine: Engine,
  thing: Thing,
  reference: string,
): Promise<readonly Resource[] | null> {
  if (thing === "documents") return documentPlaces(engine, reference);
  const place = await finders[thing](engine.db, reference);
  return place === null ? null : [place];
}

type Find = (db: Db, reference: string) => Promise<Resource | null>;

const finders: Readonly<Record<Exclude<Thing, "documents">, Find>> = {
  promotion: async (db, id) =>
    laneOf(
      await db
        .selectFrom("promotions")
        .select(["service", "environment"])
        .where("id", "=", id)
        .executeTakeFirst(),
    ),
  waiver: async (db, id) =>
    laneOf(
      await db
        .selectFrom("waivers")
        .select(["service", "environment"])
        .where("id", "=", number(id))
        .executeTakeFirst(),
    ),
  "break-glass": async (db, id) =>
    laneOf(
      await db
        .selectFrom("break_glass")
        .select(["service", "environment"])
        .where("id", "=", number(id))
        .executeTakeFirst(),
    ),
  finding: async (db, id) =>
    serviceOf(
      await db
        .selectFrom("findings")
        .select("service")
        .where("id", "=", number(id))
        .executeTakeFirst(),
    ),
  "finding-proposal": async (db, id) => {
    const row = await db
      .selectFrom("finding_acts")
      .select("service")
      .where("id", "=", id)
      .executeTakeFirst();
    // Of before acts said their service: nobody's in particular.
    return row?.service === "" ? everywhere : serviceOf(row);
  },
  engagement: async (db, id) => {
    const row = await db
      .selectFrom("engagements")
      .select(["service", "content"])
      .where("id", "=", number(id))
      .executeTakeFirst();
    if (!row) return null;
    const { environment } = row.content;
    return {
      service: { name: row.service },
      environment: environment === null ? "any" : { name: environment },
    };
  },
  stop: async (db, id) => {
    const row = await db
      .selectFrom("stops")
      .select(["service", "environment"])
      .where("id", "=", Number(number(id)))
      .executeTakeFirst();
    return scopeOf(row);
  },
  token: async (db, id) => scopeOf(await readToken(db, id)),
  "workload-rule": async (db, id) => scopeOf((await findRule(db, id))?.rule),
  "role-assignment": async (db, id) =>
    scopeOf(
      await db
        .selectFrom("role_assignments")
        .select(["service", "environment"])
        .where("id", "=", id)
        .executeTakeFirst(),
    ),
  line: async (_db, text) => {
    const scope = readLineScope(text);
    // Whether a bare name is a service or an environment is told to whoever sees all of both.
    return scope === null || "either" in scope ? everywhere : scopeOf(scope);
  },
  "access-review": async (db, id) => {
    const row = await readReview(db, id);
    return row
      ? { service: row.service === null ? "all" : { name: row.service }, environment: "any" }
      : null;
  },
  approval: async (db, reference) =>
    laneOf(await findApproval(db, reference).catch(() => undefined)),
  "manual-check": async (db, reference) =>
    // Two that begin alike are answered like none: which there are is not told.
    laneOf(await findRequest(db, reference).catch(() => undefined)),
};

const everywhere: Resource = { service: "all", environment: "all" };

/** A pipeline is its service's, in every environment; an environment is one to every service. */
function documentPlaces(engine: Engine, text: string): readonly Resource[] {
  const { pipelines, environments } = parseDocuments("body.text", text, { checks: engine.checks });
  return [
    ...pipelines.map(({ metadata }) => ({
      service: { name: metadata.name },
      environment: "all" as const,
    })),
    ...environments.map(({ metadata }) => ({
      service: "all" as const,
      environment: { name: metadata.name },
    })),
  ];
}

function side(name: string | null): Reach {
  return name === null ? "all" : { name };
}

function scopeOf(row: Scope | undefined): Resource | null {
  return row ? { service: side(row.service), environment: side(row.environment) } : null;
}

function laneOf(
  row: { readonly service: string; readonly environment: string } | undefined,
): Resource | null {
  return row ? { service: { name: row.service }, environment: { name: row.environment } } : null;
}

function serviceOf(row: { readonly service: string } | undefined): Resource | null {
  return row ? { service: { name: row.service }, environment: "any" } : null;
}

/** Of `F-12` and `BG-3`, as the tables have it. */
function number(id: string): string {
  return /^[A-Z]{1,2}-(\d{1,15})$/.exec(id)?.[1] ?? "0";
}
