import { describe, expect, it } from "vitest";
import type { Bug } from "../../../bench/fuzz/planted.ts";
import { checkContext, serve } from "../../../test/support/check-context.ts";
import { described, fuzzWith, type PlantedPath, servePlanted } from "../../../test/support/fuzz.ts";
import { treeContext } from "../../../test/support/tree-context.ts";
import { runCheck } from "../run.ts";
import { apiFuzz } from "./index.ts";
import { reportOf } from "./report.ts";
import { ApiFuzzConfiguration } from "./schema.ts";

describe("a fuzzing run", () => {
  it("says nothing about a service that does what its description says, and reaches all of it", async () => {
    await using service = await servePlanted([]);
    const signedIn = {
      name: "clerk",
      login: { kind: "headers", headers: { authorization: "Bearer planted-token" } },
      check: { path: "/admin/report" },
    };
    const configuration = { openapi: { path: "/openapi.json" }, identities: [signedIn] };
    const result = await fuzzWith(service.origin, configuration);
    expect(result.findings).toEqual([]);
    const report = reportOf(result, ApiFuzzConfiguration.parse(configuration));
    expect(report).toMatchObject({ verdict: "pass", exercised: { routes: 15, identities: 1 } });
    expect(JSON.stringify(report)).not.toContain("planted-token");
  });

  it.each<[Bug, string, string, PlantedPath[]]>([
    ["name-null", "server-error", "POST /items", ["/items"]],
    ["zero-character", "server-error", "POST /items", ["/items"]],
    ["limit-negative", "server-error", "GET /items", ["/items"]],
    ["long-query", "hang", "GET /search", ["/search"]],
    ["cut-picture", "no-answer", "POST /pictures", ["/pictures"]],
    ["open-admin", "auth-bypass", "GET /admin/report", ["/admin/report"]],
    ["price-text", "schema-violation", "POST /items", ["/items"]],
    ["odd-status", "undeclared-status", "GET /items", ["/items"]],
    ["odd-type", "undeclared-type", "GET /health", ["/health"]],
    ["stack-trace", "error-leak", "GET /items/{id}", ["/items", "/items/{id}"]],
    ["undead-note", "deleted-still-there", "GET /notes/{id}", ["/notes", "/notes/{id}"]],
    ["broken-json", "server-error", "POST /orders", ["/orders"]],
    ["no-such-day", "server-error", "POST /orders", ["/orders"]],
    ["unknown-state", "server-error", "PUT /orders/{id}/state", ["/orders", "/orders/{id}/state"]],
    ["entities", "server-error", "POST /import", ["/import"]],
  ])(
    "finds %s as %s of %s, and it comes again by its example alone",
    async (bug, rule, operation, paths) => {
      await using service = await servePlanted([bug]);
      const skip = ["transport", "random"];
      const result = await fuzzWith(service.origin, { openapi: described(...paths), skip });
      const finding = result.findings.find(
        (one) => one.rule === rule && [one.operation, ...one.elsewhere].includes(operation),
      );
      expect(finding, JSON.stringify(result.findings.map((one) => one.bucket))).toMatchObject({
        confirmed: true,
      });
      if (finding === undefined) return;

      // On a service that was just started: what the example needs, it makes itself.
      await using fresh = await servePlanted([bug]);
      const again = await fuzzWith(fresh.origin, {
        openapi: described(...paths),
        replay: [finding.reproduction],
      });
      expect(again.replayed).toMatchObject([{ same: true, bucket: finding.bucket }]);
      await using mended = await servePlanted([]);
      const gone = await fuzzWith(mended.origin, {
        openapi: described(...paths),
        replay: [finding.reproduction],
      });
      expect(gone.replayed).toMatchObject([{ same: false }]);
    },
  );

  it("puts many failures of one flaw into one bucket, with a small example", async () => {
    await using service = await servePlanted(["broken-json"]);
    const { findings } = await fuzzWith(service.origin, { openapi: described("/orders") });
    expect(findings).toHaveLength(1);
    expect(findings[0]?.count).toBeGreaterThan(5);
    const [step] = findings[0]?.reproduction.steps ?? [];
    expect(JSON.stringify(step).length).toBeLessThan(200);
  });

  it("sends the same requests for the same seed, others for another, and the first of them in a smaller budget", async () => {
    const log = async (change: object) => {
      await using service = await servePlanted(["name-null", "undead-note"]);
      const openapi = described("/items", "/items/{id}", "/notes", "/notes/{id}");
      return (await fuzzWith(service.origin, { openapi, ...change })).log;
    };
    const first = await log({});
    expect(await log({})).toEqual(first);
    expect(await log({ seed: 2 })).not.toEqual(first);
    const begun = await log({ limits: { requests: 60 } });
    expect(begun).toEqual(first.slice(0, 60));
  });

  it("is partial when its budget ends before what is planned, and whole when only chance is left", async () => {
    await using service = await servePlanted([]);
    const verdict = async (limits: object) => {
      const configuration = { openapi: described("/orders"), limits };
      return reportOf(
        await fuzzWith(service.origin, configuration),
        ApiFuzzConfiguration.parse(configuration),
      );
    };
    expect(await verdict({ requests: 30 })).toMatchObject({ verdict: "partial" });
    expect(await verdict({ requests: 200, randomCases: 10_000 })).toMatchObject({
      verdict: "pass",
    });
  });

  it("is inconclusive where only refusals were met, and where nothing answers", async () => {
    await using closed = await serve((_request, response) => response.writeHead(401).end());
    const run = async (origin: string) => {
      const configuration = { openapi: described("/health", "/search") };
      return reportOf(
        await fuzzWith(origin, configuration),
        ApiFuzzConfiguration.parse(configuration),
      );
    };
    expect(await run(closed.origin)).toMatchObject({
      verdict: "inconclusive",
      exercised: { routes: 0 },
    });
    expect((await run(closed.origin)).summary).toMatch(/only [0-9, ]*401/);
    expect(await run("http://127.0.0.1:9")).toMatchObject({ verdict: "inconclusive" });
  });

  it("reads the description out of the release where none is named, and is inconclusive without one", async () => {
    await using service = await servePlanted(["odd-type"]);
    const demand = {
      name: "fuzz",
      with: { descriptionPaths: [], limits: { requestsPerSecond: 5_000 } },
      timeout: 60_000,
    };
    const files = {
      "docs/openapi.json": described("/health").document,
      "api.json": '{"no":"description"}',
    };
    const change = { instances: [service.origin], slot: null };
    const found = await runCheck(apiFuzz, await treeContext(files, change), demand);
    expect(found).toMatchObject({ verdict: "pass", exercised: { routes: 1 } });
    expect(found.raw?.text).toContain("undeclared-type");
    const none = await runCheck(apiFuzz, await treeContext({ "a.txt": "x" }, change), demand);
    expect(none).toMatchObject({ verdict: "inconclusive" });
    expect(none.summary).toContain("no description");
    expect(
      await runCheck(apiFuzz, checkContext({ slot: null }), {
        ...demand,
        with: { openapi: described("/health") },
      }),
    ).toMatchObject({ verdict: "inconclusive" });
  });

  it("makes uploads from files of the release", async () => {
    await using service = await servePlanted([]);
    const context = await treeContext({
      "seeds/own.png": Buffer.from("tidelock-own-seed-0123456789"),
    });
    const configuration = { openapi: described("/pictures"), seedFiles: ["seeds/own.png"] };
    const { log } = await fuzzWith(service.origin, configuration, {
      readTree: context.readTree,
      tree: context.tree,
    });
    const bodies = log.map(({ base64 }) => Buffer.from(base64 ?? "", "base64").toString("latin1"));
    expect(bodies.some((body) => body.includes("tidelock-own-seed-0123456789\r\n"))).toBe(true);
    expect(bodies.some((body) => body.includes("tidelock-own-s\r\n"))).toBe(true);
    await expect(
      fuzzWith(
        service.origin,
        { ...configuration, seedFiles: ["no.png"] },
        { readTree: context.readTree, tree: context.tree },
      ),
    ).rejects.toThrow(/no file no\.png/);
  });
});
