import type { IncomingMessage, RequestListener } from "node:http";
import { describe, expect, it } from "vitest";
import { checkContext, serve } from "../../../test/support/check-context.ts";
import { Process } from "../../model/pipeline.ts";
import type { EnvironmentComparison, EnvironmentSide } from "../../ports/environment-comparison.ts";
import { runCheck } from "../run.ts";
import { parity } from "./index.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const web = Process.parse({ command: ["node", "server.js"] });
const side: EnvironmentSide = {
  release: digest("a"),
  releaseName: "shop@1.4.2",
  pipeline: digest("p"),
  processes: { web },
  programs: [{ process: "web", program: "node", from: "machine" }],
  parts: [{ name: "tree", mediaType: "x/tree" }],
  tools: { node: "v24.1.0" },
  facts: { target: "process", strategy: "blue-green", delivery: "files", isolation: "none" },
  router: { tls: false, headerBytes: 1, bodyBytes: 1, trustedProxies: [] },
  origin: null,
};
const router = side.router!;

interface Given {
  readonly here?: Partial<EnvironmentSide>;
  readonly there?: Partial<EnvironmentSide> | null;
  readonly keys?: EnvironmentComparison["keys"];
  readonly with?: Record<string, unknown>;
  readonly instances?: readonly string[];
}

function run(given: Given) {
  const asked: (string | null)[] = [];
  const comparison: EnvironmentComparison = {
    environment: "production",
    here: { ...side, ...given.here },
    there: given.there === null ? null : { ...side, ...given.there },
    nothing: given.there === null ? "nothing of shop is live in production" : null,
    keys: given.keys ?? [{ name: "DOCS_URL", here: "value", there: "value", same: true }],
  };
  const context = checkContext({
    instances: given.instances ?? [],
    scan: { header: "x-tidelock-scan", value: "the-mark" },
    comparedWith: async (name) => {
      asked.push(name);
      return comparison;
    },
  });
  return runCheck(parity, context, { name: "parity", with: given.with ?? {}, timeout: 10_000 });
}

const key = (
  here: "value" | "secret" | null,
  there: "value" | "secret" | null,
  name = "DOCS_URL",
) => ({
  keys: [{ name, here, there, same: here === "value" && there === "value" ? false : null }],
});

describe("the parity check", () => {
  it("passes where both are alike, and counts what it compared", async () => {
    const report = await run({});
    expect(report).toMatchObject({ verdict: "pass", exercised: { requests: 0, assertions: 17 } });
    expect(report.results).toContainEqual(expect.objectContaining({ message: "no difference" }));
  });

  it.each<[string, Given, string]>([
    ["key-missing", key(null, "secret"), "DOCS_URL, a secret, is only there"],
    ["key-extra", key("value", null), "DOCS_URL, a value, is only here"],
    ["key-kind", key("value", "secret"), "is a value here, and a secret there"],
    ["value", key("value", "value"), "DOCS_URL has another value there"],
    ["flag", key("value", "value", "FEATURE_CART"), "the flag FEATURE_CART is set otherwise"],
    ["process-missing", { there: { processes: { web, mail: web } } }, "mail runs only there"],
    ["process-extra", { here: { processes: { web, mail: web } } }, "mail runs only here"],
    [
      "command",
      { there: { processes: { web: { ...web, command: ["node", "old.js"] } } } },
      "`node old.js`",
    ],
    [
      "replicas",
      { there: { processes: { web: { ...web, replicas: 4 } } } },
      "has 1 instances here, and 4 there",
    ],
    [
      "limits",
      { there: { processes: { web: { ...web, resources: { memoryMb: 64 } } } } },
      "no limits here, and memoryMb 64 there",
    ],
    [
      "process",
      { there: { processes: { web: { ...web, state: true } } } },
      "has another state there",
    ],
    [
      "runtime-replaced",
      { there: { programs: [{ process: "web", program: "node", from: "removed" }] } },
      "was replaced on the disk",
    ],
    [
      "tools",
      { there: { tools: { node: "v22.0.0" } } },
      "node v24.1.0 here, and with node v22.0.0 there",
    ],
    ["parts", { there: { parts: [] } }, "only in the release here"],
    [
      "strategy",
      { there: { facts: { ...side.facts, strategy: "recreate" } } },
      "strategy is blue-green here",
    ],
    ["router", { there: { router: null } }, "a router here, and none there"],
    ["tls", { there: { router: { ...router, tls: true } } }, "without TLS here, and with it there"],
    [
      "router-limits",
      { there: { router: { ...router, bodyBytes: 9 } } },
      "bodyBytes is 1 here, and 9 there",
    ],
    [
      "trusted-proxies",
      { there: { router: { ...router, trustedProxies: ["10.0.0.1"] } } },
      "0 here, 1 there",
    ],
  ])("warns of %s, fails or is silent where that is asked for", async (which, given, message) => {
    const report = await run(given);
    expect(report.verdict).toBe("warn");
    expect(report.summary).toContain(`${which}: `);
    expect(report.summary).toContain(message);
    expect((await run({ ...given, with: { severity: { [which]: "fail" } } })).verdict).toBe("fail");
    expect((await run({ ...given, with: { severity: { [which]: "off" } } })).verdict).toBe("pass");
    const accept = [{ class: which, reason: "it is meant to be" }];
    const accepted = await run({ ...given, with: { accept } });
    expect(accepted.verdict).toBe("pass");
    expect(JSON.stringify(accepted.results)).toContain("accepted: it is meant to be");
  });

  it("fails where the same command runs another program", async () => {
    const report = await run({
      there: { programs: [{ process: "web", program: "bun", from: "machine" }] },
    });
    expect(report).toMatchObject({ verdict: "fail" });
    expect(report.summary).toContain("runs node here, and bun there");
  });

  it("lets a declared key differ with its reason, and says when one does not", async () => {
    const differs = [{ key: "DOCS_URL", reason: "each has its own" }];
    expect(await run({ ...key("value", "value"), with: { differs } })).toMatchObject({
      verdict: "pass",
    });
    const idle = await run({ with: { differs } });
    expect(JSON.stringify(idle.results)).toContain(
      "declared to differ: it is the same on both sides",
    );
    expect(await run({ with: { differs: [{ key: "DOCS_URL" }] } })).toMatchObject({
      verdict: "error",
    });
  });

  it.each([
    ["FEATURE_*", "FEATURE_CART", "flag"],
    ["FEATURE_*", "MY_FEATURE_CART", "value"],
    ["*_ENABLED", "CART_ENABLED", "flag"],
    ["*CART*", "MY_CART_1", "flag"],
    ["CART", "CART", "flag"],
    ["CART", "CART_2", "value"],
  ])("takes `%s` for flags: %s is a difference of the class %s", async (pattern, name, which) => {
    const report = await run({ ...key("value", "value", name), with: { flags: [pattern] } });
    expect(report.summary).toContain(`${which}: `);
  });

  it.each(["pass", "warn", "inconclusive"])(
    "is %s where nothing is live there, as told",
    async (told) => {
      const report = await run({ there: null, with: { withoutOther: told } });
      expect(report).toMatchObject({ verdict: told });
      expect(report.summary).toBe("nothing to compare with: nothing of shop is live in production");
    },
  );

  it("is an error without a deployment", async () => {
    const report = await runCheck(parity, checkContext({ slot: null }), {
      name: "parity",
      with: {},
      timeout: 1_000,
    });
    expect(report).toMatchObject({ verdict: "error" });
    expect(report.summary).toContain("nothing is deployed");
  });
});

