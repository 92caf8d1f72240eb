import { generateKeyPairSync, sign } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EngineBench, operator } from "../../../test/support/engine-bench.ts";
import { encodeEnvelope } from "../../evidence/dsse.ts";
import { publicKeyFromSpki } from "../../evidence/keys.ts";
import {
  policyConsentStatement,
  policyConsentText,
} from "../../evidence/predicates/policy-consent.ts";
import { signStatement } from "../../evidence/statement.ts";
import { builtInRoles } from "../../identity/roles.ts";
import type { Principal } from "../../model/principal.ts";
import { tokenDigest } from "../../model/token.ts";
import type { Actor, ControlPlane } from "../../ports/control-plane.ts";

let bench: EngineBench;
let plane: ControlPlane;
beforeEach(async () => {
  bench = await EngineBench.create();
  const worker = bench.worker();
  plane = worker.controlPlane;
  await worker.engine.log.open("1.0.0");
});
afterEach(() => bench.close());

const everywhere = { service: null, environment: null };
const permissions = builtInRoles.get("administrator")?.permissions ?? new Set();
const principal: Principal = {
  kind: "bootstrap",
  id: "operator",
  person: null,
  credential: null,
  holdings: [{ role: "administrator", permissions, ...everywhere }],
  within: null,
};
const admin: Actor = { id: "operator", principal };

/** Somebody who may sign changes of policy, and does. */
async function signer(name: string) {
  const pair = generateKeyPairSync("ed25519");
  const key = String(pair.publicKey.export({ type: "spki", format: "pem" }));
  const { person } = await plane.people.add(operator, { name, key, also: [] });
  await plane.people.grant(operator, { name, right: "policy.change", ...everywhere });
  const publicKey = pair.publicKey.export({ type: "spki", format: "der" });
  const known = publicKeyFromSpki(publicKey);
  if (!known.ok) throw new Error(known.problem);
  const by = {
    name: known.value.id,
    publicKey,
    sign: async (message: Uint8Array) => sign(null, message, pair.privateKey),
  };
  return async (id: string) => {
    const { proposed } = await plane.policy.proposal(id);
    const statement = policyConsentStatement(proposed, person);
    const bytes = encodeEnvelope(await signStatement(by, statement));
    return {
      text: policyConsentText(proposed, person).join("\n"),
      view: await plane.policy.sign(operator, id, bytes),
    };
  };
}

async function team() {
  const both = [await signer("maria@shop.example"), await signer("jo@shop.example")] as const;
  await plane.policy.setGovernance(operator, "team");
  return both;
}

describe("roles where two people change policy", () => {
  it("count when two people have signed them, in words that say what they hold", async () => {
    const [maria, jo] = await team();
    const wish = { to: { person: "maria@shop.example" }, role: "sre", ...everywhere };
    const { waitsFor = "" } = await plane.access.assign(admin, wish);
    expect((await maria(waitsFor)).text).toContain("has the role sre in every environment");
    expect(await plane.access.listAssignments()).toEqual([]);
    expect((await jo(waitsFor)).view.state).toBe("in-effect");
    expect(await plane.access.listAssignments()).toMatchObject([
      { role: "sre", to: { kind: "person" } },
    ]);
  });

  it("hold what was signed: a role that became more meanwhile is not given", async () => {
    const define = (permissions: ("release.read" | "secret.write")[]) =>
      plane.access.defineRole(admin, { name: "reader", says: "reads", permissions });
    await define(["release.read"]);
    const [maria, jo] = await team();
    const wish = { to: { person: "jo@shop.example" }, role: "reader", ...everywhere };
    const given = await plane.access.assign(admin, wish);
    const more = await define(["release.read", "secret.write"]);
    for (const sign of [maria, jo]) await sign(more.waitsFor ?? "");
    await maria(given.waitsFor ?? "");
    await expect(jo(given.waitsFor ?? "")).rejects.toMatchObject({ code: "conflict" });
    expect(await plane.access.listAssignments()).toEqual([]);
  });
});

describe("people with roles", () => {
  it("are nobody's other name, and are listed", async () => {
    await plane.people.add(operator, { name: "sam@shop.example", also: ["sam@home.example"] });
    await plane.access.assign(admin, {
      to: { person: "sam@shop.example" },
      role: "sre",
      ...everywhere,
    });
    expect((await plane.people.list()).map(({ name }) => name)).toEqual(["sam@shop.example"]);
    await expect(
      plane.people.add(operator, { name: "eve@shop.example", also: ["sam@shop.example"] }),
    ).rejects.toMatchObject({ code: "conflict" });
    await expect(
      plane.access.assign(admin, {
        to: { person: "sam@home.example" },
        role: "sre",
        ...everywhere,
      }),
    ).rejects.toMatchObject({ code: "conflict" });
  });

  it("act no more once their name is erased, by any server that knew them before", async () => {
    await plane.people.add(operator, { name: "sam@shop.example", also: ["sam@home.example"] });
    const { token } = await plane.access.createToken(admin, {
      name: "laptop",
      person: "sam@shop.example",
      ...everywhere,
      lastsMs: 60_000,
    });
    expect(await plane.access.byToken(tokenDigest(token))).toMatchObject({
      id: "sam@shop.example",
    });
    await bench.database.pool.query(
      "update ledger_people set person = null, nonce = null, erased_at = now() where person like 'sam@shop%'",
    );
    expect(await plane.access.byToken(tokenDigest(token))).toBeNull();
  });

  it("get nothing from who is nobody, or from a program", async () => {
    const wish = { name: "x", role: "ci", ...everywhere, lastsMs: 60_000 };
    await expect(plane.access.createToken({ id: "operator" }, wish)).rejects.toMatchObject({
      code: "forbidden",
    });
    const none: Actor = { id: "x", principal: { ...principal, holdings: [] } };
    await expect(plane.access.createToken(none, wish)).rejects.toMatchObject({ code: "forbidden" });
  });
});
