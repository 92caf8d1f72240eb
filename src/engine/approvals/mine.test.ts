import { afterEach, beforeEach, expect, it } from "vitest";
import {
  askedApproval,
  enrolApprover,
  signedApproval,
} from "../../../test/support/approvals-lab.ts";
import {
  documents,
  EngineBench,
  makeRelease,
  operator,
} from "../../../test/support/engine-bench.ts";
import type { Actor, ControlPlane } from "../../ports/control-plane.ts";

let bench: EngineBench;
let plane: ControlPlane;

beforeEach(async () => {
  bench = await EngineBench.create();
  const worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  plane = worker.controlPlane;
});

afterEach(() => bench.close());

const as = (id: string, person: string): Actor => ({
  id,
  principal: { kind: "token", id, person, credential: null, holdings: [], within: null },
});

it("says to somebody before they try as whom they may answer, and what is against the others", async () => {
  const maria = await enrolApprover(plane, "maria@shop.example", ["sre", "qa"]);
  const jo = await enrolApprover(plane, "jo@shop.example", ["qa"]);
  const line = "      approvals: [{ role: sre, deviceBound: true }, { role: qa }]";
  await plane.applyDocuments(operator, "t.yaml", documents({ dev: line }));
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
  const wish = { service: "shop", environment: "dev", release: "1.0.0" };
  const { id } = await plane.promote({ id: "maria@shop.example" }, wish);
  const view = await askedApproval(plane, id);
  expect(view.asked.asks.find(({ roles }) => roles.includes("sre"))?.deviceBound).toBe(true);

  const mine = await plane.approvals.mine(as("jo@shop.example", jo.person), view.id);
  expect(mine).toMatchObject({
    person: { name: "jo@shop.example" },
    may: false,
    answered: false,
    passkeys: [],
    roles: [
      { role: "sre", against: expect.stringContaining("nobody gave this person the right") },
      { role: "qa", against: null },
    ],
  });
  const own = await plane.approvals.mine(as("maria@shop.example", maria.person), view.id);
  expect(own.roles.map(({ against }) => against)).toEqual([
    expect.stringContaining("own work"),
    expect.stringContaining("own work"),
  ]);
  expect(await plane.approvals.mine(operator, view.id)).toMatchObject({ person: null, roles: [] });

  const waiting = async (person: string) =>
    (await plane.approvals.list({ state: "open", waitsFor: person, limit: 10 })).map(
      (one) => one.id,
    );
  expect(await waiting(jo.person)).toEqual([view.id]);
  expect(await waiting("person:nobody")).toEqual([]);
  // A key file can be copied: as sre nobody may sign with one here.
  const file = await signedApproval(view, maria, { role: "sre" });
  await expect(plane.approvals.answer(view.id, file)).rejects.toMatchObject({
    code: "forbidden",
    message: expect.stringContaining("a key that stays on one device"),
  });
  await plane.approvals.answer(view.id, await signedApproval(view, jo, { role: "qa" }));
  expect(await waiting(jo.person)).toEqual([]);
  expect(await plane.approvals.mine(as("jo@shop.example", jo.person), view.id)).toMatchObject({
    answered: true,
  });
  await plane.abort(operator, id);
});
