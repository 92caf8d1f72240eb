import { createHmac } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { DatabaseSync } from "node:sqlite";

/** A request as a small service sees it. */
export interface Ask {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly json: Record<string, unknown>;
  readonly form: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly cookies: ReadonlyMap<string, string>;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string | string[]>;
  readonly html?: string;
  readonly json?: unknown;
  readonly text?: string;
}

/** A service of a few lines: what it replies, or null for 404. */
export function service(handle: (ask: Ask) => Reply | null | Promise<Reply | null>) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://x");
      const body = Buffer.concat(chunks).toString("utf8");
      const ask: Ask = {
        method: request.method ?? "GET",
        path: url.pathname,
        query: url.searchParams,
        json: parse(body),
        form: new URLSearchParams(body),
        headers: request.headers,
        cookies: cookiesOf(request.headers.cookie ?? ""),
      };
      void Promise.resolve()
        .then(async () => handle(ask))
        .catch(() => ({ status: 500, text: "error" }))
        .then((reply) => answer(response, reply));
    });
  };
}

function answer(response: ServerResponse, reply: Reply | null): void {
  const {
    status = 200,
    headers = {},
    html,
    json,
    text,
  } = reply ?? {
    status: 404,
    text: "no such page",
  };
  const type =
    html !== undefined ? "text/html" : json !== undefined ? "application/json" : "text/plain";
  response.writeHead(status, { "content-type": `${type}; charset=utf-8`, ...safe, ...headers });
  response.end(html ?? (json === undefined ? (text ?? "") : JSON.stringify(json)));
}

const safe = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'self'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
};

function parse(body: string): Record<string, unknown> {
  try {
    return JSON.parse(body) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function cookiesOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(/;\s*/).map((pair) => {
      const [name = "", ...value] = pair.split("=");
      return [name, value.join("=")] as const;
    }),
  );
}

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A table with a few things in it. */
export function shopDatabase(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE item(id INTEGER, name TEXT, price INTEGER)");
  database.exec("INSERT INTO item VALUES (1,'apple',3),(2,'pear',4),(3,'plum',5)");
  return database;
}

/** A JSON Web Token with HMAC-SHA-256. */
export function jwt(claims: object, key: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

export function readJwt(token: string, key: string | null): Record<string, unknown> | null {
  const [head = "", body = "", signature = ""] = token.split(".");
  const text = (part: string) => Buffer.from(part, "base64url").toString("utf8");
  const header = parse(text(head));
  if (key === null && String(header["alg"]).toLowerCase() === "none") return parse(text(body));
  const right = createHmac("sha256", key ?? "a-long-random-key-4f2a9c81d7e0")
    .update(`${head}.${body}`)
    .digest("base64url");
  return header["alg"] === "HS256" && signature === right ? parse(text(body)) : null;
}
