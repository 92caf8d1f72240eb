import { sign } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Approver, enrolApprover } from "../../../../test/support/approvals-lab.ts";
import { EngineBench, operator } from "../../../../test/support/engine-bench.ts";
import { encodeEnvelope } from "../../../evidence/dsse.ts";
import { policyConsentStatement } from "../../../evidence/predicates/policy-consent.ts";
import { signStatement } from "../../../evidence/statement.ts";
import type { Actor, ControlPlane } from "../../../ports/control-plane.ts";
import { bootstrap } from "../../../server/sign-in/token-check.ts";

let bench: EngineBench;
let plane: ControlPlane;
const everywhere = { service: null, environment: null };

beforeEach(async () => {
  bench = await EngineBench.create();
  const worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  plane = worker.controlPlane;
});
afterEach(() => bench.close());

describe("where two people decide", () => {
  let first: Approver;
  let second: Approver;
  const twoSign = (...by: readonly Actor[]) => signBy([first, second], by);
  const signBy = async (people: readonly Approver[], by: readonly Actor[] = []) => {
    const [waiting] = await plane.policy.proposals({ state: "waiting", limit: 10 });
    if (!waiting) throw new Error("nothing waits");
    for (const [index, { key, person }] of people.entries()) {
      const signer = {
        name: "somebody",
        publicKey: new Uint8Array(),
        sign: async (message: Uint8Array) => sign(null, message, key),
      };
      const consent = policyConsentStatement(waiting.proposed, person);
      const bytes = encodeEnvelope(await signStatement(signer, consent));
      await plane.policy.sign(by[index] ?? operator, waiting.id, bytes);
    }
  };

  beforeEach(async () => {
    [first, second] = [
      await enrolApprover(plane, "first@shop.example", []),
      await enrolApprover(plane, "second@shop.example", []),
    ];
    for (const name of ["first@shop.example", "second@shop.example"]) {
      await plane.people.grant(operator, { name, right: "policy.change", ...everywhere });
    }
    await enrolApprover(plane, "kim@shop.example", []);
    await plane.policy.setGovernance(operator, "team");
  });

  it("gives nothing to somebody who became another's name while it waited", async () => {
    const right = { name: "late@shop.example", right: "approve:sre", ...everywhere };
    await plane.people.add(operator, { name: "late@shop.example", also: [] });
    await plane.people.grant(operator, right);
    await plane.people.add(operator, { name: "kim@shop.example", also: ["late@shop.example"] });
    await expect(twoSign()).rejects.toThrow(/another name of somebody by now/);
  });

  it("takes no second signature beside a first one whose key was taken away since", async () => {
    const right = { right: "policy.change", ...everywhere };
    await plane.people.grant(operator, { name: "kim@shop.example", ...right });
    await twoSign();
    await plane.people.grant(operator, { name: "kim@shop.example", right: "approve:sre", ...everywhere }); // prettier-ignore
    await signBy([first]);
    const view = (await plane.people.list()).find(({ name }) => name === "first@shop.example");
    await plane.people.removeKey(operator, view?.keys[0]?.id ?? "");
    await expect(signBy([second])).rejects.toThrow(/first signature counts no more/);
    const kim = (await plane.people.list()).find(({ name }) => name === "kim@shop.example");
    expect(kim?.grants.map((one) => one.right)).toEqual(["policy.change"]);
  });

  it("brings nobody back on one person's word, and each word of two does it once", async () => {
    const kim = "kim@shop.example";
    const word = (state: "suspended" | "active") =>
      plane.people.setStanding(operator, kim, { state, from: null, reason: "x" });
    await word("suspended");
    const asked = await word("active");
    expect(asked).toMatchObject({ waitsFor: expect.any(String) });
    expect(asked.absent).toContain("suspended");
    await twoSign();
    expect((await word("active")).absent).toBeNull();
    await word("suspended");
    expect(await word("active")).toMatchObject({ waitsFor: expect.any(String) });
    expect(await plane.ledger.verifyState()).toMatchObject({ ok: true });
  });

  it("counts the second as the third person's word also where they hand their signature in themselves", async () => {
    const right = { name: "kim@shop.example", right: "people.vouch", ...everywhere };
    await plane.people.grant({ id: "first@shop.example" }, right);
    await twoSign({ id: "first@shop.example" }, { id: "second@shop.example" });
    const { acts } = await plane.people.sponsors("kim@shop.example");
    expect(acts.at(-1)).toMatchObject({
      what: "the right people.vouch",
      by: [{ name: "first@shop.example" }],
      vouched: [{ name: "second@shop.example" }],
      open: false,
    });
  });

  it("makes no link for anybody before two people have signed it", async () => {
    const granting = { ...operator, principal: bootstrap };
    const link = () => plane.accounts.makeLink(granting, "invite", "kim@shop.example");
    await expect(link()).rejects.toThrow(/two people have to sign first/);
    await twoSign();
    expect((await link()).purpose).toBe("invite");
    const { acts } = await plane.people.sponsors("kim@shop.example");
    expect(acts.at(-1)).toMatchObject({
      what: "the link that invites them",
      by: [{ name: "first@shop.example" }],
      vouched: [{ name: "second@shop.example" }],
    });
  });
});
