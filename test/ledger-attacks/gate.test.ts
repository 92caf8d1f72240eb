import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ControlPlane } from "../../src/ports/control-plane.ts";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  until,
} from "../support/engine-bench.ts";

/** A gate holds what it leans on against the log, so that an edit of the database opens none. */

let bench: EngineBench;
let plane: ControlPlane;
const production = { service: "shop", environment: "production", release: "1.0.0" };
const dev = { ...production, environment: "dev" };

beforeEach(async () => {
  bench = await EngineBench.create();
  plane = bench.worker().controlPlane;
  await plane.applyDocuments(operator, "t.yaml", documents());
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
});
afterEach(() => bench.close());

async function edit(sql: string): Promise<void> {
  await bench.database.pool.query(sql);
}

async function denied(): Promise<void> {
  const { id } = await plane.promote(operator, production);
  const view = await ended(plane, id);
  expect(view.state).toBe("failed");
  expect(view.message).toContain("the database was changed behind the ledger");
  expect(view.decision?.reasons).toContainEqual(
    expect.objectContaining({ outcome: "deny", rule: "ledger" }),
  );
  const events = await plane.events({ after: 0, waitMs: 0, limit: 500 });
  expect(events.map(({ kind }) => kind)).toContain("ledger.difference");
}

describe("a gate denies, and says which row is not what the log says, when somebody", () => {
  it("verified a release in the predecessor with a stroke of the pen", async () => {
    bench.staged.verdicts.push("pass");
    const { id } = await plane.promote(operator, dev);
    await ended(plane, id);
    await edit("update deployments set verified_at = now() - interval '9 days'");
    await denied();
  });

  it("invented the deployment as a whole", async () => {
    await edit(`
      insert into promotions (id, kind, service, environment, release, configuration,
        configuration_version, plan_format, plan, plan_digest, state, created_by)
      select 'p-forged', 'promotion', 'shop', 'dev', id, 'sha256:0', 1, 1, '{}', '', 'complete', 'x'
        from releases;
      insert into deployments (service, environment, release, configuration, configuration_version,
        colour, promotion, kind, from_at, by_actor, verified_at)
      select 'shop', 'dev', id, 'sha256:0', 1, 'blue', 'p-forged', 'promotion', now(), 'x', now()
        from releases`);
    await denied();
  });

  it("took the checks out of the pipeline", async () => {
    const { id } = await plane.promote(operator, dev);
    await ended(plane, id);
    await edit(`update documents set content = jsonb_set(content, '{spec,environments,1,checks}', '[]')
      where kind = 'Pipeline'`);
    // No plan is made from it at all.
    await expect(plane.promote(operator, production)).rejects.toMatchObject({
      message: "a row that the plan is made from was changed in the database",
    });
  });

  it("deleted the newest pipeline, so that an older one without the check counts again", async () => {
    const lax = documents().replace("checks: [{ name: smoke, uses: staged }]", "");
    const { id } = await plane.promote(operator, dev);
    await ended(plane, id);
    await plane.applyDocuments(operator, "t.yaml", lax);
    await plane.applyDocuments(operator, "t.yaml", documents());
    await edit(`do $$ begin
      alter table documents disable trigger user;
      delete from documents where kind = 'Pipeline' and version = 3;
    end $$`);
    await denied();
  });

  it("put a row back to what it was before", async () => {
    const { id } = await plane.promote(operator, dev);
    await ended(plane, id);
    // As it was when it began, with the count of then: a genuine state, and an old one.
    await edit("update deployments set changes = 1, verified_at = null");
    await edit("update deployments set verified_at = null");
    const { id: second } = await plane.promote(operator, production);
    const view = await ended(plane, second);
    expect(view.state).toBe("failed");
    expect(view.decision?.reasons.map(({ message }) => message).join()).toContain("was put back");
  });
});

