import { afterAll, beforeAll, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
} from "../../../test/support/engine-bench.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";

let bench: EngineBench;
let plane: ControlPlane;
/** What the ledger held, in other connections' eyes, each time that an effect was about to start. */
const heldBefore: { effect: string; intents: readonly string[] }[] = [];

beforeAll(async () => {
  bench = await EngineBench.create();
  plane = bench.worker({ hooks: { reach: look } }).controlPlane;
  await plane.applyDocuments(operator, "t.yaml", documents());
  for (const version of ["1.0.0", "1.1.0"]) {
    await plane.createRelease(operator, makeRelease(bench, version));
  }
});

afterAll(() => bench.close());

async function look(point: string): Promise<void> {
  const [effect = "", moment] = point.split(":");
  if (moment === "before-effect")
    heldBefore.push({ effect, intents: await entries("effect.intent") });
}

async function entries(kind: string): Promise<readonly string[]> {
  const rows = await bench.database.db
    .selectFrom("ledger_entries")
    .select("operation")
    .where("kind", "=", kind)
    .execute();
  return rows.map(({ operation }) => operation);
}

it("has the intent of every effect on record before the effect starts, and its outcome after", async () => {
  const dev = { service: "shop", environment: "dev", release: "1.0.0" };
  const promotion = await plane.promote(operator, dev);
  expect(await ended(plane, promotion.id)).toMatchObject({ state: "complete" });
  const effects = heldBefore.map(({ effect }) => effect);
  expect(effects).toEqual(expect.arrayContaining(["open-route", "deploy-live", "switch"]));
  for (const { effect, intents } of heldBefore) {
    const own = intents.filter((operation) => operation.startsWith(`${promotion.id}/`));
    const word = effect.replace(/-(live|isolated)$/, "");
    expect(
      own.map((operation) => operation.split("/").at(-1)),
      effect,
    ).toContain(word);
  }
  const outcomes = await entries("effect.outcome");
  for (const { operation } of bench.host.effects) {
    expect(outcomes).toContain(operation.replace(/#\d+$/, ""));
  }
});

it("has the intent of a rollback on record before the traffic goes back", async () => {
  const dev = { service: "shop", environment: "dev" };
  const promotion = await plane.promote(operator, { ...dev, release: "1.1.0" });
  expect(await ended(plane, promotion.id)).toMatchObject({ state: "complete" });
  heldBefore.length = 0;
  const rollback = await plane.rollback(operator, dev, { reason: "prices are wrong" });
  expect(await ended(plane, rollback.id)).toMatchObject({ state: "complete" });
  expect(bench.host.live("shop/dev")).toBe("blue");
  const [first] = heldBefore;
  expect(first?.effect).toBe("switch");
  const own = first?.intents.filter((operation) => operation.startsWith(`${rollback.id}/`));
  expect(own).toHaveLength(1);
});
