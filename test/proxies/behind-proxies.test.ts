import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { request as secureRequest } from "node:https";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildApp } from "../../src/server/app.ts";
import { listenOn, type Listening } from "../../src/server/listen.ts";
import { silentLog } from "../../src/server/log.ts";
import { trustedProxies } from "../../src/server/network/proxies.ts";
import { MemoryContentStore } from "../fixtures/memory-content-store.ts";
import { makeCertificate } from "../support/certificate.ts";
import { eventually } from "../support/child.ts";
import { EngineBench } from "../support/engine-bench.ts";
import { isRoot, needs, needsTool } from "../support/optional.ts";
import { SoftAuthenticator } from "../support/soft-authenticator.ts";

/**
 * What docs/operations.md says to write into real proxies, tried with them. All of it is on this machine: clients ask from
 * 127.5.5.9, the proxies from 127.0.0.2, which alone is trusted.
 */

const openssl = needsTool("openssl");
const linux = needs(process.platform === "linux", "only Linux has the whole of 127.0.0.0/8");
const proxies = {
  haproxy: { tool: needsTool("haproxy"), start: startHaproxy },
  nginx: { tool: needsTool("nginx"), start: startNginx },
} as const;
const [client, proxy, name] = ["127.5.5.9", "127.0.0.2", "tidelock.example"];
const page = readFileSync(join(import.meta.dirname, "../../docs/operations.md"), "utf8");
const password = "seven grey herons fishing";
const admin = "max@shop.example";

/** The block that stands under `<title>:`. */
function block(title: string): string {
  const [, text] = new RegExp(`\\n${title}:\\n\\n\`\`\`\\n([^]*?)\`\`\`\\n`).exec(page) ?? [];
  if (text === undefined) throw new Error(`docs/operations.md shows no ${title}`);
  return text;
}

let bench: EngineBench;
let server: Listening;
let folder: string;
let first: string;
let events: () => Promise<unknown>;
const running: ChildProcess[] = [];

