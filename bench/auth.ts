import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { CompiledQuery } from "kysely";
import Fastify, { type FastifyInstance } from "fastify";
import { openSession } from "../src/engine/access/sign-in/sessions.ts";
import { makeToken, tokenDigest } from "../src/model/token.ts";
import { prepared } from "../src/store/prepared.ts";
import { stopEmbedded } from "../src/store/embedded/embedded-postgres.ts";
import { migrate } from "../src/store/migrate.ts";
import { meetPerson } from "../src/store/queries/people.ts";
import { removeSessions } from "../src/store/queries/sessions.ts";
import { addAssignment, addToken, removeToken } from "../src/store/queries/tokens.ts";
import { guardedApp, openStore, sessionEngine, type Store } from "./lib/auth-app.ts";
import { type BenchResult, median, quantile, round } from "./lib/report.ts";

const goalMs = 0.3;

/** What somebody brings to a call. */
type Headers = Readonly<Record<string, string>>;

/** One that is ended while servers remember it. */
interface Spare {
  readonly headers: (url: string) => Headers;
  readonly end: () => Promise<unknown>;
}

/**
 * What authentication and authorisation cost a request: over HTTP on loopback, one at a time, a bare route and the same
 * one behind a person's token, and behind a session, with five roles among many, in turns. Then tokens and sessions are
 * ended, and the next request at each of three server processes has to be refused; that is tried again and again.
 *
 * Arguments: requests (default 10,000), tokens (default 1,000), of each kind ended (default 50).
 */
export async function authBench(argv: readonly string[]): Promise<BenchResult> {
  const [requests = 10_000, tokens = 1_000, ended = 50] = argv.map(Number);
  const folder = mkdtempSync("/var/tmp/tidelock-bench-auth-");
  chmodSync(folder, 0o755);
  const mine = await openStore(folder);
  await migrate(mine.pool, { programVersion: "0.0.0" });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const apps: FastifyInstance[] = [];
  const others: ChildProcess[] = [];
  try {
    const { token, session, spare } = await fill(mine, tokens, ended);
    const listen = async (app: FastifyInstance) => {
      apps.push(app);
      return app.listen({ port: 0, host: "127.0.0.1" });
    };
    const guarded = await listen(guardedApp(mine));
    const bare = await listen(bareApp());
    const calls = {
      bare: { url: bare, headers: bearer(token) },
      roundTrip: { url: await listen(roundTripApp(mine)), headers: bearer(token) },
      token: { url: guarded, headers: bearer(token) },
      session: { url: guarded, headers: cookie(guarded, session) },
    } as const;
    const times = { bare: [] as number[], roundTrip: [] as number[], token: [] as number[], session: [] as number[] }; // prettier-ignore
    const names = Object.keys(times) as (keyof typeof times)[];
    for (let count = 0; count < requests + 500; count += 1) {
      for (const name of names) {
        const { url, headers } = calls[name];
        const before = performance.now();
        const status = await ask(agent, url, headers);
        const took = performance.now() - before;
        if (status !== 200) throw new Error(`${name} answered ${status}`);
        if (count >= 500) times[name].push(took);
      }
    }
    const servers = [guarded, await otherProcess(folder, others), await otherProcess(folder, others)]; // prettier-ignore
    const late = await endAndAsk(agent, spare, servers);
    const over = (name: keyof typeof times) => ({
      median: round(median(times[name]) - median(times.bare), 3),
      p99: round(quantile(times[name], 0.99) - quantile(times.bare, 0.99), 3),
    });
    const figures = {
      tokenMs: over("token"),
      sessionMs: over("session"),
      roundTripMs: over("roundTrip"),
      bareMs: { median: round(median(times.bare), 3), p99: round(quantile(times.bare, 0.99), 3) },
      requests,
      tokens,
      ended: spare.length,
      processes: servers.length,
      acceptedAfterEnd: late,
    };
    const line = (what: string, { median: middle, p99 }: { median: number; p99: number }, goal: string) => [what, `${middle} / ${p99} ms`, goal]; // prettier-ignore
    return {
      figures,
      table: [
        ["auth", "median / p99", "goal"],
        line("a bare route", figures.bareMs, ""),
        line("limit: `select 1`, on top", figures.roundTripMs, ""),
        line("a token, and whether it may, on top", figures.tokenMs, `< ${goalMs} ms`),
        line("a session, and whether it may, on top", figures.sessionMs, `< ${goalMs} ms`),
        ["accepted after it was ended, by any process", `${late} of ${servers.length * spare.length}`, "0"], // prettier-ignore
      ],
      notes: [
        "one request at a time over one connection on loopback; client, servers and PostgreSQL share the machine",
        "the difference of the same quantile of both routes, asked in turns",
        `${ended} tokens and ${ended} sessions ended, each asked at ${servers.length} processes before and at once after`,
      ],
      ok: late === 0,
    };
  } finally {
    agent.destroy();
    for (const child of others) {
      const gone = once(child, "exit");
      child.stdin?.end();
      await gone;
    }
    for (const app of apps) await app.close();
    await mine.close();
    await stopEmbedded(folder, { evenIfUsed: true });
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });
/** On loopback the cookie's name carries the port. */
const cookie = (url: string, secret: string): Headers => ({
  cookie: `tidelock-${new URL(url).port}=${secret}`,
});

