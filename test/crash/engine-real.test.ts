import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compose, type ComposedServer } from "../../src/compose.ts";
import type { PromotionView } from "../../src/api/views.ts";
import { hasEnded } from "../../src/model/promotion.ts";
import { Release, treeMediaType } from "../../src/model/release.ts";
import { openDataDir } from "../../src/store/data-dir.ts";
import { connectAgent } from "../../src/agent/client.ts";
import { freePort, makeDataDir, storeServer, tearDown, until } from "../support/agent-harness.ts";
import { type JsonChild, spawnJson } from "../support/child.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

/**
 * The same law as in engine-matrix.test.ts with nothing faked: real server processes that are killed and
 * stopped by signals, a real agent, router and service, and a client that never stops asking.
 */
const operator = { id: "operator" };
const shop = { service: "shop", environment: "production" };
let dataDir: string;
let database: TestDatabase;
let server: ComposedServer;
let port: number;

const source = (version: string) => `
import { createServer } from "node:http";
createServer((request, response) => response.end(${JSON.stringify(version)}))
  .listen(Number(process.env.PORT), "127.0.0.1");
`;

const documents = () => `
apiVersion: tidelock.dev/v1
kind: Environment
metadata: { name: production }
spec: { tier: production, router: { type: embedded, listen: { shop: "127.0.0.1:${port}" } } }
---
apiVersion: tidelock.dev/v1
kind: Pipeline
metadata: { name: shop }
spec:
  processes: { web: { command: [node, server.mjs], ready: { kind: http, interval: 50ms } } }
  environments:
    - name: production
      drain: 1s
      watch: { for: 300ms, interval: 100ms, failures: 3 }
      checks: [{ name: answers, uses: http, with: { requests: [{ path: / }] } }]
`;

/** The server that stays: it takes over what the others leave. */
async function startServer(): Promise<ComposedServer> {
  return compose({
    paths: openDataDir(dataDir),
    databaseUrl: database.databaseUrl,
    version: "0.1.0",
    settings: { leaseMs: 1_500, sweepMs: 200 },
  });
}

beforeAll(async () => {
  dataDir = await makeDataDir();
  database = await createTestDatabase();
  port = await freePort();
  server = await startServer();
  await server.controlPlane.applyDocuments(operator, "tidelock.yaml", documents());
  for (const version of ["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0", "1.6.0"]) {
    const { digest, size } = await storeServer(dataDir, source(version));
    await server.controlPlane.createRelease(
      operator,
      Release.parse({
        kind: "Release",
        formatVersion: 1,
        service: "shop",
        version,
        artifacts: [{ name: "tree", digest, size, mediaType: treeMediaType }],
        source: { kind: "none" },
        build: { kind: "finished" },
        configuration: [],
      }),
    );
  }
  const first = await server.controlPlane.promote(operator, { ...shop, release: "1.0.0" });
  expect(await ended(first.id)).toMatchObject({ state: "complete" });
}, 90_000);

afterAll(async () => {
  await server.close();
  await tearDown(dataDir, connectAgent(dataDir, { connectTimeoutMs: 0 }));
  await database.drop();
}, 90_000);

async function ended(id: string): Promise<PromotionView> {
  return until(
    `${id} ends`,
    async () => {
      const view = await server.controlPlane.showPromotion(id);
      return hasEnded(view.state) && view;
    },
    45_000,
  );
}

/** Asks all the time on connections of its own, and keeps every answer that was not a version. */
class Users {
  readonly wrong: string[] = [];
  readonly versions = new Set<string>();
  #going = true;
  readonly #asking: Promise<void>;

  constructor() {
    this.#asking = this.#ask();
  }

  async #ask(): Promise<void> {
    while (this.#going) {
      try {
        const response = await fetch(`http://127.0.0.1:${port}/`, {
          headers: { connection: "close" },
          signal: AbortSignal.timeout(5_000),
        });
        const text = await response.text();
        if (response.status === 200) this.versions.add(text);
        else this.wrong.push(`${response.status} ${text}`);
      } catch (error) {
        this.wrong.push(String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async stop(): Promise<void> {
    this.#going = false;
    await this.#asking;
  }
}

async function startMortal(point: string, signal: string): Promise<JsonChild> {
  const file = new URL("./engine-process.ts", import.meta.url).pathname;
  const argv = [process.execPath, file, dataDir, database.databaseUrl, point, signal];
  const child = spawnJson(argv);
  await sayUntil(child, (line) => line["ready"] === true);
  return child;
}

async function sayUntil(
  child: JsonChild,
  good: (line: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>> {
  for (;;) {
    const line = await child.next();
    if (good(line)) return line;
  }
}

function tell(child: JsonChild, method: string, ...params: unknown[]): void {
  child.child.stdin?.write(JSON.stringify({ method, params }));
}

/** Only the mortal process works until it meets its fate; then this one starts again and takes over. */
async function meets(
  point: string,
  signal: "SIGKILL" | "SIGSTOP",
  method: string,
  ...params: unknown[]
): Promise<{ view: PromotionView; users: Users; child: JsonChild }> {
  await server.close();
  const child = await startMortal(point, signal);
  const users = new Users();
  tell(child, method, ...params);
  await sayUntil(child, (line) => line["reached"] === point);
  server = await startServer();
  const [newest] = await server.controlPlane.listPromotions({ ...shop, limit: 1 });
  const view = await ended(newest?.id ?? "");
  if (signal === "SIGSTOP") {
    child.child.kill("SIGCONT");
    // Long enough for the effect that it was about to have, and for one more look.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(child.child.exitCode).toBeNull();
    child.child.kill("SIGTERM");
  }
  await child.ended;
  await users.stop();
  return { view, users, child };
}

async function served(): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } })).text();
}

const promote = (version: string) => [operator, { ...shop, release: version }] as const;

describe("a real server process", () => {
  it.each([
    ["deploy-isolated:before-effect", "SIGSTOP", "1.1.0"],
    ["switch:before-effect", "SIGSTOP", "1.2.0"],
    ["switch:after-effect", "SIGKILL", "1.3.0"],
    ["deploy-live:before-effect", "SIGKILL", "1.4.0"],
    ["watch:before-record", "SIGSTOP", "1.5.0"],
  ] as const)(
    "that meets its fate at %s by %s is followed by one that ends the promotion right",
    async (point, signal, version) => {
      const { view, users } = await meets(point, signal, "promote", ...promote(version));
      expect(view).toMatchObject({ state: "complete", release: { version } });
      expect(await served()).toBe(version);
      expect(users.wrong).toEqual([]);
    },
    90_000,
  );

  it.each(["SIGSTOP", "SIGKILL"] as const)(
    "that meets its fate (%s) before the switch of a rollback is followed by one that goes back",
    async (signal) => {
      const newer = signal === "SIGSTOP" ? "1.6.0" : "1.4.0";
      const there = await server.controlPlane.promote(operator, { ...shop, release: newer });
      expect(await ended(there.id)).toMatchObject({ state: "complete" });
      const before = (await server.controlPlane.status({}))[0]?.colours.find((one) => !one.live);
      const asked = [operator, shop, { reason: "prices" }];
      const { view, users } = await meets("switch:before-effect", signal, "rollback", ...asked);
      expect(view).toMatchObject({ kind: "rollback", state: "complete" });
      expect(await served()).toBe(before?.release?.version);
      expect(users.wrong).toEqual([]);
    },
    90_000,
  );
});
