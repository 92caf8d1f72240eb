import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMigratedDatabase } from "../../../test/support/database.ts";
import type { Page, Scope } from "../../model/principal.ts";
import type { Db, Schema } from "../schema.ts";
import { listReviews } from "./access-reviews.ts";
import { listApprovals } from "./approvals.ts";
import { listGlasses } from "./break-glass.ts";
import { listReleases } from "./catalogue.ts";
import { listRequests } from "./check-requests.ts";
import { announce, eventsAfter, sequenceEvents } from "./events.ts";
import { listEngagements } from "./engagements.ts";
import { listProposals } from "./finding-acts.ts";
import { listPolicyProposals } from "./policy.ts";
import { listStops } from "./stops.ts";
import { listWaivers } from "./waivers.ts";

/** Three things of shop, one of them in production, behind 600 newer ones of pay; six moments, so that many are equal. */

const foreign = 600;
let database: Awaited<ReturnType<typeof createMigratedDatabase<Schema>>>;
let db: Db;

beforeAll(async () => {
  database = await createMigratedDatabase<Schema>();
  ({ db } = database);
  const rows = sql`(
    select n, 'i' || lpad(n::text, 4, '0') as id, timestamptz '2026-01-01' + (n / 100) * interval '1 minute' as at,
      case when n < 3 then 'shop' else 'pay' end as service,
      case when n = 1 then 'production' else 'dev' end as environment
    from generate_series(0, ${foreign} + 2) n) r`;
  const place = sql`jsonb_build_object('service', service, 'environment', environment)`;
  await sql`insert into approval_requests (id, promotion, service, environment, asked, basis, asked_at)
    select id, id, service, environment, ${place}, '{}', at from ${rows}`.execute(db);
  await sql`insert into engagements (service, content, digest, envelope, person, key_id, added_by)
    select service, ${place}, id, '', 'p', 'k', 'o' from ${rows} order by n`.execute(db);
  await sql`insert into break_glass (service, environment, asked, basis, plan, opened_by)
    select service, environment, jsonb_build_object('glass', 'B-' || n), '{}', '{}', 'o' from ${rows} order by n`.execute(
    db,
  );
  await sql`insert into waivers (service, environment, content, proposed_by)
    select service, environment, jsonb_build_object('waiver', 'W-' || n), 'o' from ${rows} order by n`.execute(
    db,
  );
  await sql`insert into findings (id, service, kind, rule, title, place, severity, severity_stated, first_seen)
    overriding system value select n + 1, service, 'code', 'r', 't', '{}', 'low', true, at from ${rows}`.execute(
    db,
  );
  await sql`insert into finding_acts (id, service, finding, kind, content, at, acted_by)
    select id, service, n + 1, 'propose-lower', '{}', at, 'o' from ${rows}`.execute(db);
  await sql`insert into access_reviews (id, service, due_at, report, report_digest, started_at, started_by, closed_at)
    select id, service, at, '', '', at, 'o', case when n % 2 = 0 then at end from ${rows}`.execute(
    db,
  );
  await sql`insert into releases (id, service, version, content, created_at, created_by)
    select 'sha256:' || id, service, id, '{}', at, 'o' from ${rows}`.execute(db);
  await sql`insert into policy_acts (id, kind, proposal, content, acted_by, at)
    select id, 'propose', id, '{}', 'o', at from ${rows}`.execute(db);
  await sql`insert into stops (id, kind, service, environment, artifacts, reason, by_actor)
    select n + 1, 'line', service, environment, '[]', 'r', 'o' from ${rows} order by n`.execute(db);
});
afterAll(() => database.close());

const shop: readonly Scope[] = [{ service: "shop", environment: null }];
const shopDev: readonly Scope[] = [{ service: "shop", environment: "dev" }];

interface Listed {
  readonly read: (page: Page) => Promise<readonly { readonly service?: string | null }[]>;
  readonly mark: (item: never) => string;
  /** Its items lie in environments. */
  readonly lanes: boolean;
}

