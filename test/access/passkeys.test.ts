import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSession } from "../../src/engine/access/sign-in/sessions.ts";
import { decodeBase64, encodeBase64, utf8 } from "../../src/evidence/bytes.ts";
import { encodeEnvelope, statementPayloadType } from "../../src/evidence/dsse.ts";
import { policyConsentStatement } from "../../src/evidence/predicates/policy-consent.ts";
import { encodeStatement, signStatement } from "../../src/evidence/statement.ts";
import { approvalStatement } from "../../src/identity/approval/statement.ts";
import { signingChallenge } from "../../src/identity/signing/challenge.ts";
import { isChallengeFor } from "../../src/identity/passkeys/challenge-kind.ts";
import type { Assertion } from "../../src/model/webauthn.ts";
import { encodeBase64url } from "../../src/identity/webauthn/enrolment.ts";
import type { SignInMethod } from "../../src/model/principal.ts";
import { personByName } from "../../src/store/queries/people.ts";
import { AccessLab } from "../support/access-lab.ts";
import { askedApproval } from "../support/approvals-lab.ts";
import { documents, makeRelease, operator } from "../support/engine-bench.ts";
import {
  SoftAuthenticator,
  type SoftOptions,
  synced,
  verified,
} from "../support/soft-authenticator.ts";

/** Passkeys over the API, with an authenticator that signs whatever a test wants. */

let lab: AccessLab;
/** Of somebody who never signs in. */
let tims: string;
const maria = "maria@shop.example";
beforeAll(async () => {
  lab = await AccessLab.create();
  await lab.server();
  await lab.worker.engine.log.open("1.0.0");
  await lab.person(maria, ["administrator", null, null]);
  await lab.person("jo@shop.example");
  // While the token of the data directory counts: the first administrator's passkey ends it.
  tims = await lab.person("tim@shop.example", ["administrator", null, null]);
}, 60_000);
afterAll(() => lab.close());

const db = () => lab.bench.database.db;
const own = { origin: "http://localhost", "x-tidelock": "1", "sec-fetch-site": "same-origin" };

async function open(name = maria, methods: readonly SignInMethod[] = ["password", "totp"]) {
  const person = (await personByName(db(), name))?.pseudonym ?? "";
  const device = { place: "127.0.0.0/24", program: "Firefox" };
  const { secret } = await db()
    .transaction()
    .execute((tx) => openSession(lab.worker.engine, tx, { person, methods }, device));
  return secret;
}

/** Asks as a browser does. */
const ask = (
  cookies: string,
  method: "GET" | "POST" | "DELETE",
  url: string,
  payload?: object,
  more: { server?: number; headers?: Record<string, string> } = {},
) =>
  lab.ask(null, method, url, payload, {
    server: more.server ?? 0,
    headers: { ...own, ...(cookies === "" ? {} : { cookie: cookies }), ...more.headers },
  });

const as = (secret: string) => `tidelock=${secret}`;

async function enrol(secret: string, use: "sign-in" | "approval", options: SoftOptions = {}) {
  const key = new SoftAuthenticator();
  const offer = await ask(as(secret), "POST", "/api/v1/passkeys/challenges", { use });
  expect(offer.status, offer.text).toBe(200);
  const made = key.create(
    String(offer.body["challenge"]),
    String(offer.body["userHandle"]),
    options,
  );
  const answer = await ask(as(secret), "POST", "/api/v1/passkeys", { use, name: "laptop", made });
  return { key, made, answer };
}

/** Cookie and challenge of a browser that is about to sign in. */
async function offered(server = 0) {
  const app = lab.apps[server];
  const answer = await app?.inject({
    method: "POST",
    url: "/api/v1/sign-in/passkey/challenges",
    headers: { host: "localhost", ...own },
  });
  const cookie = /^[^;]+/.exec(String(answer?.headers["set-cookie"]))?.[0] ?? "";
  return { cookie, challenge: String(answer?.json()["challenge"]) };
}

async function signIn(key: SoftAuthenticator, options: SoftOptions = {}) {
  const { cookie, challenge } = await offered();
  return answerWith(cookie, key.get(challenge, options), key.handle);
}

const answerWith = (cookie: string, assertion: Assertion, userHandle: string | null, server = 0) =>
  ask(cookie, "POST", "/api/v1/sign-in/passkey", { assertion, userHandle }, { server });

