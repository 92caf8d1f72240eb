import { generateKeyPairSync, sign } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import { encodeEnvelope } from "../../evidence/dsse.ts";
import { publicKeyFromSpki } from "../../evidence/keys.ts";
import { policyConsentStatement } from "../../evidence/predicates/policy-consent.ts";
import { signStatement } from "../../evidence/statement.ts";
import type { PolicyProposed } from "../../model/policy-proposal.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";
import { verifyPack } from "../../audit/verify-pack.ts";

let bench: EngineBench;
let worker: Worker;
let plane: ControlPlane;
beforeEach(async () => {
  bench = await EngineBench.create();
  worker = bench.worker();
  plane = worker.controlPlane;
  await worker.engine.log.open("1.0.0");
  await plane.applyDocuments(operator, "t.yaml", documents());
});
afterEach(() => bench.close());

interface Signer {
  readonly person: string;
  readonly sign: (proposed: PolicyProposed) => Promise<Uint8Array>;
  readonly signAs: (person: string, proposed: PolicyProposed) => Promise<Uint8Array>;
}

/** Somebody with a key, and with the right where `grant` says. */
async function somebody(
  name: string,
  grant: { service: string | null; environment: string | null } | null = everywhere,
): Promise<Signer> {
  const pair = generateKeyPairSync("ed25519");
  const key = String(pair.publicKey.export({ type: "spki", format: "pem" }));
  const { person } = await plane.people.add(operator, { name, key, also: [] });
  if (grant) await plane.people.grant(operator, { name, right: "policy.change", ...grant });
  const publicKey = pair.publicKey.export({ type: "spki", format: "der" });
  const known = publicKeyFromSpki(publicKey);
  if (!known.ok) throw new Error(known.problem);
  const signer = {
    name: known.value.id,
    publicKey,
    sign: async (message: Uint8Array) => sign(null, message, pair.privateKey),
  };
  const signAs = async (who: string, proposed: PolicyProposed) =>
    encodeEnvelope(await signStatement(signer, policyConsentStatement(proposed, who)));
  return { person, signAs, sign: (proposed) => signAs(person, proposed) };
}

const everywhere = { service: null, environment: null };
const strict = documents({ floor: "  floor: { gate: strict }" });

async function team(): Promise<readonly [Signer, Signer]> {
  const people = [await somebody("maria@shop.example"), await somebody("jo@shop.example")] as const;
  await plane.policy.setGovernance(operator, "team");
  return people;
}

async function proposed(text: string) {
  const { proposal, applied } = await plane.applyDocuments(operator, "t.yaml", text);
  expect(applied.every(({ changed }) => !changed)).toBe(true);
  return proposal!;
}

const gate = async () =>
  (await plane.policy.show("production"))[0]!.services.map((service) => service.gate);

async function signed(
  by: Signer,
  { id, proposed: what }: { id: string; proposed: PolicyProposed },
) {
  return plane.policy.sign(operator, id, await by.sign(what));
}

describe("policy in solo mode", () => {
  it("changes at once, and the log says on whose word and what it would have done", async () => {
    const { applied, proposal, policy } = await plane.applyDocuments(operator, "t.yaml", strict);
    expect(applied.some(({ changed }) => changed)).toBe(true);
    expect(proposal).toBeNull();
    expect(policy).toMatchObject({
      governance: "solo",
      replay: "nothing was decided in that time",
    });
    expect(policy?.changes).toEqual([
      "environment production: floor.gate: baseline becomes strict",
    ]);
    expect(await gate()).toEqual(["strict"]);
    const entries = await bench.database.db
      .selectFrom("ledger_entries")
      .select("payload")
      .where("kind", "=", "policy.changed")
      .execute();
    expect(entries.at(-1)?.payload).toMatchObject({ governance: "solo", replay: { decisions: 0 } });
  });

  it("is left only when two people can sign, so that nobody is locked out", async () => {
    await expect(plane.policy.setGovernance(operator, "team")).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("0 have a key and that right"),
    });
    await somebody("maria@shop.example");
    await somebody("jo@shop.example", { service: "shop", environment: null });
    await expect(plane.policy.setGovernance(operator, "team")).rejects.toMatchObject({
      message: expect.stringContaining("1 has a key and that right"),
    });
  });
});

