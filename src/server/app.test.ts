import { request as httpRequest } from "node:http";
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeServer, startFakeServer } from "../../test/fixtures/fake-server.ts";
import { TidelockError } from "../model/errors.ts";
import { routes } from "../api/routes.ts";
import { errorAnswer } from "./errors.ts";
import type { LogLine } from "./log.ts";

/** Every value under a key `schema`, wherever it stands. */
function schemasOf(node: unknown): unknown[] {
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === "schema" ? [value] : schemasOf(value),
  );
}

let server: FakeServer;
const logged: { level: string; event: string; line: LogLine | undefined }[] = [];
const log = {
  info: (event: string, line?: LogLine) => void logged.push({ level: "info", event, line }),
  warn: (event: string, line?: LogLine) => void logged.push({ level: "warn", event, line }),
  error: (event: string, line?: LogLine) => void logged.push({ level: "error", event, line }),
};

beforeEach(async () => {
  logged.length = 0;
  server = await startFakeServer({ log, blobLimitBytes: 1000 });
});
afterEach(() => server.close());

const bearer = () => ({ authorization: `Bearer ${server.token}` });
const get = (path: string, headers: Record<string, string> = bearer()) =>
  fetch(server.url + path, { headers });

/** `fetch` sets Host by itself: this asks with any headers at all. */
function raw(
  path: string,
  headers: Record<string, string>,
  method = "GET",
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: "127.0.0.1", port: server.port, path, method, headers },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    request.on("error", reject).end();
  });
}

describe("who may ask", () => {
  it("answers /healthz and /readyz without a token, and says when a part is missing", async () => {
    expect(await (await get("/healthz", {})).json()).toEqual({ alive: true });
    expect((await get("/readyz", {})).status).toBe(200);
    server.controlPlane.healthy = false;
    const response = await get("/readyz", {});
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ ready: false, database: false, agent: false });
  });

  it("refuses every route of the table without a token, with a hint where it lies", async () => {
    for (const route of Object.values(routes)) {
      // What one signs in by is open to whoever is not signed in.
      if ("public" in route) continue;
      const path = route.path.replaceAll(/:[a-z]+/g, "x");
      const response = await fetch(server.url + path, { method: route.method });
      expect([route.path, response.status]).toEqual([route.path, 401]);
    }
    const response = await get("/api/v1/status", {});
    expect(response.headers.get("www-authenticate")).toContain("Bearer");
    expect(await response.json()).toMatchObject({
      error: { code: "unauthenticated", hint: expect.stringContaining("server/token") },
    });
    expect(server.controlPlane.calls).toEqual([]);
  });

  it("refuses a wrong token, a prefix of the right one and another scheme", async () => {
    for (const value of ["Bearer wrong", `Bearer ${server.token.slice(0, -1)}`, server.token, ""]) {
      expect((await get("/api/v1/status", { authorization: value })).status).toBe(401);
    }
    expect((await get("/api/v1/status")).status).toBe(200);
  });
});

