import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, expect, it } from "vitest";
import { EngineBench, operator } from "../../../test/support/engine-bench.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";

let bench: EngineBench;
let plane: ControlPlane;

beforeEach(async () => {
  bench = await EngineBench.create();
  const worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  plane = worker.controlPlane;
});
afterEach(() => bench.close());

async function signer(name: string): Promise<void> {
  const { publicKey } = generateKeyPairSync("ed25519");
  const key = String(publicKey.export({ type: "spki", format: "pem" }));
  await plane.people.add(operator, { name, key, also: [] });
  await plane.people.grant(operator, {
    name,
    right: "policy.change",
    service: null,
    environment: null,
  });
}

const later = new Date(Date.now() + 40 * 86_400_000).toISOString();
const leave = (name: string, from: string | null = later) =>
  plane.people.setStanding(operator, name, { state: "left", from, reason: "new job" });

it("keeps two who can sign also after a day on which one of them goes, and says what to do", async () => {
  for (const name of ["maria@shop.example", "jo@shop.example"]) await signer(name);
  await plane.policy.setGovernance(operator, "team");
  await expect(leave("jo@shop.example")).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining(`jo@shop.example goes on ${later.slice(0, 10)}`),
    hint: expect.stringContaining("give somebody else the right first"),
  });
  // Nothing of it was written down.
  const back = { state: "active", from: null, reason: "stays" } as const;
  await expect(plane.people.setStanding(operator, "jo@shop.example", back)).rejects.toThrow(
    "nothing to take back",
  );
  await expect(
    plane.people.setStanding(operator, "jo@shop.example", {
      state: "suspended",
      from: later,
      reason: "parental leave",
    }),
  ).rejects.toThrow("fewer than two people");
});

it("counts nobody who goes later when another one goes, or loses right or key", async () => {
  for (const name of ["maria@shop.example", "jo@shop.example", "kim@shop.example"]) {
    await signer(name);
  }
  await plane.policy.setGovernance(operator, "team");
  await leave("jo@shop.example");
  await expect(leave("kim@shop.example", null)).rejects.toThrow("jo@shop.example goes on");
  await expect(leave("kim@shop.example")).rejects.toThrow("fewer than two people");
  const kim = (await plane.people.list()).find(({ name }) => name === "kim@shop.example");
  await expect(plane.people.revoke(operator, kim?.grants[0]?.id ?? "")).rejects.toThrow("fewer");
  await expect(plane.people.removeKey(operator, kim?.keys[0]?.id ?? "")).rejects.toThrow("fewer");
});

it("enters team only with two who stay", async () => {
  for (const name of ["maria@shop.example", "jo@shop.example"]) await signer(name);
  await leave("jo@shop.example");
  await expect(plane.policy.setGovernance(operator, "team")).rejects.toThrow(
    `jo@shop.example goes on ${later.slice(0, 10)}`,
  );
});
