import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { serve } from "../../../test/support/check-context.ts";
import { needsTool } from "../../../test/support/optional.ts";
import { checkTree, observationsIn } from "../../../test/support/tool-agent.ts";
import { npmAudit } from "./index.ts";

const lock = JSON.stringify({
  name: "shop",
  version: "1.0.0",
  lockfileVersion: 3,
  requires: true,
  packages: {
    "": { name: "shop", version: "1.0.0", dependencies: { "left-side": "1.0.0" } },
    "node_modules/left-side": { version: "1.0.0", resolved: "http://127.0.0.1:9/left-side.tgz" },
  },
});
const tree = {
  "package.json": JSON.stringify({
    name: "shop",
    version: "1.0.0",
    dependencies: { "left-side": "1.0.0" },
  }),
  "package-lock.json": lock,
};

/** What npm asks and gets: a registry's bulk advisories. */
async function advisories(answer: object) {
  const asked: unknown[] = [];
  const server = await serve(async (request, response) => {
    if (request.method !== "POST") {
      response.writeHead(404).end("{}");
      return;
    }
    const body = await buffer(request);
    const plain = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
    asked.push(JSON.parse(plain.toString("utf8")));
    response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
  });
  vi.stubEnv("TIDELOCK_NPM_REGISTRY", server.origin);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await server[Symbol.asyncDispose]();
  });
  return { origin: server.origin, asked };
}

describe.skipIf(needsTool("npm").missing)("npm audit", { timeout: 60_000 }, () => {
  it("notices an advisory about what the lock file names, and asks nothing but names and versions", async () => {
    const advisory = {
      id: 1,
      url: "https://github.com/advisories/GHSA-aaaa-bbbb-cccc",
      title: "Falls over",
      severity: "high",
      vulnerable_versions: "<1.0.1",
      cwe: ["CWE-400"],
      cvss: { score: 7.5, vectorString: null },
    };
    const { asked } = await advisories({ "left-side": [advisory] });
    const report = await checkTree(npmAudit, tree);
    expect(report.verdict).toBe("pass");
    expect(observationsIn(report)).toMatchObject([
      {
        rule: "GHSA-aaaa-bbbb-cccc",
        severity: "high",
        place: { kind: "package", name: "left-side" },
      },
    ]);
    expect(asked).toEqual([{ "left-side": ["1.0.0"] }]);
  });

  it("is told nothing by the tree: another registry, a level below which it is silent", async () => {
    const npmrc = "registry=http://127.0.0.1:9/\naudit-level=none\naudit=false\nomit=prod\n";
    const link = { ".npmrc": { link: "notes.txt" }, "notes.txt": npmrc };
    for (const hostile of [{ ".npmrc": npmrc }, link]) {
      const { asked } = await advisories({});
      const report = await checkTree(npmAudit, { ...tree, ...hostile });
      expect(report.verdict).toBe("pass");
      expect(asked).toHaveLength(1);
      expect(report.suppressions).toMatchObject([{ path: ".npmrc" }]);
    }
  });

  it("is an error when no source of advisories answers, and inconclusive without dependencies", async () => {
    vi.stubEnv("TIDELOCK_NPM_REGISTRY", "http://127.0.0.1:9/");
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const report = await checkTree(npmAudit, tree);
    expect(report.verdict).toBe("error");
    expect((await checkTree(npmAudit, { "package.json": "{}" })).verdict).toBe("inconclusive");
  });
});