describe("a passkey to sign in with", () => {
  it("is enrolled by whoever is signed in, and signs them in without a name, in every process", async () => {
    const secret = await open();
    const { key, answer } = await enrol(secret, "sign-in");
    expect(answer.body, answer.text).toMatchObject({
      passkey: { use: "sign-in", name: "laptop", backupEligible: false, algorithm: "ES256" },
    });
    for (const server of [0, 1]) {
      const { cookie, challenge } = await offered(server);
      const taken = await answerWith(cookie, key.get(challenge), key.handle, 1 - server);
      expect(taken.body, taken.text).toMatchObject({ name: maria });
    }
    const list = await ask(as(secret), "GET", "/api/v1/passkeys");
    expect(list.text).toContain("lastUsedAt");
    expect(await lab.worker.controlPlane.ledger.verifyState()).toMatchObject({ ok: true });
  });

  it("is refused with nobody verified, from another page or site, twice, late, and to another browser", async () => {
    const { key } = await enrol(await open(), "sign-in");
    for (const [options, says] of [
      [{ flags: 0x01 }, "not verified"],
      [{ flags: 0x04 }, "nobody was present"],
      [{ origin: "https://evil.example" }, "it was made at"],
      [{ origin: "http://localhost:9999" }, "it was made at"],
      [{ rpId: "evil.example" }, "another site"],
      [{ crossOrigin: true }, "somebody else"],
      [{ type: "webauthn.create" }, "no assertion"],
      [{ flags: verified | 0x40 }, "enrolment"],
    ] satisfies [SoftOptions, string][]) {
      const refused = await signIn(key, options);
      expect([options, refused.status]).toEqual([options, 401]);
      expect(refused.text).toContain(says);
    }
    const one = await offered();
    const assertion = key.get(one.challenge);
    const other = await offered();
    expect((await answerWith(other.cookie, assertion, key.handle)).text).toContain("this browser");
    expect((await answerWith("", assertion, key.handle)).status).toBe(401);
    expect((await answerWith(one.cookie, assertion, key.handle)).status).toBe(200);
    const again = await answerWith(one.cookie, assertion, key.handle);
    expect([again.status, again.text]).toEqual([409, expect.stringContaining("answered before")]);
    // In the other process as well.
    expect((await answerWith(one.cookie, assertion, key.handle, 1)).status).toBe(409);
    const foreign = await ask(one.cookie, "POST", "/api/v1/sign-in/passkey/challenges", undefined, {
      headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
    });
    expect(foreign.status).toBe(403);
  });

  it("names its owner, and nobody else's key stands in for it", async () => {
    const { key } = await enrol(await open(), "sign-in");
    const { key: other } = await enrol(await open("jo@shop.example"), "sign-in");
    const { cookie, challenge } = await offered();
    const assertion = key.get(challenge);
    expect((await answerWith(cookie, assertion, other.handle)).text).toContain("somebody else");
    expect((await answerWith(cookie, assertion, null)).status).toBe(401);
    const swapped = { ...other.get(challenge), credentialId: assertion.credentialId };
    expect((await answerWith(cookie, swapped, key.handle)).text).toContain("signature");
    const stranger = new SoftAuthenticator();
    expect((await answerWith(cookie, stranger.get(challenge), key.handle)).status).toBe(401);
  });

  it("that counts less than before is refused and announced, unless it is synchronised", async () => {
    const { key } = await enrol(await open(), "sign-in", { signCount: 5 });
    expect((await signIn(key, { signCount: 6 })).status).toBe(200);
    const copy = await signIn(key, { signCount: 6 });
    expect([copy.status, copy.text]).toEqual([401, expect.stringContaining("has a copy")]);
    const { rows } = await sql<{ n: string }>`
      select count(*) as n from events where kind = 'passkey.copied'`.execute(db());
    expect(Number(rows[0]?.n)).toBe(1);
    expect((await signIn(key, { signCount: 7 })).status).toBe(200);
    expect((await signIn(key, { signCount: 8, flags: synced })).status).toBe(401);
    const { key: cloud } = await enrol(await open(), "sign-in", { flags: synced });
    for (const signCount of [3, 0]) {
      expect((await signIn(cloud, { signCount, flags: synced })).status).toBe(200);
    }
  });

  it("is enrolled only by a session of the last minutes, with a challenge of its own, once", async () => {
    const weak = await open(maria, ["password"]);
    const use = { use: "sign-in" };
    const stale = await ask(as(weak), "POST", "/api/v1/passkeys/challenges", use);
    expect([stale.status, stale.body["error"]]).toMatchObject([403, { code: "sign-in-again" }]);
    const byToken = await lab.ask(tims, "POST", "/api/v1/passkeys/challenges", use);
    expect(byToken.status).toBe(403);
    const [secret, other] = [await open(), await open()];
    const { made, answer } = await enrol(secret, "sign-in");
    expect(answer.status).toBe(200);
    const body = { ...use, name: "again", made };
    expect((await ask(as(secret), "POST", "/api/v1/passkeys", body)).status).toBe(409);
    const offer = await ask(as(secret), "POST", "/api/v1/passkeys/challenges", use);
    const key = new SoftAuthenticator();
    const stolen = key.create(String(offer.body["challenge"]), String(offer.body["userHandle"]));
    const elsewhere = await ask(as(other), "POST", "/api/v1/passkeys", { ...body, made: stolen });
    expect([elsewhere.status, elsewhere.text]).toEqual([
      400,
      expect.stringContaining("not given to"),
    ]);
    const unverified = await enrol(secret, "sign-in", { flags: 0x01 });
    expect(unverified.answer.status).toBe(400);
    // One that was meant for something else.
    const wrong = await ask(as(secret), "POST", "/api/v1/passkeys", {
      use: "approval",
      name: "x",
      made: stolen,
    });
    expect(wrong.status).toBe(400);
  });

  it("that was removed, by its owner or an administrator, or put into the table by hand, signs nobody in", async () => {
    const secret = await open();
    const { key, answer } = await enrol(secret, "sign-in");
    const passkey = answer.body["passkey"] as { id: string };
    const foreign = await ask(
      as(await open("jo@shop.example")),
      "DELETE",
      `/api/v1/passkeys/${passkey.id}`,
    );
    expect(foreign.status).toBe(404);
    expect((await ask(as(secret), "DELETE", `/api/v1/passkeys/${passkey.id}`)).status).toBe(200);
    expect((await signIn(key)).status).toBe(401);
    const { key: jos, answer: second } = await enrol(await open("jo@shop.example"), "sign-in");
    await sql`update passkeys set person = (select pseudonym from ledger_people where person = ${maria})
      where id = ${(second.body["passkey"] as { id: string }).id}`.execute(db());
    jos.handle = key.handle;
    const forged = await signIn(jos);
    expect([forged.status, forged.text]).toEqual([
      403,
      expect.stringContaining("behind the ledger"),
    ]);
    await sql`update passkeys set person = (select pseudonym from ledger_people where person = 'jo@shop.example')
      where id = ${(second.body["passkey"] as { id: string }).id}`.execute(db());
    const path = `/api/v1/accounts/jo@shop.example/passkeys`;
    const held = await ask(as(secret), "GET", path);
    for (const { id } of held.body["items"] as { id: string }[]) {
      expect((await ask(as(secret), "DELETE", `${path}/${id}`)).status).toBe(200);
    }
  });

  it("costs the server nothing while nobody answers", async () => {
    const rows = async () =>
      Number(
        (await sql<{ n: string }>`select count(*) as n from passkey_challenges`.execute(db()))
          .rows[0]?.n,
      );
    const before = await rows();
    for (let count = 0; count < 30; count += 1) await offered();
    expect(await rows()).toBe(before);
  });
});

