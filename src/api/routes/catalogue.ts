import { z } from "zod";
import { listed } from "../../model/permissions.ts";
import { Name } from "../../model/primitives.ts";

/** Which tests run where, with which tools, and what people are asked: from what is registered, and what has really run. */

const Time = z.iso.datetime();
const query = z.object({ service: Name.optional(), environment: Name.optional() });
const place = { service: z.string(), environment: z.string() };
const Json = z.record(z.string(), z.unknown());

export const CatalogueTest = z.object({
  ...place,
  check: z.string(),
  /** Its adapter. */
  uses: z.string(),
  /** What that does, in a sentence. */
  does: z.string(),
  phase: z.enum(["static", "deployed", "live"]),
  /** When it runs, in a sentence. */
  when: z.string(),
  /** Who demands it. */
  from: z.enum(["floor", "pipeline"]),
  /** Null: it has not run here. */
  last: z
    .object({
      run: z.string(),
      promotion: z.string(),
      /** Null: the release is not here any more. */
      release: z.string().nullable(),
      verdict: z.string(),
      summary: z.string(),
      at: Time,
      /** Where its report lies; null: it handed back none. */
      report: z.string().nullable(),
      /** Its page. */
      page: z.string(),
    })
    .nullable(),
  /** Of the newest promotions: finished runs, and those that passed. */
  runs: z.int().nonnegative(),
  passed: z.int().nonnegative(),
  lastPass: Time.nullable(),
});
export type CatalogueTest = z.infer<typeof CatalogueTest>;

export const CatalogueTool = z.object({
  /** Adapter id. */
  tool: z.string(),
  does: z.string(),
  touch: z.string(),
  /** Kinds of scanning. */
  scans: z.array(z.string()),
  cost: z.string(),
  /** Where it is demanded, and how it is set there. */
  places: z.array(
    z.object({
      ...place,
      check: z.string(),
      configuration: Json,
      /** Programs that ran there, by name, newest version first. */
      programs: z.array(
        z.object({
          program: z.string(),
          version: z.string(),
          firstSeen: Time,
          lastSeen: Time,
          runs: z.int().nonnegative(),
        }),
      ),
      /** Rules and advisories that it decided by last. */
      data: z.record(z.string(), z.string()),
    }),
  ),
});
export type CatalogueTool = z.infer<typeof CatalogueTool>;

export const CatalogueManual = z.object({
  ...place,
  check: z.string(),
  role: z.string(),
  kind: z.enum(["checklist", "session"]),
  /** What is asked, a line each. */
  asks: z.array(z.string()),
  /** Who may answer, by name where the name is known. */
  holders: z.array(z.string()),
  validForMs: z.int().positive(),
  /** What there is to do next. */
  next: z.object({
    state: z.enum(["waiting", "valid", "expired", "refused", "never"]),
    /** Answered by then, or asked anew after it; null: with the next promotion. */
    at: Time.nullable(),
  }),
  last: z
    .object({ at: Time, by: z.string(), verdict: z.string().nullable(), validUntil: Time })
    .nullable(),
  history: z.array(
    z.object({
      request: z.string(),
      promotion: z.string(),
      release: z.string().nullable(),
      askedAt: Time,
      answeredAt: Time.nullable(),
      by: z.string().nullable(),
      verdict: z.string().nullable(),
      /** Another promotion's answer was used again. */
      reused: z.boolean(),
    }),
  ),
});
export type CatalogueManual = z.infer<typeof CatalogueManual>;

export const catalogueRoutes = {
  catalogueTests: {
    method: "GET",
    path: "/api/v1/catalogue/tests",
    permission: "check.read",
    resource: listed(),
    query,
    response: z.object({ items: z.array(CatalogueTest) }),
  },
  catalogueTools: {
    method: "GET",
    path: "/api/v1/catalogue/tools",
    permission: "check.read",
    resource: listed("service", "environment", "places"),
    query,
    response: z.object({ items: z.array(CatalogueTool) }),
  },
  catalogueManual: {
    method: "GET",
    path: "/api/v1/catalogue/manual",
    permission: "check.read",
    resource: listed(),
    query,
    response: z.object({ items: z.array(CatalogueManual) }),
  },
} as const;