const states = ["proposed", "in-force", "withdrawn", "ended"] as const;
const listed: Readonly<Record<string, Listed>> = {
  approvals: {
    read: (page) => listApprovals(db, { open: false, ...page }),
    mark: ({ id }: { id: string }) => id,
    lanes: true,
  },
  engagements: {
    read: (page) => listEngagements(db, page),
    mark: ({ id }: { id: string }) => `E-${id}`,
    lanes: true,
  },
  "broken glasses": {
    read: (page) => listGlasses(db, { open: false, ...page }),
    mark: ({ asked }: { asked: { glass: string } }) => asked.glass,
    lanes: true,
  },
  waivers: {
    read: (page) => listWaivers(db, { states, ...page }),
    mark: ({ content }: { content: { waiver: string } }) => content.waiver,
    lanes: true,
  },
  "proposals about findings": {
    read: (page) => listProposals(db, { waiting: false, ...page }),
    mark: ({ id }: { id: string }) => id,
    lanes: false,
  },
  "access reviews": {
    read: (page) => listReviews(db, page),
    mark: ({ id }: { id: string }) => id,
    lanes: false,
  },
  releases: {
    read: (page) => listReleases(db, page),
    mark: ({ id }: { id: string }) => id,
    lanes: false,
  },
};

async function walk({ read, mark }: Listed, page: Omit<Page, "limit" | "after">, limit: number) {
  const seen: { readonly service?: string | null }[] = [];
  for (let after: string | undefined; ;) {
    const items = await read({ ...page, after, limit });
    seen.push(...items);
    const last = items.at(-1);
    if (last === undefined || items.length < limit) return seen;
    after = mark(last as never);
  }
}

describe.each(Object.entries(listed))("pages of %s", (_, list) => {
  it("are full of what somebody may see, however much of others is newer", async () => {
    const mine = await walk(list, { sees: shop }, 2);
    expect(mine.map(({ service }) => service)).toEqual(["shop", "shop", "shop"]);
    expect(await list.read({ sees: shopDev, limit: 10 })).toHaveLength(list.lanes ? 2 : 3);
    expect(await list.read({ sees: [...shop, ...shopDev], limit: 10 })).toEqual(mine);
    expect(await list.read({ sees: [], limit: 10 })).toEqual([]);
  });

  it("hold each thing once and in one order, whatever their length is", async () => {
    const whole = await list.read({ limit: foreign + 100 });
    expect(whole).toHaveLength(foreign + 3);
    expect(new Set(whole.map((item) => list.mark(item as never))).size).toBe(foreign + 3);
    expect(await walk(list, {}, 97)).toEqual(whole);
  });

  it("do not go on behind what is somebody else's, and do not say that it is there", async () => {
    const [newest] = await list.read({ limit: 1 });
    const theirs = list.mark(newest as never);
    const refusal = { code: "not-found", where: "query.after" };
    await expect(list.read({ sees: shop, after: theirs, limit: 5 })).rejects.toMatchObject(refusal);
    await expect(list.read({ sees: shop, after: "none", limit: 5 })).rejects.toMatchObject(refusal);
  });
});

it("reads proposals of policy page by page", async () => {
  const first = await listPolicyProposals(db, { waiting: false, limit: 150 });
  const after = first.at(-1)?.id;
  const next = await listPolicyProposals(db, { waiting: false, limit: 1_000, after });
  expect([...first, ...next]).toEqual(await listPolicyProposals(db, { waiting: false, limit: 1_000 })); // prettier-ignore
});

it("lists stopped lines of one service among those of others", async () => {
  expect(await listStops(db, { open: false, sees: shop })).toHaveLength(3);
  expect(await listStops(db, { open: true, sees: shopDev })).toHaveLength(2);
  expect(await listRequests(db, { open: true, sees: shop })).toEqual([]);
});

it("reads what happened in one service without what happened in others or in none", async () => {
  const of = (service: string | null, environment?: string) => ({
    kind: "k",
    message: "m",
    ...(service === null ? {} : { service }),
    ...(environment === undefined ? {} : { environment }),
  });
  await announce(db, of("shop", "dev"), ...Array.from({ length: foreign }, () => of("pay", "dev")));
  await announce(db, of(null), of("shop"), of("shop", "production"));
  await sequenceEvents(db);
  const places = async (sees: readonly Scope[]) =>
    (await eventsAfter(db, { after: 0, limit: 200, sees })).map(
      ({ service, environment }) => `${service}/${environment ?? "-"}`,
    );
  expect(await places(shop)).toEqual(["shop/dev", "shop/-", "shop/production"]);
  expect(await places(shopDev)).toEqual(["shop/dev", "shop/-"]);
  expect(await places([])).toEqual([]);
});