beforeAll(async () => {
  if (openssl.missing || linux.missing) return;
  folder = mkdtempSync(join(tmpdir(), "tidelock-proxies-"));
  const { certificate, key } = makeCertificate(openssl.path, 30);
  writeFileSync(join(folder, "tls.pem"), certificate + key, { mode: 0o600 });
  bench = await EngineBench.create();
  const { controlPlane, engine } = bench.worker();
  await engine.log.open("1.0.0");
  first = (await controlPlane.accounts.firstLink()) ?? "";
  events = () => controlPlane.people.add({ id: "operator" }, { name: `p${Date.now()}@shop.example`, also: [] }); // prettier-ignore
  const trusted = trustedProxies([proxy]);
  const app = await buildApp({
    controlPlane,
    content: new MemoryContentStore(),
    identity: { version: "0", dataDir: "/", database: "embedded", startedAt: "", url: "" },
    token: "b".repeat(43),
    hostNames: [name],
    files: null,
    log: silentLog,
    stop: () => undefined,
    proxies: trusted,
  });
  server = await listenOn(app, {
    port: 0,
    addresses: [],
    certificate: null,
    proxies: trusted,
    name,
  });
}, 60_000);
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  if (folder === undefined) return;
  await server.close();
  await bench.close();
  rmSync(folder, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function run(program: string, args: readonly string[], port: number): Promise<void> {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  running.push(child);
  let said = "";
  child.stderr?.on("data", (data: Buffer) => (said += data.toString()));
  await eventually(`${program} listens`, () => {
    if (child.exitCode !== null) throw new Error(said);
    return new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
  });
}

async function startHaproxy(program: string): Promise<number> {
  const port = await freePort();
  const shown = block("HAProxy 2.6")
    .replace("bind :443", `bind 127.0.0.1:${port}`)
    .replace("/etc/haproxy/tidelock.pem", join(folder, "tls.pem"))
    .replace("10.0.0.5:7420", `127.0.0.1:${server.port} source ${proxy}`);
  expect(shown).not.toMatch(/10\.0\.0\.5|:443|\/etc/);
  const defaults = "defaults\n  mode http\n  timeout connect 5s\n";
  writeFileSync(join(folder, "haproxy.cfg"), `${defaults}${shown}`);
  await run(program, ["-db", "-f", join(folder, "haproxy.cfg")], port);
  return port;
}

async function startNginx(program: string): Promise<number> {
  const port = await freePort();
  const shown = block("nginx")
    .replace("http://10.0.0.5:7420;", `http://127.0.0.1:${server.port};\n  proxy_bind ${proxy};`)
    .replaceAll(/^/gm, "    ");
  const kept = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  for (const one of kept) mkdirSync(join(folder, one));
  const own = kept.map((one) => `  ${one}_temp_path ${join(folder, one)};`).join("\n");
  const file = join(folder, "nginx.conf");
  writeFileSync(
    file,
    `${isRoot ? "user root;\n" : ""}daemon off;\npid ${join(folder, "nginx.pid")};\nerror_log stderr;
events {}
http {
  access_log off;
${own}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${join(folder, "tls.pem")};
    ssl_certificate_key ${join(folder, "tls.pem")};
${shown}
  }
}
`,
  );
  await run(program, ["-c", file, "-p", folder], port);
  return port;
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly text: string;
  readonly cookies: readonly string[];
}

/** Somebody elsewhere, who asks through a proxy, or the server itself. */
class Visitor {
  cookie = "";
  readonly #port: number;
  readonly #direct: boolean;

  constructor(port: number, direct = false) {
    this.#port = port;
    this.#direct = direct;
  }

  open(method: string, path: string, headers: Record<string, string>) {
    const scheme = this.#direct ? "http" : "https";
    return (this.#direct ? request : secureRequest)({
      host: "127.0.0.1",
      port: this.#port,
      localAddress: client,
      rejectUnauthorized: false,
      method,
      path,
      headers: {
        host: name,
        origin: `${scheme}://${name}`,
        "sec-fetch-site": "same-origin",
        "x-tidelock": "1",
        ...(this.cookie === "" ? {} : { cookie: this.cookie }),
        ...headers,
      },
    });
  }

  ask(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
    return new Promise<Answer>((resolve, reject) => {
      const json = body === undefined ? {} : { "content-type": "application/json" };
      const asked = this.open(method, path, { ...json, ...headers });
      asked.once("error", reject).once("response", (answer) => {
        let text = "";
        answer.on("data", (data: Buffer) => (text += data.toString()));
        answer.once("end", () => {
          const cookies = answer.headers["set-cookie"] ?? [];
          const given = cookies.map((one) => one.split(";")[0] ?? "");
          if (given.length > 0) this.cookie = [this.cookie, ...given].filter(Boolean).join("; ");
          const read = (): Record<string, unknown> => {
            try {
              return JSON.parse(text) as Record<string, unknown>;
            } catch {
              return {};
            }
          };
          resolve({ status: answer.statusCode ?? 0, body: read(), text, cookies });
        });
      });
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  async signIn(headers: Record<string, string> = {}): Promise<Answer> {
    if (first !== "") {
      const given = { secret: first, name: admin, password };
      first = "";
      return this.ask("POST", "/api/v1/welcome", given, headers);
    }
    const given = { name: admin, password, code: "" };
    return this.ask("POST", "/api/v1/sign-in", given, headers);
  }

  /** Network that the server has noted for the session that was begun here. */
  async place(): Promise<unknown> {
    const { body } = await this.ask("GET", "/api/v1/session");
    return (body["session"] as Record<string, unknown> | undefined)?.["place"];
  }
}

/** What somebody writes who wants to be somebody, or somewhere, else. */
const spoofed = {
  "x-forwarded-for": "203.0.113.66",
  "x-forwarded-proto": "http",
  "x-forwarded-host": "evil.example",
  "x-real-ip": "203.0.113.66",
  forwarded: "for=203.0.113.66;proto=http;host=evil.example",
};

describe.skipIf(openssl.missing || linux.missing)("behind", () => {
  for (const [id, { tool, start }] of Object.entries(proxies)) {
    describe.skipIf(tool.missing)(id, () => {
      let port: number;
      beforeAll(async () => {
        port = await start(tool.path);
      });

      it("who asks is who asked the proxy, whatever they write, and cookies are for TLS alone", async () => {
        for (const headers of [{}, spoofed]) {
          const visitor = new Visitor(port);
          const { status, cookies, text } = await visitor.signIn(headers);
          expect([status, text]).toEqual([200, text]);
          const session = cookies.find((one) => one.startsWith("__Host-tidelock="));
          expect(session).toMatch(/; HttpOnly; SameSite=Strict; Secure$/);
          expect(await visitor.place()).toBe("127.5.5.0/24");
        }
      });

      it("a passkey is for the proxy's own name over TLS, and for no other page", async () => {
        const visitor = new Visitor(port);
        expect((await visitor.signIn()).status).toBe(200);
        const use = { use: "sign-in" };
        const enrol = async (origin: string) => {
          const offer = await visitor.ask("POST", "/api/v1/passkeys/challenges", use, spoofed);
          const key = new SoftAuthenticator();
          const [challenge, handle] = [offer.body["challenge"], offer.body["userHandle"]].map(
            String,
          );
          const made = key.create(challenge ?? "", handle ?? "", { origin, rpId: name });
          return visitor.ask("POST", "/api/v1/passkeys", { ...use, name: id, made }, spoofed);
        };
        for (const wrong of [`http://${name}`, "https://evil.example"]) {
          expect([wrong, (await enrol(wrong)).status]).toEqual([wrong, 400]);
        }
        const { status, text, body } = await enrol(`https://${name}`);
        expect([status, text]).toEqual([200, text]);
        const { id: own } = body["passkey"] as { id: string };
        expect((await visitor.ask("DELETE", `/api/v1/passkeys/${own}`)).status).toBe(200);
        const begun = await new Visitor(port).ask("POST", "/api/v1/sign-in/passkey/challenges", undefined, spoofed); // prettier-ignore
        expect(begun.body).toMatchObject({ rpId: name });
      });

      it("a page of another origin, and another name, are refused as they are without it", async () => {
        const visitor = new Visitor(port);
        expect((await visitor.signIn()).status).toBe(200);
        const foreign = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
        expect((await visitor.ask("DELETE", "/api/v1/session", undefined, foreign)).status).toBe(
          403,
        );
        const elsewhere = await visitor.ask("GET", "/api/v1/session", undefined, { host: "evil.example" }); // prettier-ignore
        expect(elsewhere.status).toBeGreaterThanOrEqual(400);
        expect((await visitor.ask("GET", "/api/v1/session")).status).toBe(200);
      });

      it("events come as they happen", async () => {
        const visitor = new Visitor(port);
        expect((await visitor.signIn()).status).toBe(200);
        const stream = visitor.open("GET", "/api/v1/events", { accept: "text/event-stream" });
        const heard = new Promise<string>((resolve, reject) => {
          stream.once("error", reject).once("response", (answer) => {
            let text = "";
            answer.on("data", (data: Buffer) => {
              text += data.toString();
              if (text.includes("person.changed")) resolve(text);
            });
            void events();
          });
        });
        stream.end();
        expect(await heard).toContain("person.changed");
        stream.destroy();
      });
    });
  }

  it.skipIf(proxies.haproxy.tool.missing && proxies.nginx.tool.missing)(
    "nobody who asks directly is taken for a proxy: neither elsewhere nor encrypted by their own word",
    async () => {
      const visitor = new Visitor(server.port, true);
      const claims = { ...spoofed, "x-forwarded-proto": "https" };
      const page = { origin: `https://${name}` };
      // As far as the server knows it is asked at http://…, so that this page is none of its own.
      expect((await visitor.signIn({ ...claims, ...page })).status).toBe(403);
      const { status, cookies } = await visitor.signIn(claims);
      expect([status, cookies.some((one) => one.includes("Secure"))]).toEqual([200, false]);
      expect(await visitor.place()).toBe("127.5.5.0/24");
      const begun = await visitor.ask(
        "POST",
        "/api/v1/sign-in/passkey/challenges",
        undefined,
        claims,
      );
      expect([begun.status, begun.text]).toEqual([400, expect.stringContaining("want https")]);
    },
  );
});
