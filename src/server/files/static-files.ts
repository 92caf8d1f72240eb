import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import type { FastifyInstance } from "fastify";
import { TidelockError } from "../../model/errors.ts";
import { pageHeaders } from "../security-headers.ts";

/** The dashboard: address to bytes, read once at start. What is not in the map does not exist. */
export type StaticFiles = ReadonlyMap<string, StaticFile>;

interface StaticFile {
  readonly bytes: Buffer;
  readonly type: string;
  /** Built files with a hash in their name never change. */
  readonly immutable: boolean;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

/** Reads the folder whole (regular files of known types only); null when it is not there or has no index.html. */
export function readStaticFiles(folder: string): StaticFiles | null {
  const files = new Map<string, StaticFile>();
  const entries = statSync(join(folder, "index.html"), { throwIfNoEntry: false })?.isFile()
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
    : [];
  for (const entry of entries) {
    const type = types[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const address = path.slice(folder.length).replaceAll("\\", "/");
    files.set(address.startsWith("/") ? address : `/${address}`, {
      bytes: readFileSync(path),
      type,
      immutable:
        /[.-][A-Za-z0-9_-]{8,}\.[a-z0-9]+$/.test(entry.name) && address.includes("assets/"),
    });
  }
  return files.size === 0 ? null : files;
}

/**
 * Answers everything outside the API: a file of the map by its exact address, `index.html` for a page
 * address that a person opens, else 404. No path ever reaches the file system.
 */
export function registerStaticFiles(app: FastifyInstance, files: StaticFiles | null): void {
  const index = files?.get("/index.html");
  app.setNotFoundHandler(async (request, reply) => {
    const path = request.url.split("?", 1)[0] ?? "/";
    const readable = request.method === "GET" || request.method === "HEAD";
    if (path.startsWith("/api/") || !readable) {
      throw new TidelockError("not-found", `there is no ${request.method} ${path.slice(0, 200)}`, {
        fault: "operator",
        hint: "GET /api/v1/openapi.json lists every call",
      });
    }
    const page = path === "/" || (request.headers.accept ?? "").includes("text/html");
    const file = files?.get(path) ?? (page ? index : undefined);
    if (file !== undefined) {
      reply.headers(pageHeaders);
      if (file.immutable) reply.header("cache-control", "public, max-age=31536000, immutable");
      return reply.type(file.type).send(request.method === "HEAD" ? "" : file.bytes);
    }
    if (page && files === null) {
      return reply
        .type("text/plain; charset=utf-8")
        .send(
          "Tidelock is running. The dashboard was not built (in a clone: `npm run build`, then start the server again); the API is at /api/v1.\n",
        );
    }
    throw new TidelockError("not-found", "there is no such page", { fault: "operator" });
  });
}
