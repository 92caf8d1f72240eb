import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
} from "../../../test/support/engine-bench.ts";
import { parity } from "../../checks/parity/index.ts";
import { Configuration } from "../../model/configuration.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";
import type { HostAgent } from "../../ports/host-agent.ts";

let bench: EngineBench;
let plane: ControlPlane;
let servers: Record<"dev" | "production", Server>;
/** What each environment's main process runs, by the agent. */
let programs: Record<string, string>;
let asked: string[];

beforeEach(async () => {
  bench = await EngineBench.create();
  bench.extra.set("parity", parity);
  programs = { dev: "node", production: "node" };
  asked = [];
  servers = { dev: await listening("dev"), production: await listening("production") };
  const agent: HostAgent = {
    call: (async (method: string, params: { slot: { environment: string } }) =>
      method === "slot.manifest"
        ? manifest(programs[params.slot.environment] ?? "")
        : bench.host.call(method as never, params as never)) as never,
  };
  plane = bench.worker({ agent }).controlPlane;
});
afterEach(async () => {
  await bench.close();
  for (const server of Object.values(servers)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listening(name: string): Promise<Server> {
  const server = createServer(({ method, url, headers }, response) => {
    asked.push(`${name}: ${method} ${url} ${headers["x-tidelock-tester"] ?? "as any user"}`);
    response.writeHead(200, { "content-type": "text/plain" }).end("ok");
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return server;
}

function manifest(program: string) {
  const main = {
    instance: "web-0",
    main: true,
    pid: 1,
    program,
    from: "machine",
    foreignUser: null,
  };
  return {
    visible: true,
    deployed: {},
    artifacts: [],
    entries: 1,
    misplaced: [],
    delivered: [],
    processes: [
      { ...main, variables: null },
      { ...main, main: false, program: "sh", variables: null },
    ],
  };
}

/** `dev` is the environment under test; each route leads to a server of its own. */
async function applied(settings = "", production = ""): Promise<void> {
  const port = (name: keyof typeof servers) => (servers[name].address() as AddressInfo).port;
  const dev = `      checks: [{ name: parity, uses: parity, allowWarn: true, with: { ${settings} } }]`;
  const text = documents({ dev, production: `      after: []\n${production}` })
    .replace("18081", String(port("dev")))
    .replace("18082", String(port("production")));
  await plane.applyDocuments(operator, "tidelock.yaml", text);
}

async function configured(environment: string, change: Partial<Configuration>): Promise<void> {
  const all = { kind: "Configuration", formatVersion: 1, service: "shop", environment, ...change };
  await plane.applyConfiguration(operator, Configuration.parse(all));
}

async function promoted(version: string, environment: string) {
  const known = await plane.listReleases({ service: "shop", limit: 10 });
  if (!known.some((one) => one.version === version)) {
    await plane.createRelease(operator, makeRelease(bench, version));
  }
  const { id } = await plane.promote(operator, { service: "shop", environment, release: version });
  const view = await ended(plane, id);
  return { view, report: view.checks.find(({ name }) => name === "parity")?.report };
}

it("holds what is under test against what is live in production, and lets out no value", async () => {
  bench.secrets.set("shop-db", "the-password");
  await applied();
  await configured("production", {
    values: {
      DOCS_URL: "https://docs.one",
      REGION: "north",
      DB_URL: "postgres://shop:hunter22@db/shop",
      ONLY_LIVE: "there",
    },
    secrets: { DB: { provider: "local", name: "shop-db" } },
  });
  await configured("dev", {
    values: {
      DOCS_URL: "https://docs.two",
      REGION: "north",
      DB_URL: "postgres://shop:hunter33@db/shop",
      DB: "plain-text",
    },
    isolated: { values: { REGION: "nowhere" }, secrets: {} },
  });
  expect((await promoted("1.0.0", "production")).view.state).toBe("complete");
  const reads = () =>
    bench.database.db
      .selectFrom("ledger_entries")
      .selectAll()
      .where("kind", "=", "secret.read")
      .execute();
  const before = (await reads()).filter(({ stream }) => stream === "shop/production").length;

  const { view, report } = await promoted("1.1.0", "dev");
  expect(view.state, view.message).toBe("complete");
  expect(report).toMatchObject({ verdict: "warn", data: { "running programs": "compared" } });
  const found = Object.fromEntries(
    (report?.results ?? []).map(({ name, message }) => [name, message]),
  );
  expect(found).toMatchObject({
    "key DOCS_URL": "value: DOCS_URL has another value there",
    "key DB": "key-kind: DB is a value here, and a secret there",
    "key ONLY_LIVE": "key-missing: ONLY_LIVE, a value, is only there",
  });
  // What stands in for it under test is no difference, and a password in a value is kept like a secret.
  expect(Object.keys(found).filter((name) => /REGION|DB_URL/.test(name))).toEqual([]);
  const said = JSON.stringify(report);
  for (const value of ["docs.one", "docs.two", "north", "hunter", "the-password", "plain-text"])
    expect(said).not.toContain(value);
  // Twice each: the one under test with the credential, production as any user.
  expect(asked.sort()).toEqual([
    "dev: GET / signed",
    "dev: GET / signed",
    "production: GET / as any user",
    "production: GET / as any user",
  ]);
  const after = (await reads()).filter(({ stream }) => stream === "shop/production").length;
  expect(after).toBe(before);
});

it("stops a promotion where the same command runs another program there", async () => {
  await applied();
  await promoted("1.0.0", "production");
  programs["production"] = "bun";
  const { view, report } = await promoted("1.0.0", "dev");
  expect(view.state).toBe("failed");
  expect(report).toMatchObject({ verdict: "fail" });
  expect(report?.summary).toContain("runs node here, and bun there, by the same command");
});

it("warns while nothing is live there, and compares with what is, not with what is registered by now", async () => {
  await applied();
  const first = await promoted("1.0.0", "dev");
  expect(first.report?.summary).toBe(
    "nothing to compare with: nothing of shop is live in production",
  );
  expect(first.view.state).toBe("complete");
  await promoted("1.0.0", "production");
  await applied("severity: { replicas: fail }", "      replicas: { web: 3 }");
  expect((await promoted("1.1.0", "dev")).report).toMatchObject({ verdict: "pass" });
  await promoted("1.1.0", "production");
  const { report } = await promoted("1.2.0", "dev");
  expect(report?.summary).toContain("web has 1 instances here, and 3 there");
});

it.each([
  ["environment: elsewhere", "service shop has no environment elsewhere"],
  ["environment: dev", "dev would be compared with itself"],
])("is an error with `%s`", async (settings, message) => {
  await applied(settings);
  const { view, report } = await promoted("1.0.0", "dev");
  expect(report).toMatchObject({ verdict: "error" });
  expect(report?.summary).toContain(message);
  expect(view.state).toBe("failed");
});