/** The address of one more server, in a process of its own with a pool of its own. */
async function otherProcess(folder: string, started: ChildProcess[]): Promise<string> {
  const file = new URL("./lib/auth-server.ts", import.meta.url).pathname;
  const argv = ["--disable-warning=ExperimentalWarning", file, folder];
  const child = spawn(process.execPath, argv, { stdio: ["pipe", "pipe", "inherit"] });
  started.push(child);
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return line;
}

function bareApp(): FastifyInstance {
  const app = Fastify();
  app.get("/lanes/:service/:environment", async () => ({ ok: true }));
  return app;
}

/** What asking the database anything costs at the least: no answer of another process is older than the request. */
function roundTripApp({ db }: Store): FastifyInstance {
  const app = Fastify();
  const nothing = prepared("select 1");
  app.get("/lanes/:service/:environment", async () => {
    await db.executeQuery(CompiledQuery.raw(nothing, []));
    return { ok: true };
  });
  return app;
}

/** One person with five roles, as many tokens as are wished, and what will be ended. */
async function fill(store: Store, tokens: number, ended: number) {
  const { db } = store;
  const roles = ["developer", "tester", "qa", "security", "sre"];
  return db.transaction().execute(async (tx) => {
    const { pseudonym: person } = await meetPerson(tx, "maria@shop.example");
    for (const role of roles) {
      const scope = { service: "shop", environment: role === "sre" ? "production" : "testing" };
      await addAssignment(tx, { id: `r${role}`, person, token: null, role, ...scope }, "operator");
    }
    const all: string[] = [];
    for (let count = 0; count < tokens + ended; count += 1) {
      const token = makeToken();
      all.push(token);
      const anywhere = { role: null, service: null, environment: null };
      const row = { id: `t${count}`, name: "bench", digest: tokenDigest(token), person, ...anywhere, lastsMs: 3_600_000 }; // prettier-ignore
      await addToken(tx, row, "operator");
    }
    const open = (of: string) =>
      openSession(
        sessionEngine(store),
        tx,
        { person: of, methods: ["password", "totp"] },
        { place: "127.0.0.0/24", program: "bench" },
      );
    const { secret } = await open(person);
    const spare: Spare[] = [];
    for (const [index, token] of all.slice(tokens).entries()) {
      const id = `t${tokens + index}`;
      spare.push({
        headers: () => bearer(token),
        end: () => db.transaction().execute((end) => removeToken(end, id, "operator")),
      });
      // Nobody has more than fifty sessions at once.
      const { pseudonym: other } = await meetPerson(
        tx,
        `of-${Math.floor(index / 40)}@shop.example`,
      );
      const scope = { service: "shop", environment: "production" };
      await addAssignment(tx, { id: `o${index}`, person: other, token: null, role: "sre", ...scope }, "operator"); // prettier-ignore
      const session = await open(other);
      spare.push({
        headers: (url) => cookie(url, session.secret),
        end: () =>
          db
            .transaction()
            .execute((end) => removeSessions(end, { person: other, id: session.id }, other)),
      });
    }
    return { token: all[0] ?? "", session: secret, spare };
  });
}

/** How often a process took what had been ended before it was asked. */
async function endAndAsk(
  agent: Agent,
  spare: readonly Spare[],
  servers: readonly string[],
): Promise<number> {
  let late = 0;
  for (const { headers, end } of spare) {
    for (const url of servers) {
      if ((await ask(agent, url, headers(url))) !== 200) throw new Error("refused too early");
    }
    await end();
    for (const url of servers) if ((await ask(agent, url, headers(url))) === 200) late += 1;
  }
  return late;
}

function ask(agent: Agent, url: string, headers: Headers): Promise<number> {
  return new Promise((resolve, reject) => {
    request(`${url}/lanes/shop/production`, { agent, headers }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    })
      .on("error", reject)
      .end();
  });
}