describe("a sign-in challenge that is really an approval", () => {
  it("is none: no challenge of the server can be one, and neither credential does the other's work", async () => {
    const secret = await open();
    const { key: signing } = await enrol(secret, "sign-in");
    const { key: approving, answer: enrolled } = await enrol(secret, "approval");
    expect(enrolled.body, enrolled.text).toMatchObject({
      passkey: { use: "approval", backupEligible: false },
    });
    const plane = lab.worker.controlPlane;
    await plane.people.grant(operator, {
      name: maria,
      right: "approve:sre",
      service: null,
      environment: null,
    });
    await plane.applyDocuments(
      operator,
      "t.yaml",
      documents({ dev: "      approvals: [{ role: sre }]" }),
    );
    await plane.createRelease(operator, makeRelease(lab.bench, "1.0.0"));
    const wish = { service: "shop", environment: "dev", release: "1.0.0" };
    const { id } = await plane.promote(operator, wish);
    const view = await askedApproval(plane, id);
    const person = (await personByName(db(), maria))?.pseudonym ?? "";
    const answer = {
      purpose: "approve",
      person,
      role: "sre",
      reason: "",
      notBefore: null,
      expires: null,
    } as const;
    const payload = encodeStatement(approvalStatement(view, answer));
    const challenge = encodeBase64url(signingChallenge(payload));
    const signed = (webauthn: Assertion) => ({
      signed: encodeBase64(
        utf8(
          JSON.stringify({
            payloadType: statementPayloadType,
            payload: encodeBase64(payload),
            webauthn,
          }),
        ),
      ),
    });
    const post = (webauthn: Assertion) =>
      ask(as(secret), "POST", `/api/v1/approvals/${view.id}/answers`, signed(webauthn));

    // What the server hands out for signing in is marked as such, and of another length than any approval's.
    const { cookie, challenge: offeredText } = await offered();
    const given = decodeBase64(offeredText) ?? new Uint8Array();
    expect(isChallengeFor(given, "sign-in")).toBe(true);
    expect(given.length).not.toBe(32);
    // A page that was made to sign an approval with the key for sign-in, or in place of a sign-in.
    const bySignIn = await post(signing.get(challenge));
    expect([bySignIn.status, bySignIn.text]).toEqual([
      400,
      expect.stringContaining("none of the person's"),
    ]);
    expect((await answerWith(cookie, signing.get(challenge), signing.handle)).status).toBe(401);
    // The key for approvals over a sign-in's challenge, as either.
    const swapped = await answerWith(cookie, approving.get(offeredText), approving.handle);
    expect([swapped.status, swapped.text]).toEqual([
      401,
      expect.stringContaining("enrolled for approvals"),
    ]);
    const asApproval = await post(approving.get(offeredText));
    expect([asApproval.status, asApproval.text]).toEqual([
      400,
      expect.stringContaining("challenge"),
    ]);
    // The credential's id of one on the signature of the other.
    const disguised = {
      ...signing.get(challenge),
      credentialId: approving.get(challenge).credentialId,
    };
    expect((await post(disguised)).status).toBe(400);
    expect((await post(approving.get(challenge, { flags: 0x01 }))).text).toContain("not verified");
    expect((await post(approving.get(challenge, { origin: "https://evil.example" }))).status).toBe(
      400,
    );
    expect((await post(approving.get(challenge))).status).toBe(200);
  });

  it("is not reached by enrolling one key for both", async () => {
    const secret = await open();
    for (const uses of [
      ["sign-in", "approval"],
      ["approval", "sign-in"],
    ] as const) {
      const key = new SoftAuthenticator();
      const status: number[] = [];
      for (const use of uses) {
        const offer = await ask(as(secret), "POST", "/api/v1/passkeys/challenges", { use });
        const made = key.create(String(offer.body["challenge"]), String(offer.body["userHandle"]));
        const answer = await ask(as(secret), "POST", "/api/v1/passkeys", {
          use,
          name: "both",
          made,
        });
        status.push(answer.status);
      }
      expect(status).toEqual([200, 409]);
    }
  });
});