const answering =
  (headers: Record<string, string>, seen: IncomingMessage[] = []): RequestListener =>
  (request, response) => {
    seen.push(request);
    response.writeHead(200, { "content-type": "text/html", ...headers }).end("ok");
  };

async function asking(
  here: RequestListener,
  there: RequestListener,
  settings: Record<string, unknown> = {},
) {
  await using mine = await serve(here);
  await using theirs = await serve(there);
  return await run({ instances: [mine.origin], there: { origin: theirs.origin }, with: settings });
}

describe("the answers of both environments", () => {
  it("are compared by their headers; the other one is asked as any user, five times a second at most", async () => {
    const seen: IncomingMessage[] = [];
    const begun = performance.now();
    const report = await asking(answering({}), answering({ "x-frame-options": "DENY" }, seen), {
      paths: ["/", "/cart"],
    });
    expect(report).toMatchObject({ verdict: "fail", exercised: { requests: 8, assertions: 19 } });
    expect(report.summary).toContain("security-header-lost: GET /: x-frame-options is not sent");
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "GET /",
      "GET /",
      "GET /cart",
      "GET /cart",
    ]);
    expect(seen.every(({ headers }) => headers["x-tidelock-scan"] === undefined)).toBe(true);
    // Five a second: the fourth begins 600 ms after the first.
    expect(performance.now() - begun).toBeGreaterThan(590);
  });

  it("say nothing where one side does not answer the same twice", async () => {
    let count = 0;
    const report = await asking(answering({ "cache-control": "no-cache" }), (_, response) => {
      count += 1;
      response
        .writeHead(200, { "content-type": "text/html", "cache-control": `max-age=${count}` })
        .end();
    });
    expect(report).toMatchObject({ verdict: "pass" });
    expect(JSON.stringify(report.results)).toContain("it differs from one answer to the next");
  });

  it("warn where the other environment does not answer, and fail where this one alone does not", async () => {
    const broken: RequestListener = (request) => request.socket.destroy();
    expect(await asking(answering({}), broken)).toMatchObject({
      verdict: "warn",
      exercised: { requests: 2 },
    });
    expect(await asking(broken, answering({}))).toMatchObject({ verdict: "fail" });
    expect(await asking(answering({}), broken, { paths: [] })).toMatchObject({ verdict: "pass" });
  });

  it("warn where an answer of the other environment never ends", async () => {
    const endless: RequestListener = (_, response) => void response.writeHead(200).write("x");
    const report = await asking(answering({}), endless, { timeoutMs: 200 });
    expect(report).toMatchObject({ verdict: "warn", exercised: { requests: 2 } });
    expect(report.summary).toContain("no-answer-there");
  });
});
