import { createHmac } from "node:crypto";
import { type CryptoKey, exportSPKI, importJWK } from "jose";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { githubClaims, TestIssuer } from "../support/issuer.ts";
import { WorkloadLab } from "../support/workload-lab.ts";

/** Tokens of a platform that somebody has forged, kept, or got for something else. */

let lab: WorkloadLab;
let other: TestIssuer;
beforeAll(async () => {
  lab = await WorkloadLab.create();
  await lab.access.server();
  await lab.issuer.addKey("curve", "ES256");
  other = await TestIssuer.start();
  expect((await lab.add(lab.rule("shop-main"))).status).toBe(200);
}, 60_000);
afterAll(async () => {
  await lab.close();
  await other.close();
});

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);
const unproven =
  "401 this token proves nobody here: no rule names its issuer, or no key of its issuer's has signed it";
const noRule = "401 no rule lets this workload in";

describe("a platform's token", () => {
  it("is taken when it is one: what the others are without what is wrong with them", async () => {
    const { status, body } = await lab.exchange(await lab.issuer.sign(githubClaims));
    expect([status, body["role"], body["service"]]).toEqual([200, "ci", "shop"]);
    const me = await lab.access.ask(String(body["token"]), "GET", "/api/v1/access/me");
    expect(me.body).toMatchObject({ id: `workload:${String(body["id"])}/shop-main` });
    expect((await lab.exchange(await lab.issuer.sign(githubClaims, { kid: "curve" }))).status).toBe(
      200,
    );
  });

  it("without an algorithm is none", async () => {
    const [, claims = ""] = (await lab.issuer.sign(githubClaims)).split(".");
    for (const alg of ["none", "None", "NONE", ""]) {
      const forged = `${base64({ alg, kid: "one" })}.${claims}.`;
      expect(await lab.refusal(forged)).toMatch(/^401 the token's algorithm is not one of /);
    }
    const stripped = `${base64({ alg: "RS256", kid: "one" })}.${claims}.`;
    expect(await lab.refusal(stripped)).toBe("401 the token has no signature");
  });

  it("that is an HMAC with the public key for its secret is none", async () => {
    const [, claims = ""] = (await lab.issuer.sign(githubClaims)).split(".");
    const key = await importJWK(lab.issuer.jwk(), "RS256", { extractable: true });
    for (const secret of [await exportSPKI(key as CryptoKey), JSON.stringify(lab.issuer.jwk())]) {
      for (const alg of ["HS256", "RS256", "ES256"]) {
        const signed = `${base64({ alg, kid: "one", typ: "JWT" })}.${claims}`;
        const mac = createHmac("sha256", secret).update(signed).digest("base64url");
        expect(await lab.refusal(`${signed}.${mac}`)).toMatch(
          /^401 (the token's algo|this token proves)/,
        );
      }
    }
  });

  it("signed by a key that it brings itself is none", async () => {
    const jwk = await other.addKey("own", "RS256");
    const claims = { ...githubClaims, iss: lab.issuer.url };
    for (const header of [
      { jwk },
      { jku: `${other.url}/jwks` },
      { x5u: `${other.url}/x5u` },
      { x5c: ["MIIB"] },
    ]) {
      const [name] = Object.keys(header);
      const forged = await other.sign(claims, { kid: "own", header: { ...header, kid: "one" } });
      expect(await lab.refusal(forged)).toBe(
        `401 the token's header has \`${name}\`, which is not taken here`,
      );
    }
    expect(other.requests).toEqual([]);
  });

  it("of another issuer that calls its key the same is that issuer's alone", async () => {
    // Both call their key `one`.
    expect(await lab.refusal(await other.sign({ ...githubClaims, iss: lab.issuer.url }))).toBe(
      unproven,
    );
    expect(await lab.refusal(await other.sign(githubClaims))).toBe(unproven);
    expect(other.requests).toEqual([]);
  });

  it.each([
    "../one",
    "/dev/null",
    "one\u0000",
    "' or '1'='1",
    "http://127.0.0.1/x",
    "x".repeat(300),
  ])("that names its key %j finds no other", async (kid) => {
    const [, claims = "", signature = ""] = (await lab.issuer.sign(githubClaims)).split(".");
    const forged = `${base64({ alg: "RS256", kid })}.${claims}.${signature}`;
    expect(await lab.refusal(forged)).toMatch(
      /^401 (the token's `kid` is no name|this token proves)/,
    );
  });

  it("for somebody else, or for others as well, is not ours", async () => {
    for (const aud of [
      "https://github.com/shop-org",
      "sts.amazonaws.com",
      "https://tidelock.shop.example/",
      "https://tidelock.shop.example.evil.example",
      ["https://tidelock.shop.example", "sts.amazonaws.com"],
      [],
      undefined,
      { 0: "https://tidelock.shop.example" },
    ]) {
      expect(await lab.refusal(await lab.issuer.sign({ ...githubClaims, aud }))).toBe(noRule);
    }
  });

  it("counts from its time to its end, by the database's clock, and says all of its times", async () => {
    const sign = (claims: object) => lab.issuer.sign({ ...githubClaims, ...claims });
    const at = now();
    expect(await lab.refusal(await sign({ iat: at - 400, nbf: at - 400, exp: at - 61 }))).toBe(
      "401 the token has expired",
    );
    const soon = { iat: at + 90, nbf: at + 90, exp: at + 300 };
    expect(await lab.refusal(await sign(soon))).toBe("401 the token is not valid yet");
    expect(await lab.refusal(await sign({ nbf: at + 90 }))).toBe("401 the token is not valid yet");
    const old = { iat: at - 4_000, nbf: at - 4_000, exp: at + 90_000 };
    expect(await lab.refusal(await sign(old))).toBe("401 the token is too old");
    for (const claim of ["exp", "iat", "nbf"]) {
      for (const value of [undefined, "soon", null, Number.MAX_VALUE, -1]) {
        expect(await lab.refusal(await sign({ [claim]: value }))).toMatch(
          /^401 the token (does not say|ends)/,
        );
      }
    }
    // Clocks may differ by a minute.
    expect(
      (await lab.exchange(await sign({ iat: at - 200, nbf: at - 200, exp: at - 30 }))).status,
    ).toBe(200);
    await expect(sql`select 1`.execute(lab.access.bench.database.db)).resolves.toBeDefined();
  });

  it("is used once, whichever of two servers it is brought to at the same moment", async () => {
    const token = await lab.issuer.sign(githubClaims);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => lab.exchange(token, { server: index % 2 })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await lab.refusal(token)).toBe("401 this token was used before");
  });

  it("is used once where it has no name of its own, however its signature is written", async () => {
    const token = await lab.issuer.sign({ ...githubClaims, jti: undefined }, { kid: "curve" });
    expect((await lab.exchange(token)).status).toBe(200);
    expect(await lab.refusal(token)).toMatch(/used before/);
    // The other half of a curve's pair of signatures: as valid as the first.
    const [head = "", claims = "", signature = ""] = token.split(".");
    const bytes = Buffer.from(signature, "base64url");
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const s = order - BigInt(`0x${bytes.subarray(32).toString("hex")}`);
    const twin = Buffer.concat([
      bytes.subarray(0, 32),
      Buffer.from(s.toString(16).padStart(64, "0"), "hex"),
    ]);
    expect(await lab.refusal(`${head}.${claims}.${twin.toString("base64url")}`)).toMatch(
      /used before/,
    );
    // And other spellings of the same bytes.
    expect(await lab.refusal(`${token}=`)).toMatch(/^401 this is no signed token/);
  });

  it("of a repository that took over another one's name is another one's", async () => {
    const taken = { ...githubClaims, repository_id: "999999", repository_owner_id: "666" };
    expect(await lab.refusal(await lab.issuer.sign(taken))).toBe(noRule);
    const transferred = { ...githubClaims, repository_owner_id: "666" };
    expect(await lab.refusal(await lab.issuer.sign(transferred))).toBe(noRule);
    // The same one under another name is still the one that was meant.
    const renamed = { ...githubClaims, repository: "shop-org/store" };
    expect((await lab.exchange(await lab.issuer.sign(renamed))).status).toBe(200);
  });

  it("of a branch or tag that is named like a protected one is another one's", async () => {
    for (const claims of [
      { ref: "refs/heads/refs/heads/main" },
      { ref: "refs/tags/main", ref_type: "tag" },
      { ref: "refs/heads/main", ref_type: "tag" },
      { ref: "main" },
      { ref: "refs/heads/main " },
      { ref: "refs/heads/Main" },
      { ref: ["refs/heads/main"] },
      { ref: undefined },
    ]) {
      expect(await lab.refusal(await lab.issuer.sign({ ...githubClaims, ...claims }))).toBe(noRule);
    }
  });

  it("of a run that strangers can start is refused, whatever branch it says", async () => {
    for (const event of [
      "pull_request",
      "pull_request_target",
      "issue_comment",
      "workflow_run",
      "",
    ]) {
      const claims = { ...githubClaims, event_name: event };
      expect(await lab.refusal(await lab.issuer.sign(claims))).toBe(noRule);
    }
  });

  it("of another workflow is refused, also of one that is named alike", async () => {
    for (const ref of [
      "shop-org/shop/.github/workflows/test.yml@refs/heads/main",
      "shop-org/shop/.github/workflows/release.yml",
      "evil/x/shop-org/shop/.github/workflows/release.yml@refs/heads/main",
    ]) {
      const claims = { ...githubClaims, job_workflow_ref: ref };
      expect(await lab.refusal(await lab.issuer.sign(claims))).toBe(noRule);
    }
  });

  it("that says something twice says nothing, in header and claims, escaped or deep inside", async () => {
    const [head = "", claims = "", signature = ""] = (await lab.issuer.sign(githubClaims)).split(
      ".",
    );
    const text = Buffer.from(claims, "base64url").toString();
    const twice = (json: string) => Buffer.from(json).toString("base64url");
    for (const more of [
      '"repository_id":"424242"',
      '"repositor\\u0079_id":"424242"',
      '"x":{"a":1,"a":2}',
      `"iss"${" ".repeat(100)}:"x"`,
    ]) {
      const forged = `${head}.${twice(`${text.slice(0, -1)},${more}}`)}.${signature}`;
      expect(await lab.refusal(forged)).toMatch(
        /^401 what the token says is not taken: .* stands twice in one object$/,
      );
    }
    const header = twice('{"alg":"none","alg":"RS256","kid":"one"}');
    expect(await lab.refusal(`${header}.${claims}.${signature}`)).toBe(
      `401 the token's header is not taken: "alg" stands twice in one object`,
    );
  });

  it("that is no token at all is refused without being read on", async () => {
    for (const text of ["a", "a.b", "a.b.c.d.e", "..", `${"a".repeat(17_000)}.b.c`, "é.b.c"]) {
      expect(await lab.refusal(text)).toMatch(/^401 /);
    }
    for (const header of [
      { alg: "RS256", typ: "at+jwt" },
      { alg: "RS256", typ: "dpop+jwt" },
      { alg: "RS256", crit: ["x"] },
      { alg: "RS256", b64: false },
    ]) {
      expect(await lab.refusal(`${base64(header)}.${base64({})}.AAAA`)).toMatch(
        /^401 the token's /,
      );
    }
    const big = await lab.exchange("x".repeat(40_000));
    expect([400, 413]).toContain(big.status);
  });

  it("leaks nothing of what would be let in", async () => {
    const forged = await lab.issuer.sign({ ...githubClaims, repository_id: "1" });
    const { text } = await lab.exchange(forged);
    for (const secret of ["424242", "shop-main", "2020", "refs/heads"])
      expect(text).not.toContain(secret);
  });

  it("makes us ask its issuer once a minute at most, whatever key it names", async () => {
    const before = lab.issuer.requests.length;
    for (let count = 0; count < 20; count += 1) {
      const [, claims = "", signature = ""] = (await lab.issuer.sign(githubClaims)).split(".");
      const head = base64({ alg: "RS256", kid: `made-up-${count}` });
      expect(await lab.refusal(`${head}.${claims}.${signature}`)).toBe(unproven);
    }
    expect(lab.issuer.requests.length - before).toBeLessThanOrEqual(2);
  });
});

describe("a rule for any issuer", () => {
  it("takes no token of a platform whose ids it leaves out", async () => {
    await lab.add(lab.rule("loose", { platform: "generic", claims: { sub: [githubClaims.sub] } }));
    const taken = { ...githubClaims, repository_id: "999999", repository_owner_id: "666" };
    expect(await lab.refusal(await lab.issuer.sign(taken))).toBe(noRule);
    const plain = { aud: githubClaims.aud, sub: githubClaims.sub };
    expect((await lab.exchange(await lab.issuer.sign(plain))).status).toBe(200);
    await lab.remove("loose");
  });
});

describe("a token that a rule gave", () => {
  it("ends with the rule, at every server on the next request", async () => {
    const rule = lab.rule("short-lived");
    await lab.add(rule);
    const given = await lab.exchange(await lab.issuer.sign(githubClaims), { rule: rule.name });
    const token = String(given.body["token"]);
    const whoami = (server: number) =>
      lab.access.ask(token, "GET", "/api/v1/access/me", undefined, { server });
    expect([(await whoami(0)).status, (await whoami(1)).status]).toEqual([200, 200]);
    expect((await lab.remove(rule.name)).status).toBe(200);
    expect([(await whoami(0)).status, (await whoami(1)).status]).toEqual([401, 401]);
    const again = await lab.exchange(await lab.issuer.sign(githubClaims), { rule: rule.name });
    expect(again.status).toBe(401);
  });

  it("does not come of a rule that somebody wrote into the database", async () => {
    const { db } = lab.access.bench.database;
    await sql`
      insert into workload_rules (id, name, rule, added_by)
      select 'wmade', 'made', jsonb_set(rule, '{audience}', '"made-up"'), 'operator' from workload_rules limit 1
    `.execute(db);
    const token = await lab.issuer.sign({ ...githubClaims, aud: "made-up" });
    const { status, text } = await lab.exchange(token);
    expect([status, text]).toEqual([403, expect.stringContaining("behind the ledger")]);
    await sql`delete from workload_rules where id = 'wmade'`.execute(db);
  });
});