describe("DNS rebinding and other sites", () => {
  it("answers only to loopback names, whatever else resolves to it", async () => {
    const ask = async (host: string) => (await raw("/api/v1/status", { ...bearer(), host })).status;
    expect(await ask(`localhost:${server.port}`)).toBe(200);
    expect(await ask(`127.0.0.1:${server.port}`)).toBe(200);
    expect(await ask(`[::1]:${server.port}`)).toBe(200);
    expect(await ask(`LOCALHOST:${server.port}`)).toBe(200);
    for (const host of [
      `evil.example:${server.port}`,
      "localhost.evil.example",
      "127.0.0.1.nip.io",
      "localhost@evil.example",
      "0.0.0.0",
    ]) {
      expect([host, await ask(host)]).toEqual([host, 403]);
    }
  });

  it("keeps the page and /healthz from foreign names as well", async () => {
    expect((await raw("/", { host: "evil.example" })).status).toBe(403);
    expect((await raw("/healthz", { host: "evil.example" })).status).toBe(403);
  });

  it("answers to a configured name", async () => {
    const named = await startFakeServer({ hostNames: ["tidelock.internal"] });
    const own = server;
    server = named;
    try {
      expect((await raw("/healthz", { host: "tidelock.internal:80" })).status).toBe(200);
    } finally {
      server = own;
      await named.close();
    }
  });

  it("refuses requests that a page of another origin sends", async () => {
    const ask = async (headers: Record<string, string>) =>
      (await raw("/api/v1/status", { ...bearer(), host: `localhost:${server.port}`, ...headers }))
        .status;
    expect(await ask({ origin: `http://localhost:${server.port}` })).toBe(200);
    expect(await ask({ origin: "http://localhost:1" })).toBe(403);
    expect(await ask({ origin: "https://evil.example" })).toBe(403);
    expect(await ask({ origin: "null" })).toBe(403);
    expect(await ask({ "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await ask({ "sec-fetch-site": "same-origin" })).toBe(200);
  });
});

describe("input and errors", () => {
  const post = (path: string, body: string, type = "application/json") =>
    fetch(server.url + path, {
      method: "POST",
      body,
      headers: { ...bearer(), "content-type": type },
    });

  it("names the field that does not fit", async () => {
    const response = await post(
      "/api/v1/plans",
      JSON.stringify({ service: "Shop!", release: "1" }),
    );
    expect(response.status).toBe(400);
    const view = (await response.json()) as { error: { problems: { where: string }[] } };
    expect(view.error).toMatchObject({ code: "invalid-input" });
    expect(view.error.problems.map((problem) => problem.where)).toEqual([
      "body.service",
      "body.environment",
    ]);
  });

  it("refuses broken JSON, other media types, huge bodies and prototype pollution as mistakes of the caller", async () => {
    expect((await post("/api/v1/plans", "{")).status).toBe(400);
    expect((await post("/api/v1/plans", "a=b", "text/plain")).status).toBe(415);
    expect((await post("/api/v1/plans", `"${"x".repeat(9_000_000)}"`)).status).toBe(413);
    expect((await post("/api/v1/plans", '{"__proto__": {"x": 1}}')).status).toBe(400);
    expect((await get("/api/v1/services/shop/releases/%zz")).status).toBe(400);
  });

  it("maps error codes to statuses and keeps where, hint and problems", async () => {
    const missing = await get("/api/v1/services/shop/releases/9.9.9");
    expect(missing.status).toBe(404);
    expect(await missing.json()).toEqual({
      error: {
        code: "not-found",
        message: "there is no release shop@9.9.9",
        hint: "tidelock release list",
      },
    });
    const broken = await post(
      "/api/v1/pipelines",
      JSON.stringify({ file: "t.yaml", text: "broken" }),
    );
    expect(broken.status).toBe(400);
    expect(
      ((await broken.json()) as { error: { problems: unknown[] } }).error.problems,
    ).toHaveLength(2);
    server.controlPlane.explode = new TidelockError("disk-full", "no space on /var");
    expect((await get("/api/v1/status")).status).toBe(507);
  });

  it("shows an unknown error as an id only, and logs it under that id", async () => {
    server.controlPlane.explode = new Error("connect postgres://tidelock:hunter2@db failed");
    const response = await get("/api/v1/status");
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toContain("hunter2");
    expect(text).not.toContain("at ");
    const id = /error ([0-9a-f]{12})/.exec(text)?.[1];
    expect(logged.find((entry) => entry.line?.["errorId"] === id)?.level).toBe("error");
  });

  it("answers 500 with an id when the control plane hands back what its schema does not know", async () => {
    server.controlPlane.lanes = [{ service: "NOT A NAME" } as never];
    const response = await get("/api/v1/status");
    expect(response.status).toBe(500);
    expect(await response.text()).toContain("internal");
  });

  it("logs calls by their pattern: no token, no secret's name, no query", async () => {
    await fetch(`${server.url}/api/v1/secrets/shop/production/DB_PASSWORD`, {
      method: "PUT",
      body: JSON.stringify({ value: "hunter2" }),
      headers: { ...bearer(), "content-type": "application/json" },
    });
    await get("/api/v1/status?service=shop");
    const text = JSON.stringify(logged);
    expect(text).toContain("/api/v1/secrets/:service/:environment/:name");
    for (const secret of ["hunter2", "DB_PASSWORD", server.token, "service=shop"]) {
      expect(text).not.toContain(secret);
    }
  });

  it("sends the security headers with every kind of answer", async () => {
    for (const path of ["/api/v1/status", "/api/v1/nothing", "/", "/healthz"]) {
      const { headers } = await get(path);
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("cache-control")).toBe("no-store");
    }
  });
});

describe("blobs", () => {
  const digestOfText = (text: string) =>
    `sha256:${createHash("sha256").update(text).digest("hex")}`;
  const put = (digest: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/api/v1/blobs/${digest}`, {
      method: "PUT",
      body,
      headers: { ...bearer(), "content-type": "application/octet-stream", ...headers },
    });

  it("keeps bytes under their digest and says whether they are there", async () => {
    const digest = digestOfText("hello");
    const has = () =>
      fetch(`${server.url}/api/v1/blobs/${digest}`, { method: "HEAD", headers: bearer() });
    expect((await has()).status).toBe(404);
    const response = await put(digest, "hello");
    expect([response.status, await response.json()]).toEqual([201, { digest, size: 5 }]);
    expect((await has()).status).toBe(200);
  });

  it("refuses other bytes, too many bytes, no digest and no token", async () => {
    expect((await put(digestOfText("hello"), "hellO")).status).toBe(422);
    const large = await put(digestOfText("x".repeat(2000)), "x".repeat(2000));
    expect(large.status).toBe(400);
    expect(await large.text()).toContain("larger than this server takes (1000 bytes)");
    expect((await put("sha256:..%2f..%2fetc", "x")).status).toBe(400);
    expect((await put(digestOfText("a"), "a", { authorization: "" })).status).toBe(401);
    expect(server.content.blobs.size).toBe(0);
  });

  it("refuses a stream that only shows its size while it runs", async () => {
    async function* endless() {
      for (let index = 0; index < 50; index += 1) yield Buffer.alloc(100);
    }
    const response = await fetch(`${server.url}/api/v1/blobs/${digestOfText("x")}`, {
      method: "PUT",
      body: ReadableStream.from(endless()),
      duplex: "half",
      headers: { ...bearer(), "content-type": "application/octet-stream" },
    } as RequestInit).catch((error: unknown) => error);
    // The refusal may reach the client as an answer or, while it still sends, as a closed line.
    if (response instanceof Response) expect(response.status).toBe(400);
    else expect(response).toBeInstanceOf(TypeError);
    expect(server.content.blobs.size).toBe(0);
  });
});

describe("text that no database holds", () => {
  it("is the caller's mistake, not ours", () => {
    const refused = Object.assign(new Error("invalid byte sequence"), { code: "22021" });
    expect(errorAnswer(refused, log)).toMatchObject({
      status: 400,
      view: { error: { code: "invalid-input" } },
    });
    expect(logged).toEqual([]);
  });
});

describe("a database that is away", () => {
  it.each([
    Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", syscall: "connect" }),
    Object.assign(new Error("the database system is starting up"), { code: "57P03" }),
    new Error("Connection terminated unexpectedly"),
  ])("is told as such, to be tried again: %s", (away) => {
    expect(errorAnswer(away, log)).toMatchObject({
      status: 503,
      view: { error: { code: "unavailable" } },
    });
    expect(logged).toEqual([]);
  });
});

describe("uploads that break off", () => {
  it("are refused whole, and the server goes on", async () => {
    let refused: unknown = null;
    const put = server.content.put.bind(server.content);
    server.content.put = (source, expected) =>
      put(source, expected).catch((error: unknown) => {
        refused = error;
        throw error;
      });
    const socket = connect(server.port, "127.0.0.1");
    const digest = `sha256:${"a".repeat(64)}`;
    socket.write(
      `PUT /api/v1/blobs/${digest} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${server.token}\r\n` +
        "Content-Type: application/octet-stream\r\nContent-Length: 900\r\n\r\nhalf of it",
    );
    await new Promise((done) => setTimeout(done, 100));
    socket.destroy();
    await expect
      .poll(() => refused)
      .toMatchObject({ code: "unavailable", message: "the upload broke off after 10 bytes" });
    expect(server.content.blobs.size).toBe(0);
    expect((await get("/healthz")).status).toBe(200);
  });

  it("are refused when they end before the store has begun to read", async () => {
    let refused: unknown = null;
    const put = server.content.put.bind(server.content);
    server.content.put = async (source, expected) => {
      await new Promise((done) => source.once("close", done));
      return put(source, expected).catch((error: unknown) => {
        refused = error;
        throw error;
      });
    };
    const socket = connect(server.port, "127.0.0.1");
    socket.write(
      `PUT /api/v1/blobs/sha256:${"a".repeat(64)} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${server.token}\r\n` +
        "Content-Type: application/octet-stream\r\nContent-Length: 900\r\n\r\nhalf of it",
    );
    await new Promise((done) => setTimeout(done, 100));
    socket.destroy();
    await expect.poll(() => refused).toMatchObject({ code: "unavailable" });
    expect((await get("/healthz")).status).toBe(200);
  });
});

describe("the description", () => {
  it("is OpenAPI 3.1 and holds every call of the table with its schemas", async () => {
    const document = (await (await get("/api/v1/openapi.json")).json()) as {
      openapi: string;
      paths: Record<string, Record<string, { operationId: string; responses: object }>>;
    };
    expect(document.openapi).toBe("3.1.0");
    for (const [name, route] of Object.entries(routes)) {
      const path = route.path.replaceAll(/:([a-z]+)/g, "{$1}");
      const call = document.paths[path]?.[route.method.toLowerCase()];
      expect([name, call?.operationId]).toEqual([name, name]);
      expect(Object.keys(call?.responses ?? {})).toContain("200");
    }
    expect(document.paths["/api/v1/blobs/{digest}"]).toHaveProperty("put");
    expect(Object.keys(document.paths)).not.toContain("/healthz");
    // Every schema in it is one (JSON Schema 2020-12, OpenAPI 3.1 4.8.24).
    const schemas = schemasOf(document.paths);
    expect(schemas.length).toBeGreaterThan(60);
    // One for all: each would compile the meta-schema again.
    const ajv = new Ajv2020({ strict: false, formats: { "date-time": true, uri: true } });
    for (const schema of schemas) {
      expect(ajv.validateSchema(schema as object), JSON.stringify(ajv.errors)).toBe(true);
      expect(() => ajv.compile(schema as object)).not.toThrow();
    }
    // Every reference resolves inside the document.
    for (const [, reference] of JSON.stringify(document).matchAll(/"\$ref":"(.*?)"/g)) {
      const found = (reference ?? "")
        .slice(2)
        .split("/")
        .reduce<unknown>(
          (node, key) => (node as Record<string, unknown> | undefined)?.[key],
          document,
        );
      expect([reference, found === undefined]).toEqual([reference, false]);
    }
  });
});

describe("stopping", () => {
  it("answers first, then stops", async () => {
    const response = await fetch(`${server.url}/api/v1/server/stop`, {
      method: "POST",
      headers: bearer(),
    });
    expect(response.status).toBe(200);
    await expect.poll(() => server.stops).toEqual(["asked to stop"]);
  });
});
