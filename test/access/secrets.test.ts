import { Writable } from "node:stream";
import { sql } from "kysely";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { buildApp } from "../../src/server/app.ts";
import { jsonLog } from "../../src/server/log.ts";
import { defaultLimits } from "../../src/server/limits/limits.ts";
import { makeSessionToken, makeToken } from "../../src/model/token.ts";
import { MemoryContentStore } from "../fixtures/memory-content-store.ts";
import { AccessLab } from "../support/access-lab.ts";

/** Every route is asked with secrets where they may stand, rightly or by mistake; then all that is kept is searched. */

let lab: AccessLab;
let app: FastifyInstance;
let logged = "";
let printed = "";
const answers: string[] = [];
const quick = { perSecond: 1_000_000, burst: 1_000_000 };

/** Tokens that are well formed and nobody's: those are looked up, and not found. */
const stolen = makeToken();
const session = makeSessionToken();
const secrets = {
  token: stolen,
  session,
  cookie: "MARKcookie0123456789",
  query: "MARKquery0123456789",
  body: "MARKbody0123456789",
  header: "MARKheader0123456789",
  path: "MARKpath0123456789",
};

beforeAll(async () => {
  lab = await AccessLab.create();
  await lab.worker.engine.log.open("1.0.0");
  const out = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logged += chunk.toString();
      done();
    },
  });
  vi.spyOn(process.stderr, "write").mockImplementation((chunk) => {
    printed += String(chunk);
    return true;
  });
  app = await buildApp({
    controlPlane: lab.worker.controlPlane,
    content: new MemoryContentStore(),
    identity: { version: "0", dataDir: "/", database: "embedded", startedAt: "", url: "" },
    token: lab.bootstrap,
    hostNames: [],
    files: null,
    log: jsonLog(out),
    stop: () => undefined,
    heartbeatMs: 50,
    limits: { ...defaultLimits, calls: quick, expensive: quick, open: quick, strangers: quick },
  });
  await app.ready();
}, 60_000);
afterAll(async () => {
  vi.restoreAllMocks();
  await app.close();
  await lab.close();
});

type Method = "GET" | "POST" | "PUT" | "DELETE" | "HEAD";

async function ask(
  method: Method,
  url: string,
  headers: Readonly<Record<string, string>>,
  payload?: string,
): Promise<void> {
  const kept = { host: "localhost", "x-api-key": secrets.header, ...headers };
  const body = payload === undefined ? {} : { payload };
  const type = payload === undefined ? {} : { "content-type": "application/json" };
  const answer = await app.inject({ method, url, headers: { ...type, ...kept }, ...body });
  answers.push(answer.body);
}

/** Every table of the database as text, one after another. */
async function database(): Promise<Map<string, string>> {
  const { db } = lab.worker.engine;
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = current_schema() and table_type = 'BASE TABLE'
  `.execute(db);
  const tables = new Map<string, string>();
  for (const { name } of rows) {
    const { rows: all } = await sql<{ text: string | null }>`
      select string_agg(t::text, E'\n') as text from ${sql.table(name)} t
    `.execute(db);
    tables.set(name, all[0]?.text ?? "");
  }
  return tables;
}

async function found(what: Readonly<Record<string, string>>): Promise<string[]> {
  const places = new Map([...(await database()), ["the log", logged], ["stderr", printed], ["an answer", answers.join("\n")]]); // prettier-ignore
  return Object.entries(what).flatMap(([kind, secret]) =>
    [...places].flatMap(([place, text]) => (text.includes(secret) ? [`${kind} in ${place}`] : [])),
  );
}

describe("secrets that are sent", () => {
  it("by strangers, in whatever place of whatever call, are kept nowhere and shown to nobody", async () => {
    const garbage = JSON.stringify({ token: secrets.body, password: secrets.body, value: secrets.body }); // prettier-ignore
    for (const { method, url } of lab.routes) {
      const path = url.replaceAll(/:[a-zA-Z]+|\*/g, secrets.path);
      const query = `token=${secrets.query}&access_token=${secrets.query}`;
      for (const headers of [
        { authorization: `Bearer ${stolen}` },
        { authorization: `Bearer ${session}` },
        { authorization: `Basic ${Buffer.from(`x:${secrets.header}`).toString("base64")}` },
        { cookie: `tidelock=${session}; other=${secrets.cookie}` },
      ]) {
        const sent = method === "POST" || method === "PUT" ? garbage : undefined;
        await ask(method as Method, `${path}?${query}`, headers, sent);
      }
    }
    // What is refused before it is known which call is meant.
    await ask("GET", `/%zz${secrets.path}?${secrets.query}`, {});
    await ask("GET", `/nowhere/${secrets.path}`, { accept: "application/json" });
    await ask("GET", `/api/v1/status?${secrets.query}`, { host: "evil.example" });
    await app.close();
    const { path: _shown, ...others } = secrets;
    expect(logged).toContain('"event":"request"');
    expect(await found(others)).toEqual([]);
    // Where it was asked for, an answer may say what there is not; nothing of ours does.
    const kept = await found({ path: secrets.path });
    expect(kept.filter((place) => !place.endsWith("an answer"))).toEqual([]);
  }, 120_000);
});