describe("policy in team mode", () => {
  it("waits for two different people, tightening too, and stands in every decision", async () => {
    const [maria, jo] = await team();
    const proposal = await proposed(strict);
    expect(proposal).toMatchObject({ state: "waiting", missing: 2, by: "operator" });
    expect(await gate()).toEqual(["baseline"]);
    expect(await signed(maria, proposal)).toMatchObject({ state: "waiting", missing: 1 });
    await expect(signed(maria, proposal)).rejects.toMatchObject({ code: "conflict" });
    expect(await gate()).toEqual(["baseline"]);
    expect(await signed(jo, proposal)).toMatchObject({ state: "in-effect", missing: 0 });
    expect(await gate()).toEqual(["strict"]);
    await expect(signed(jo, proposal)).rejects.toThrow("in effect already");

    await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
    const request = { service: "shop", release: "1.0.0", environment: "dev" };
    const done = await ended(plane, (await plane.promote(operator, request)).id);
    expect(done.decision).toMatchObject({ outcome: "allow", grades: { governance: "team" } });
    const pack = {
      kind: "release",
      service: "shop",
      release: "1.0.0",
      seen: [] as string[],
    } as const;
    const { report } = verifyPack((await plane.exportPack(operator, pack)).zip, null);
    expect(report.problems).toEqual([]);
  });

  it("changes nothing of what is no policy more slowly", async () => {
    await team();
    const { applied, proposal } = await plane.applyDocuments(
      operator,
      "t.yaml",
      documents({ production: "      drain: 31s" }),
    );
    expect(proposal).toBeNull();
    expect(applied.filter(({ changed }) => changed)).toMatchObject([{ name: "shop" }]);
  });

  it("is not got round by removing what is registered, nor by a service that is new", async () => {
    const [maria, jo] = await team();
    const lax = documents().replace("checks: [{ name: smoke, uses: staged }]", "");
    await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
    const request = { service: "shop", release: "1.0.0", environment: "dev" };
    await ended(plane, (await plane.promote(operator, request)).id);
    await plane.removeService(operator, "shop");
    const proposal = await proposed(lax);
    expect(proposal.proposed.change).toMatchObject({
      changes: [expect.stringMatching(/^shop in production: checks\.smoke goes: it was/)],
    });
    await signed(maria, proposal);
    await signed(jo, proposal);
    const another = documents()
      .replace('18081"', '18081", shop2: "127.0.0.1:18091"')
      .replace('18082"', '18082", shop2: "127.0.0.1:18092"')
      .replace("metadata: { name: shop }", "metadata: { name: shop2 }");
    const fresh = await proposed(another);
    expect(fresh.proposed.change).toMatchObject({
      documents: [
        { name: "dev" },
        { name: "production" },
        { kind: "Pipeline", name: "shop2", before: null },
      ],
    });
  });

  it("is void when what it was made beside is another, and says so", async () => {
    const [maria, jo] = await team();
    const first = await proposed(strict);
    const second = await proposed(documents({ floor: "  floor: { minimumSoak: 1s }" }));
    await signed(maria, first);
    await signed(maria, second);
    await signed(jo, second);
    await expect(signed(jo, first)).rejects.toThrow("environment production was changed since");
    expect(
      (await plane.policy.proposals({ state: "any", limit: 10 })).map((one) => one.state),
    ).toEqual(["in-effect", "void"]);
    expect(await gate()).toEqual(["baseline"]);
  });

  it("takes signatures only of who has the right there, only under these words, only with their key", async () => {
    const [maria, jo] = await team();
    const elsewhere = await somebody("kim@shop.example", null);
    const proposal = await proposed(strict);
    await expect(signed(elsewhere, proposal)).rejects.toMatchObject({ code: "forbidden" });
    const other = { ...proposal.proposed, change: { kind: "governance", to: "solo" } } as const;
    await expect(plane.policy.sign(operator, proposal.id, await maria.sign(other))).rejects.toThrow(
      "another proposal",
    );
    // In maria's name, by jo's key.
    const forged = await jo.signAs(maria.person, proposal.proposed);
    await expect(plane.policy.sign(operator, proposal.id, forged)).rejects.toMatchObject({
      code: "invalid-input",
    });
    await expect(
      plane.policy.sign(operator, proposal.id, new Uint8Array(70_000)),
    ).rejects.toMatchObject({ code: "invalid-input" });
  });

  it("is never signed as the second by who proposed it", async () => {
    const [maria, jo] = await team();
    const by = { id: "jo@shop.example" };
    const { proposal } = await plane.applyDocuments(by, "t.yaml", strict);
    await signed(maria, proposal!);
    await expect(signed(jo, proposal!)).rejects.toThrow("who proposed it was jo@shop.example");
  });

  it("is not signed by one person who was enrolled twice", async () => {
    const again = await somebody("Maria+keys@shop.example");
    const [maria] = await team();
    const { proposal } = await plane.applyDocuments(operator, "t.yaml", strict);
    await signed(maria, proposal!);
    await expect(signed(again, proposal!)).rejects.toThrow("both signatures are of");
  });

  it("is over after a week", async () => {
    const [maria] = await team();
    const proposal = await proposed(strict);
    await bench.database.pool.query(
      `update policy_acts set content = jsonb_set(content, '{proposed,until}', '"2020-01-01T00:00:00Z"')`,
    );
    await expect(signed(maria, proposal)).rejects.toMatchObject({ code: "denied" });
    await expect(plane.policy.proposal(proposal.id)).resolves.toMatchObject({ state: "expired" });
  });

  it("is left for solo by two people's signatures alone", async () => {
    const [maria, jo] = await team();
    const { proposal, governance } = await plane.policy.setGovernance(operator, "solo");
    expect(governance.mode).toBe("team");
    await signed(maria, proposal!);
    expect((await plane.policy.governance()).mode).toBe("team");
    await signed(jo, proposal!);
    expect(await plane.policy.governance()).toMatchObject({
      mode: "solo",
      history: [{ mode: "solo", proposal: proposal!.id }, { mode: "team" }],
    });
    await expect(plane.policy.setGovernance(operator, "solo")).rejects.toThrow("already (solo)");
  });

  it("gives the right to sign, and keys to who has it, on two people's signatures alone", async () => {
    const [maria, jo] = await team();
    const kim = await somebody("kim@shop.example");
    const [waiting] = await plane.policy.proposals({ state: "waiting", limit: 10 });
    const proposal = await proposed(strict);
    await expect(signed(kim, proposal)).rejects.toMatchObject({ code: "forbidden" });
    await signed(maria, waiting!);
    await signed(jo, waiting!);
    await signed(kim, proposal);
    const pair = generateKeyPairSync("ed25519");
    const key = String(pair.publicKey.export({ type: "spki", format: "pem" }));
    const view = await plane.people.add(operator, { name: "kim@shop.example", key, also: [] });
    expect(view.keys).toHaveLength(1);
    expect(view.waitsFor).toMatch(/^a/);
  });

  it("gives no other right on one word either: else one token would be the two people who accept a risk", async () => {
    const [maria, jo] = await team();
    const kim = await somebody("kim@shop.example", null);
    const given = { name: "kim@shop.example", right: "risks.accept", ...everywhere };
    for (const right of ["risks.accept", "findings.judge", "checks.answer:security"]) {
      const view = await plane.people.grant(operator, { ...given, right });
      expect(view.waitsFor).toMatch(/^a/);
      expect(view.grants).toEqual([]);
    }
    const waiting = await plane.policy.proposals({ state: "waiting", limit: 10 });
    const accept = waiting.find(({ proposed: { change } }) => change.kind === "grant" && change.right === "risks.accept")!; // prettier-ignore
    await signed(maria, accept);
    await signed(jo, accept);
    const view = (await plane.people.list()).find(({ person }) => person === kim.person);
    expect(view?.grants).toMatchObject([{ right: "risks.accept" }]);
    const pair = generateKeyPairSync("ed25519");
    const key = String(pair.publicKey.export({ type: "spki", format: "pem" }));
    const further = await plane.people.add(operator, { name: "kim@shop.example", key, also: [] });
    expect(further.keys).toHaveLength(1);
    expect(further.waitsFor).toMatch(/^a/);
  });

  it("keeps as many who can sign as it takes", async () => {
    await team();
    const [one] = await plane.people.list();
    const [grant] = one!.grants;
    await expect(plane.people.revoke(operator, grant!.id)).rejects.toThrow("fewer than two people");
    await expect(plane.people.removeKey(operator, one!.keys[0]!.id)).rejects.toThrow("fewer than");
  });

  it("is one change when two operators propose and sign at once", async () => {
    const [maria, jo] = await team();
    const other = bench.worker().controlPlane;
    const [a, b] = await Promise.all([
      proposed(strict),
      other.applyDocuments(
        operator,
        "t.yaml",
        documents({ floor: "  floor: { minimumSoak: 1s }" }),
      ),
    ]);
    const second = b.proposal!;
    await Promise.all([signed(maria, a), signed(maria, second)]);
    const ends = await Promise.allSettled([
      signed(jo, a),
      other.policy.sign(operator, second.id, await jo.sign(second.proposed)),
    ]);
    expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const states = (await plane.policy.proposals({ state: "any", limit: 10 })).map((p) => p.state);
    expect(states.sort()).toEqual(["in-effect", "void"]);
  });

  it("is not left by editing the row that says so", async () => {
    await team();
    await bench.database.pool.query("update governance set mode = 'solo'");
    await expect(plane.applyDocuments(operator, "t.yaml", strict)).rejects.toMatchObject({
      code: "denied",
      message: expect.stringContaining("changed behind the ledger"),
    });
    await bench.database.pool.query("delete from governance");
    await expect(plane.applyDocuments(operator, "t.yaml", strict)).rejects.toMatchObject({
      code: "denied",
    });
  });
});
