import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { ManualRequestView } from "../../src/api/routes/manual.ts";
import type { PromotionView } from "../../src/api/views.ts";
import { findServers } from "../../src/store/server-record.ts";
import { clearHome, e2eHome } from "../fixtures/e2e-home.ts";
import { runCli } from "../fixtures/run-cli.ts";
import { until } from "../support/engine-bench.ts";

/** As docs/checks/manual.md has it, by command line alone, with the real server, database, agent and processes. */

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let work: string;
let service: string;

beforeAll(async () => {
  work = await e2eHome();
  service = join(work, "shop");
  mkdirSync(service);
  writeFileSync(
    join(service, "server.js"),
    `require("node:http").createServer((q, r) => r.end("shop")).listen(process.env.PORT, "127.0.0.1");`,
  );
  writeFileSync(join(service, "tidelock.yaml"), pipeline(await freePort()));
  for (const name of ["maria", "stranger"]) {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    writeFileSync(join(work, `${name}.pem`), pem);
    writeFileSync(join(work, `${name}.pub`), publicKey.export({ type: "spki", format: "pem" }));
  }
});
afterAll(() => clearHome(work));

const pipeline = (port: number) => `apiVersion: tidelock.dev/v1
kind: Pipeline
metadata: { name: shop }
spec:
  processes: { web: { command: [node, server.js], ready: { kind: http, interval: 100ms } } }
  environments:
    - name: staging
      watch: { for: 1s, interval: 200ms }
      checks:
        - name: qa
          uses: manual
          with:
            kind: checklist
            role: qa
            items:
              - { id: basket, text: The basket keeps what was put in, evidence: true }
              - { id: print, text: The print view is readable, severity: medium }
---
apiVersion: tidelock.dev/v1
kind: Environment
metadata: { name: staging }
spec: { tier: staging, router: { type: embedded, listen: { shop: "127.0.0.1:${port}" } } }
`;

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

async function ends(code: number, ...words: string[]): Promise<string> {
  const env = {
    TIDELOCK_DATA_DIR: join(work, "data"),
    TIDELOCK_CONFIG: join(work, "config.json"),
  };
  const { code: ended, stdout, stderr } = await runCli(words, { cwd: service, env });
  expect(ended, `tidelock ${words.join(" ")}\n${stdout}${stderr}`).toBe(code);
  return words.includes("json") || words.includes("--template") ? stdout : stdout + stderr;
}

const key = (name: string) => ["--key", join(work, `${name}.pem`)];

async function promotion(id: string): Promise<PromotionView> {
  return JSON.parse(await ends(0, "promotion", "show", id, "-o", "json")) as PromotionView;
}

it("a checklist is answered, signed and verified, over the sudden death of the server that waits for it", async () => {
  await ends(0, "server", "start", "--detach", "--port", "0");
  await ends(0, "pipeline", "apply");
  await ends(0, "release", "create", "--version", "1.0.0");
  const out = await ends(0, "promote", "shop@1.0.0", "--to", "staging", "-o", "json");
  const { id } = JSON.parse(out) as PromotionView;
  const todo = async () =>
    JSON.parse(await ends(0, "check", "todo", "-o", "json")) as ManualRequestView[];
  const [request] = await until(todo, (items) => items.length > 0, 60_000);
  if (!request) throw new Error("nobody was asked");
  const short = request.id.slice(0, 12);
  expect((await promotion(id)).waiting?.who).toContain("which nobody holds here yet");

  // Nobody answers who was not enrolled, and a private key is never sent.
  expect(await ends(4, "check", "answer", short, "--yes", ...key("stranger"))).toContain(
    "this key is nobody's here",
  );
  await ends(2, "person", "add", "maria@shop.example", ...key("maria"));
  await ends(0, "person", "add", "maria@shop.example", "--key", join(work, "maria.pub"));
  await ends(0, "person", "add", "sam@shop.example", "--key", join(work, "stranger.pub"));
  await ends(0, "person", "grant", "maria@shop.example", "--role", "qa", "--service", "shop");

  // A file of answers that nobody filled in signs nothing.
  const answers = join(work, "answers.yaml");
  writeFileSync(answers, await ends(0, "check", "answer", short, "--template"));
  await ends(2, "check", "answer", short, "--yes", "--file", answers, ...key("maria"));
  writeFileSync(
    answers,
    `kind: checklist
items:
  - { id: basket, result: pass, evidence: ["https://tracker.example/QA-7"] }
  - { id: print, result: not-applicable, comment: this release has no print view }
`,
  );
  const signing = ["check", "answer", short, "--yes", "--file", answers];
  const refused = await ends(4, ...signing, ...key("stranger"));
  expect(refused).toContain("gives this person no right to answer as qa");

  const [server] = findServers(join(work, "data"));
  if (!server) throw new Error("no server runs");
  process.kill(server.pid, "SIGKILL");
  await ends(0, "server", "start", "--detach", "--port", "0");
  expect((await todo()).map(({ id: one }) => one)).toEqual([request.id]);

  const said = await ends(0, ...signing, ...key("maria"));
  expect(said).toContain("I answer the check qa as qa, once, for shop in staging on blue.");
  expect(said).toContain("NOT-APPLICABLE  print: The print view is readable");
  expect(said).toContain("is known only as a token that anybody may hold");
  expect(await ends(1, ...signing, ...key("maria"))).toContain("answered already");

  const done = await until(
    () => promotion(id),
    ({ endedAt }) => endedAt !== null,
    60_000,
  );
  expect(done).toMatchObject({ state: "complete", checks: [{ report: { verdict: "pass" } }] });
  expect(await todo()).toEqual([]);
  await ends(0, "ledger", "verify", "--state");
  const pack = join(work, "shop.audit.zip");
  await ends(0, "audit", "export", "shop@1.0.0", "-o", pack);
  // Without a trust root the answer is at best that it is consistent.
  expect(await ends(7, "audit", "verify", pack)).toContain(
    "every person's answer to a check is signed",
  );
});
