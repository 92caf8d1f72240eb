import { generateKeyPairSync, sign } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lineageOf } from "../../src/engine/approvals/lineage.ts";
import { encodeEnvelope } from "../../src/evidence/dsse.ts";
import { publicKeyFromSpki } from "../../src/evidence/keys.ts";
import {
  policyConsentStatement,
  policyConsentText,
} from "../../src/evidence/predicates/policy-consent.ts";
import { signStatement } from "../../src/evidence/statement.ts";
import { readProviders } from "../../src/issuers/providers-file.ts";
import type { Release } from "../../src/model/release.ts";
import { makeRelease, operator } from "../support/engine-bench.ts";
import { githubClaims } from "../support/issuer.ts";
import { SignInLab } from "../support/sign-in-lab.ts";
import { WorkloadLab } from "../support/workload-lab.ts";

const everywhere = { service: null, environment: null };

/** Two people who sign changes of policy, in a lab that is governed by two from here on. */
async function team({ worker: { controlPlane: plane } }: WorkloadLab["access"]) {
  const signer = async (name: string) => {
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
    return async (id: string): Promise<string> => {
      const { proposed } = await plane.policy.proposal(id);
      const statement = policyConsentStatement(proposed, person);
      await plane.policy.sign(operator, id, encodeEnvelope(await signStatement(by, statement)));
      return policyConsentText(proposed, person).join("\n");
    };
  };
  const both = [await signer("maria@shop.example"), await signer("jo@shop.example")] as const;
  await plane.policy.setGovernance(operator, "team");
  return both;
}

describe("a workload rule where two people change policy", () => {
  let lab: WorkloadLab;
  beforeAll(async () => {
    lab = await WorkloadLab.create();
  }, 60_000);
  afterAll(() => lab.close());

  it("lets nobody in until two people have signed what it says", async () => {
    const [maria, jo] = await team(lab.access);
    const { body } = await lab.add(lab.rule("shop-main"));
    const proposal = String(body["waitsFor"]);
    const token = await lab.issuer.sign(githubClaims);
    expect((await lab.exchange(token)).status).toBe(401);
    const text = await maria(proposal);
    for (const part of [
      lab.issuer.url,
      "repository_id is 424242",
      "for 15 minutes",
      "release.create",
    ]) {
      expect(text).toContain(part);
    }
    expect((await lab.exchange(token)).status).toBe(401);
    await jo(proposal);
    expect((await lab.exchange(token)).status).toBe(200);
    // One person ends it.
    expect((await lab.remove("shop-main")).status).toBe(200);
    expect((await lab.exchange(await lab.issuer.sign(githubClaims))).status).toBe(401);
  });
});

describe("a release that a build handed in", () => {
  let lab: WorkloadLab;
  beforeAll(async () => {
    lab = await WorkloadLab.create();
    await lab.add(lab.rule("shop-main"));
  }, 60_000);
  afterAll(() => lab.close());

  const source = (revision: string, dirty = false): Release["source"] => ({
    kind: "git",
    revision,
    dirty,
    truncated: false,
    commits: [
      {
        revision,
        subject: "change",
        at: "2026-01-01T00:00:00Z",
        author: { email: "maria@shop.example", name: "M" },
        committer: { email: "maria@shop.example", name: "M" },
        coAuthors: [],
      },
    ],
  });

  it("has that build as its builder, when it built exactly that revision; else it is nobody's", async () => {
    const { bench, worker } = lab.access;
    const deedsOf = async (version: string, from: Release["source"]) => {
      const given = await lab.exchange(await lab.issuer.sign(githubClaims));
      const release = makeRelease(bench, version, { source: from });
      const token = String(given.body["token"]);
      const made = await lab.access.ask(token, "POST", "/api/v1/releases", { release });
      expect(made.status).toBe(200);
      const plan = {
        lane: { service: "shop", environment: "dev" },
        release: made.body["id"],
        live: null,
      };
      const { deeds } = await lineageOf(worker.engine, bench.database.db, plan as never, "");
      return deeds.filter(({ what }) => /^(builder|who handed)/.test(what));
    };
    expect(await deedsOf("1.0.0", source(githubClaims.sha))).toMatchObject([
      {
        what: expect.stringMatching(/^builder of the release: .*\/runs\/22259804324.* shop-main$/),
        names: [],
        proven: true,
      },
    ]);
    for (const [version, from] of [
      ["1.1.0", source("b".repeat(40))],
      ["1.2.0", source(githubClaims.sha, true)],
    ] as const) {
      const deeds = await deedsOf(version, from);
      expect([version, deeds.filter(({ what }) => what.startsWith("who handed"))]).toMatchObject([
        version,
        [{ names: [], proven: false }],
      ]);
    }
  });
});