describe("a passkey in team mode", () => {
  it("is enrolled when two people have signed that, once; whoever has just come by a link needs no second word", async () => {
    const plane = lab.worker.controlPlane;
    const everywhere = { service: null, environment: null };
    const keys = new Map<string, KeyObject>();
    for (const name of ["pat@shop.example", "kim@shop.example"]) {
      const { publicKey, privateKey } = generateKeyPairSync("ed25519");
      const key = String(publicKey.export({ type: "spki", format: "pem" }));
      const { person } = await plane.people.add(operator, { name, key, also: [] });
      await plane.people.grant(operator, { name, right: "policy.change", ...everywhere });
      keys.set(person, privateKey);
    }
    await plane.policy.setGovernance(operator, "team");
    const use = { use: "sign-in" };
    const secret = await open("jo@shop.example");
    const offer = () => ask(as(secret), "POST", "/api/v1/passkeys/challenges", use);
    const first = await offer();
    expect([first.status, first.body["error"]]).toMatchObject([409, { code: "waiting" }]);
    const id = (first.body["error"] as { where: string }).where;
    // Asked again it is the same proposal, and no second one.
    expect((await offer()).text).toContain(id);
    const bothSign = async (proposal: string) => {
      const { proposed } = await plane.policy.proposal(proposal);
      for (const [person, key] of keys) {
        const signer = {
          name: person,
          publicKey: new Uint8Array(),
          sign: async (message: Uint8Array) => sign(null, message, key),
        };
        const envelope = await signStatement(signer, policyConsentStatement(proposed, person));
        await plane.policy.sign(operator, proposal, encodeEnvelope(envelope));
      }
    };
    await bothSign(id);
    expect((await enrol(secret, "sign-in")).answer.status).toBe(200);
    const next = await offer();
    expect([next.status, next.text.includes(id)]).toEqual([409, false]);
    const name = "jo@shop.example";
    // A link that nobody has signed is no second word.
    const byAnyLink = await open(name, ["link", "password"]);
    expect((await ask(as(byAnyLink), "POST", "/api/v1/passkeys/challenges", use)).status).toBe(409);
    const wanted = plane.accounts.makeLink(operator, "invite", name);
    const waits = await wanted.then(String, (error: Error) => error.message);
    await bothSign(/proposal (\S+)$/.exec(waits)?.[1] ?? "");
    const link = await plane.accounts.makeLink(operator, "invite", name);
    const device = { place: "127.0.0.0/24", program: "Firefox" };
    const password = "a quiet harbour at dawn";
    const { session } = await plane.accounts.redeem({ secret: link.secret, password }, device);
    expect((await enrol(session.secret, "sign-in")).answer.status).toBe(200);
    expect(
      await plane.people.grant(operator, { name, right: "approve:sre", ...everywhere }),
    ).toMatchObject({
      waitsFor: expect.any(String),
    });
    const approver = await enrol(await open(), "approval");
    expect(approver.answer.body).toMatchObject({ waitsFor: expect.any(String) });
    expect(await plane.ledger.verifyState()).toMatchObject({ ok: true });
  });
});