it.each([
  ["put another promoter's name in", "update promotions set created_by = 'somebody'", "created_by"],
  [
    "swapped the person behind the promoter's pseudonym",
    `update ledger_people set person = 'swapped' where person = 'operator';
     insert into ledger_people (pseudonym, person) values ('person:0', 'operator')`,
    "applied_by of document",
  ],
])("a gate denies when somebody %s while it waited", async (_, attack, where) => {
  await ended(plane, (await plane.promote(operator, dev)).id);
  let letGo: () => void = () => undefined;
  bench.staged.hold = new Promise((resolve) => (letGo = resolve));
  const { id } = await plane.promote(operator, production);
  await until(
    () => bench.staged.runs.length,
    (runs) => runs > 0,
  );
  await edit(attack);
  letGo();
  const view = await ended(plane, id);
  expect(view.state).toBe("failed");
  const reasons = view.decision?.reasons.map(({ message }) => message).join();
  expect(reasons).toContain("the database was changed behind the ledger");
  expect(reasons).toContain(where);
});

it("traffic does not move for a promotion that somebody put behind its gate", async () => {
  await ended(plane, (await plane.promote(operator, dev)).id);
  let letGo: () => void = () => undefined;
  bench.staged.hold = new Promise((resolve) => (letGo = resolve));
  const { id } = await plane.promote(operator, production);
  await until(
    () => bench.staged.runs.length,
    (runs) => runs > 0,
  );
  await edit(`update promotions set step_index = (
      select min(index) from promotion_steps where promotion = '${id}' and kind = 'switch')
    where id = '${id}'`);
  letGo();
  const view = await ended(plane, id);
  expect(view.message).toContain("no gate has allowed this");
  expect(bench.host.live("shop/production")).toBeNull();
});

it("a rollback goes to nothing that was never good, whatever a row says", async () => {
  await ended(plane, (await plane.promote(operator, dev)).id);
  await plane.createRelease(operator, makeRelease(bench, "1.1.0"));
  await ended(plane, (await plane.promote(operator, { ...dev, release: "1.1.0" })).id);
  await edit(
    "update deployments set verified_at = now() + interval '1 s' where until_at is not null",
  );
  await edit("update lanes set retire_at = now()");
  await until(
    async () => (await plane.status({ service: "shop" }))[0],
    (lane) => lane?.rollbackUntil === null,
  );
  await expect(plane.rollback(operator, dev, { reason: "x" })).rejects.toMatchObject({
    code: "denied",
  });
});

it("no gate opens while this server's clock and the database's are apart, and one does when they agree", async () => {
  for (const { reconciler } of bench.workers) await reconciler.stop();
  let apart = 3_600_000;
  const skewed = bench.worker({ clock: () => Date.now() + apart }).controlPlane;
  const { id } = await skewed.promote(operator, dev);
  const waiting = await until(
    () => skewed.showPromotion(id),
    (view) => view.waiting !== null,
  );
  expect(waiting.waiting?.reason).toMatch(
    /clocks of this server and of its database are 3600 s apart/,
  );
  apart = 0;
  await bench.database.pool.query("update promotions set wake_at = null");
  expect(await ended(skewed, id)).toMatchObject({ state: "complete" });
});

it("a return of traffic is not held up by a difference, and says it", async () => {
  const first = await plane.promote(operator, dev);
  await ended(plane, first.id);
  await plane.createRelease(operator, makeRelease(bench, "1.1.0"));
  const second = await plane.promote(operator, { ...dev, release: "1.1.0" });
  await ended(plane, second.id);
  await edit(
    "update documents set content = jsonb_set(content, '{spec,environments,1,checks}', '[]') where kind = 'Pipeline'",
  );
  await edit("update lanes set retire_at = now()");
  await until(
    async () => (await plane.status({ service: "shop" }))[0],
    (lane) => lane?.rollbackUntil === null,
  );
  const back = await plane.rollback(operator, dev, { reason: "prices are wrong" });
  expect(await ended(plane, back.id)).toMatchObject({ state: "complete" });
  const events = await plane.events({ after: 0, waitMs: 0, limit: 500 });
  expect(events.map(({ kind }) => kind)).toContain("ledger.difference");
});

it("what a server left in the queue an hour ago holds nobody up", async () => {
  await edit("alter table ledger_entries disable trigger user");
  await edit("update ledger_entries set at = at - interval '1 hour'");
  await edit("alter table ledger_entries enable trigger user");
  const { id } = await plane.promote(operator, dev);
  expect(await ended(plane, id)).toMatchObject({ state: "complete" });
});
