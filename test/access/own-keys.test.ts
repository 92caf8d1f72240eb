import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Client } from "../../src/api/client.ts";
import { signerOf } from "../../src/cli/evidence/signer.ts";
import { whoseKey } from "../../src/cli/evidence/whose-key.ts";
import { listenOnLoopback, type Listening } from "../../src/server/listen.ts";
import { AccessLab } from "../support/access-lab.ts";

/** Colleagues who may see nobody's keys sign with their own from a terminal all the same. */

let lab: AccessLab;
let listening: Listening;
const quinn = "quinn@shop.example";
let token = "";
const folder = mkdtempSync(join(tmpdir(), "tidelock-own-keys-"));

beforeAll(async () => {
  lab = await AccessLab.create();
  await lab.worker.engine.log.open("1.0.0");
  token = await lab.person(quinn, ["qa", "shop", null]);
  listening = await listenOnLoopback(lab.apps[0]!, 0);
}, 60_000);
afterAll(async () => {
  await listening?.close();
  await lab?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function key(file: string, owner: string | null): Promise<string> {
  const path = join(folder, file);
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  writeFileSync(path, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  const body = { name: owner, also: [], key: publicKey.export({ type: "spki", format: "pem" }) };
  if (owner !== null) await lab.ask(lab.bootstrap, "POST", "/api/v1/people", body);
  return signerOf(path).name;
}

it("finds whose key it is: their own for everybody, another's only for who may see people", async () => {
  const client = new Client({ url: listening.url, token });
  const owner = new Client({ url: listening.url, token: lab.bootstrap });
  const own = await key("quinn.pem", quinn);
  const foreign = await key("sam.pem", "sam@shop.example");
  expect((await lab.ask(token, "GET", "/api/v1/people")).status).toBe(403);
  expect(await whoseKey(client, own)).toMatchObject({ name: quinn });
  await expect(whoseKey(client, foreign)).rejects.toMatchObject({
    message: `this key is not one of yours (${quinn}) here, so nothing it signs counts`,
    hint: expect.stringContaining(`tidelock person add ${quinn} --key`),
  });
  expect(await whoseKey(owner, foreign)).toMatchObject({ name: "sam@shop.example" });
  await expect(whoseKey(owner, await key("nobody.pem", null))).rejects.toThrow("nobody's here");
  const { body } = await lab.ask(token, "GET", "/api/v1/account/person");
  expect(body["items"]).toMatchObject([{ name: quinn, keys: [{ id: own }] }]);
});

it("says who one is to somebody without any role, and what to ask for", async () => {
  const nobody = await lab.person("nora@shop.example");
  const who = await lab.ask(nobody, "GET", "/api/v1/access/me");
  expect(who.body).toMatchObject({ id: "nora@shop.example", roles: [], permissions: [] });
  const refused = await lab.ask(nobody, "GET", "/api/v1/status");
  expect(refused.status).toBe(403);
  expect(refused.body).toMatchObject({
    error: {
      hint: expect.stringMatching(/^you have no role here yet\..*role assign <role> nora@/),
    },
  });
});
