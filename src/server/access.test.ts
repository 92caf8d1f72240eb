import Fastify from "fastify";
import { describe, expect, it } from "vitest";
import { routes } from "../api/routes.ts";
import { FakeControlPlane } from "../../test/fixtures/fake-control-plane.ts";
import { MemoryContentStore } from "../../test/fixtures/memory-content-store.ts";
import { type Access, anywhere, isPermission } from "../model/permissions.ts";
import { registerAccess } from "./access.ts";
import { buildApp } from "./app.ts";
import { silentLog } from "./log.ts";
import { bootstrap } from "./sign-in/token-check.ts";

/** Every route that the server really has, as Fastify tells it. */
async function realRoutes(): Promise<readonly { name: string; access: Access | undefined }[]> {
  const seen: { name: string; access: Access | undefined }[] = [];
  const app = await buildApp({
    controlPlane: new FakeControlPlane(),
    content: new MemoryContentStore(),
    identity: { version: "0", dataDir: "/", database: "embedded", startedAt: "", url: "" },
    token: "t".repeat(43),
    hostNames: [],
    files: null,
    log: silentLog,
    stop: () => undefined,
    onRoute: ({ method, url, config }) =>
      void seen.push({ name: `${String(method)} ${url}`, access: config?.access }),
  });
  await app.ready();
  await app.close();
  return seen;
}

describe("what every route declares", () => {
  it("is a permission of the catalogue, or why it is open to everybody", async () => {
    const all = await realRoutes();
    expect(all.length).toBeGreaterThan(Object.keys(routes).length);
    for (const { name, access } of all) {
      const declared =
        access !== undefined &&
        ("permission" in access
          ? isPermission(access.permission)
          : ("own" in access ? access.own : access.public) !== "");
      expect([name, declared]).toEqual([name, true]);
    }
  });

  it("opens exactly these to everybody", async () => {
    const open = (await realRoutes()).filter(({ access }) => access && "public" in access);
    expect(open.map(({ name }) => name).sort()).toEqual([
      "GET /api/v1/sign-in/oidc/:provider",
      "GET /api/v1/sign-in/oidc/:provider/return",
      "GET /api/v1/sign-in/providers",
      "GET /healthz",
      "GET /ledger/checkpoint",
      "GET /ledger/tile/*",
      "GET /readyz",
      "POST /api/v1/logins",
      "POST /api/v1/logins/poll",
      "POST /api/v1/sign-in",
      "POST /api/v1/sign-in/oidc/:provider/logout",
      "POST /api/v1/sign-in/passkey",
      "POST /api/v1/sign-in/passkey/challenges",
      "POST /api/v1/welcome",
      "POST /api/v1/welcome/show",
      "POST /api/v1/workload/token",
    ]);
  });

  it("names fields that the route's schemas have", () => {
    for (const [name, route] of Object.entries(routes)) {
      if (!("resource" in route)) continue;
      const { resource } = route;
      const paths =
        resource.kind === "at"
          ? [resource.service, resource.environment]
          : resource.kind === "found"
            ? [resource.by]
            : [];
      for (const path of paths) {
        if (path === "any" || path === "all") continue;
        const [part = "", ...rest] = path.split(".");
        let schema: unknown = (route as Readonly<Record<string, unknown>>)[part];
        for (const key of rest) {
          schema = (schema as { shape?: Record<string, unknown> } | undefined)?.shape?.[key];
        }
        expect([name, path, schema !== undefined]).toEqual([name, path, true]);
      }
    }
  });

  it("is asked for at the start: a route without it keeps the server from coming up", () => {
    const app = Fastify();
    registerAccess(app, new FakeControlPlane().access, async () => bootstrap);
    expect(() => app.get("/api/v1/forgotten", async () => "")).toThrow(/does not say who may ask/);
    const config = { access: { permission: "no.such" as "server.read", resource: anywhere } };
    expect(() => app.get("/api/v1/misspelt", { config }, async () => "")).toThrow(/does not say/);
  });
});