describe("signing in at a provider where two people change policy", () => {
  let lab: SignInLab;
  beforeAll(async () => {
    const groups = { roles: [{ group: "sre", role: "sre" }] };
    lab = await SignInLab.create({ company: { groups } });
  }, 60_000);
  afterAll(() => lab.close());

  it("wants two signatures for a link, and gives no role by a group", async () => {
    const [maria, jo] = await team(lab.access);
    const wish = { name: "jo@shop.example", provider: "company", subject: "u-1" };
    const link = () =>
      lab.access.ask(lab.access.bootstrap, "POST", "/api/v1/people/identities", wish);
    const asked = await link();
    lab.provider.signsIn = { sub: "u-1", groups: ["sre"] };
    expect((await lab.browser().signIn()).status).toBe(401);
    const proposal = String(asked.body["waitsFor"]);
    for (const one of [maria, jo]) await one(proposal);
    expect((await lab.browser().signIn()).status).toBe(401);
    expect((await link()).body["waitsFor"]).toBeUndefined();
    const browser = lab.browser();
    expect((await browser.signIn()).status).toBe(303);
    expect(await browser.who()).toMatchObject({ id: "jo@shop.example" });
    expect((await browser.me()).body).toMatchObject({ permissions: [] });
    // What was signed was used up by that.
    const again = await lab.access.ask(lab.access.bootstrap, "POST", "/api/v1/people/identities", {
      ...wish,
      subject: "u-2",
    });
    expect(again.body["waitsFor"]).not.toBe(proposal);
  });
});

describe("the file of identity providers", () => {
  const folder = mkdtempSync(join(tmpdir(), "tidelock-providers-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string, mode = 0o600) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };
  const file = (more = "", publicUrl = "https://tidelock.shop.example") => `kind: IdentityProviders
publicUrl: ${publicUrl}
providers:
  - id: company
    name: The Company
    issuer: https://login.shop.example
    clientId: tidelock
${more}`;

  it("is read with secrets that are this server's alone", () => {
    write("good.secret", "hidden\n");
    const { providers } = readProviders(
      write("good.yaml", file("    clientSecretFile: good.secret")),
    );
    expect(providers).toMatchObject([
      { settings: { id: "company", algorithm: "RS256" }, secret: "hidden" },
    ]);
  });

  it.each([
    [
      "a secret that others read",
      () => {
        write("open.secret", "hidden", 0o644);
        return file("    clientSecretFile: open.secret");
      },
      /may be read by others/,
    ],
    ["a secret that is not there", () => file("    clientSecretFile: none"), /cannot be read/],
    ["an unknown key", () => file("    clientSecret: hidden"), /clientSecret/],
    [
      "a path in the address",
      () => file("", "https://tidelock.shop.example/x"),
      /scheme, host and port/,
    ],
    ["an address without TLS", () => file("", "http://tidelock.shop.example"), /not https/],
    [
      "administrators by a group",
      () => file("    groups: { roles: [{ group: all, role: administrator }] }"),
      /nobody administrator/,
    ],
    [
      "two of one id",
      () => `${file()}  - { id: company, name: x, issuer: "https://x.example", clientId: x }\n`,
      /same id/,
    ],
  ])("is refused for %s, with the place and the reason", (_what, text, why) => {
    expect(() => readProviders(write("bad.yaml", text()))).toThrow(why);
  });

  it("is refused when others may write it", () => {
    expect(() => readProviders(write("writable.yaml", file(), 0o666))).toThrow(/lets anybody in/);
  });
});
