import { describe, expect, it } from "vitest";
import { printable } from "../../model/printable.ts";
import { serve } from "../../../test/support/check-context.ts";
import { described, fuzzWith, servePlanted } from "../../../test/support/fuzz.ts";

const api = (paths: object, more: object = {}) => ({
  document: JSON.stringify({ openapi: "3.1.0", paths, ...more }),
});
const get = (schema: object) => ({
  get: {
    parameters: [{ name: "q", in: "query", schema }],
    responses: { 200: { description: "ok" } },
  },
});
const post = (schema: object) => ({
  post: { requestBody: { content: { "application/json": { schema } } } },
});

describe("a hostile description", () => {
  it("that refers to itself for ever ends", async () => {
    await using service = await servePlanted([]);
    const node = {
      type: "object",
      required: ["next", "all"],
      properties: {
        next: { $ref: "#/components/schemas/Node" },
        all: { type: "array", items: { $ref: "#/components/schemas/Node" }, minItems: 2 },
      },
    };
    const circle = { $ref: "#/components/schemas/A" };
    const openapi = api(
      { "/health": get(circle), "/orders": post({ $ref: "#/components/schemas/Node" }) },
      { components: { schemas: { Node: node, A: { $ref: "#/components/schemas/B" }, B: circle } } },
    );
    const result = await fuzzWith(service.origin, { openapi, limits: { randomCases: 1 } });
    expect(result.gaps).toEqual([]);
    expect(result.requests).toBeGreaterThan(20);
  });

  it("reaches no other host by its servers and references", async () => {
    const asked: string[] = [];
    await using other = await serve((request, response) => {
      asked.push(request.url ?? "");
      response.end("{}");
    });
    await using service = await servePlanted([]);
    const paths = {
      "/health": get({ $ref: `${other.origin}/schema.json` }),
      "//evil.invalid/x": get({ type: "string" }),
    };
    await fuzzWith(service.origin, { openapi: api(paths, { servers: [{ url: other.origin }] }) });
    expect(asked).toEqual([]);
  });

  it.each([
    [
      "multiplies in YAML",
      `openapi: 3.0.0\na: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefgh"
        .split("")
        .map((name, n) => `${name}: &${name} [${`*${"abcdefgh"[n]},`.repeat(9)}]`)
        .join("\n")}\npaths: *h\n`,
    ],
    ["is neither JSON nor YAML", "\u0000\u0001{[}"],
    ["is too deep", "[".repeat(50_000)],
    ["names no version", "{}"],
  ])("that %s is an error, not a pass", async (_name, document) => {
    await using service = await servePlanted([]);
    await expect(fuzzWith(service.origin, { openapi: { document } })).rejects.toThrow(
      /neither JSON nor YAML|no OpenAPI document/,
    );
  });

  it("without an end is an error", async () => {
    await using service = await serve((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const more = () => {
        while (response.write(" ".repeat(65_536)));
        response.once("drain", more);
      };
      more();
    });
    await expect(
      fuzzWith(service.origin, { openapi: { path: "/openapi.json" }, limits: { hangMs: 20_000 } }),
    ).rejects.toThrow(/longer than/);
  });

  it("with names and patterns that break programs breaks nothing", async () => {
    await using service = await servePlanted([]);
    const properties = {
      __proto__x: { type: "string" },
      constructor: { type: "string" },
      a: { type: "string", pattern: "^(a+)+$" },
      b: { type: "string", pattern: "(" },
      c: { type: "string", minLength: 1e12 },
      d: { type: "array", minItems: 1e9 },
      e: { enum: [] },
      f: { type: "nonsense" },
      g: { type: "integer", minimum: 1e300, maximum: -1 },
    };
    const odd = JSON.parse(
      '{"/orders":{"post":{"requestBody":{"content":{"application/json":{"schema":{"properties":{"__proto__":{"type":"string"}}}}}}},"get":7,"put":null,"parameters":"x"}}',
    ) as object;
    const result = await fuzzWith(service.origin, {
      openapi: api({ ...odd, "/notes": post({ type: "object", properties }) }),
      limits: { randomCases: 1 },
    });
    expect(result.gaps).toEqual([]);
    expect(({} as Record<string, unknown>)["type"]).toBeUndefined();
  });
});

describe("a hostile service", () => {
  it("that answers without an end, or gigabytes, costs no more than its limits", async () => {
    await using service = await serve((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const more = () => {
        while (response.write("[".repeat(65_536)));
        response.once("drain", more);
      };
      more();
    });
    const result = await fuzzWith(service.origin, {
      openapi: described("/health"),
      limits: { requests: 60 },
    });
    expect(result.requests).toBeGreaterThan(30);
  });

  it("that answers with deep JSON, control characters and fake reports is only quoted", async () => {
    await using service = await serve((_request, response) => {
      response.writeHead(500, { "content-type": "application/json" });
      response.end(`\u001b[2J${"[".repeat(30_000)}{"runs":[]}\u202eError: \u0000`);
    });
    const { findings } = await fuzzWith(service.origin, {
      openapi: described("/health"),
      limits: { requests: 80 },
    });
    expect(findings.length).toBeGreaterThan(0);
    for (const { bucket } of findings)
      expect(printable(bucket.signature, 2_000)).toBe(bucket.signature);
  });

  it("that resets every connection is said to, once", async () => {
    await using service = await serve((request) => request.socket.destroy());
    const { findings, hollow } = await fuzzWith(service.origin, {
      openapi: described("/health"),
      skip: ["transport"],
    });
    expect(hollow).toMatch(/nothing answers/);
    expect(findings.filter(({ rule }) => rule === "no-answer").length).toBeLessThan(6);
  });
});
