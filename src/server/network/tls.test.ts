import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type PeerCertificate, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeControlPlane } from "../../../test/fixtures/fake-control-plane.ts";
import { MemoryContentStore } from "../../../test/fixtures/memory-content-store.ts";
import { makeCertificate } from "../../../test/support/certificate.ts";
import { findServers } from "../../store/server-record.ts";
import { type LogLine, silentLog } from "../log.ts";
import { type RunningServer, runServer, type ServerSettings } from "../run-server.ts";
import { readCertificate } from "./certificate.ts";
import { watchCertificate } from "./renewal.ts";

let folder: string;
let files: { certificate: string; key: string };
let server: RunningServer | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tidelock-tls-"));
  files = { certificate: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  certify();
});
afterEach(async () => {
  await server?.stop("test over");
  server = undefined;
  rmSync(folder, { recursive: true });
});

function certify(): void {
  const { certificate, key } = makeCertificate("openssl", 30);
  writeFileSync(files.certificate, certificate);
  writeFileSync(files.key, key, { mode: 0o600 });
}

async function start(settings: Partial<ServerSettings> = {}): Promise<RunningServer> {
  server = await runServer({
    dataDir: join(folder, "data"),
    port: 0,
    hostNames: [],
    version: "1",
    files: null,
    log: silentLog,
    certificate: files,
    compose: async () => ({
      controlPlane: new FakeControlPlane(),
      content: new MemoryContentStore(),
      database: "embedded",
      close: async () => undefined,
    }),
    ...settings,
  });
  return server;
}

function ask(url: string, agent: Agent, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; peer: string }>(
    (resolve, reject) => {
      request(`${url}/healthz`, { agent, headers, rejectUnauthorized: false }, (response) => {
        const peer = (response.socket as TLSSocket).getPeerCertificate() as PeerCertificate;
        response.resume().once("end", () => {
          const { statusCode = 0, headers: got } = response;
          resolve({ status: statusCode, headers: got, peer: peer.fingerprint256 });
        });
      })
        .once("error", reject)
        .end();
    },
  );
}

describe("a server with a certificate", () => {
  it("speaks TLS 1.2 and newer, and has a plain listener on loopback for this machine's command line", async () => {
    const { url } = await start({ hostNames: ["tidelock.example"] });
    expect(url).toMatch(/^https:\/\/tidelock\.example:\d+$/);
    const port = Number(new URL(url).port);
    const hello = async (maxVersion: "TLSv1.1" | "TLSv1.2" | "TLSv1.3") => {
      const options = { port, maxVersion, minVersion: "TLSv1" as const, rejectUnauthorized: false };
      const socket = connect({ ...options, host: "127.0.0.1", ciphers: "DEFAULT@SECLEVEL=0" });
      try {
        await once(socket, "secureConnect");
        return socket.getProtocol();
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      } finally {
        socket.destroy();
      }
    };
    expect(await hello("TLSv1.3")).toBe("TLSv1.3");
    expect(await hello("TLSv1.2")).toBe("TLSv1.2");
    expect(await hello("TLSv1.1")).toMatch(/PROTOCOL_VERSION|ECONNRESET/);
    const [record] = findServers(join(folder, "data"));
    expect(record?.url).toMatch(/^http:\/\/localhost:\d+$/);
    expect((await fetch(`${record?.url ?? ""}/healthz`)).status).toBe(200);
  });

  it("demands encryption from browsers for a year, but not for the name localhost", async () => {
    const { url } = await start({ hostNames: ["tidelock.example"] });
    const agent = new Agent();
    const at = `https://localhost:${new URL(url).port}`;
    const named = await ask(at, agent, { host: "tidelock.example" });
    expect(named.headers["strict-transport-security"]).toBe("max-age=31536000");
    expect((await ask(at, agent)).headers).not.toHaveProperty("strict-transport-security");
    agent.destroy();
  });

  it("serves a renewed certificate without dropping a connection", async () => {
    const { url, renew } = await start();
    const old = new Agent({ keepAlive: true, maxSockets: 1 });
    const before = await ask(url, old);
    certify();
    expect(renew()).toBe(true);
    const fresh = new Agent();
    const after = await ask(url, fresh);
    const kept = await ask(url, old);
    expect([before.status, after.status, kept.status]).toEqual([200, 200, 200]);
    expect(after.peer).not.toBe(before.peer);
    expect(kept.peer).toBe(before.peer);
    old.destroy();
    fresh.destroy();
  });

  it("goes on with the old one while the files do not fit together, and says so once", async () => {
    const errors: LogLine[] = [];
    const log = {
      ...silentLog,
      error: (_event: string, line?: LogLine) => void errors.push(line ?? {}),
    };
    let renewed = 0;
    const watch = watchCertificate(files, log, () => (renewed += 1), 1_000_000);
    const other = makeCertificate("openssl", 30);
    writeFileSync(files.certificate, other.certificate);
    watch.look();
    watch.look();
    expect(errors).toMatchObject([{ message: expect.stringContaining("do not belong together") }]);
    expect(renewed).toBe(0);
    writeFileSync(files.key, other.key);
    watch.look();
    expect(renewed).toBe(1);
    watch.stop();
  });
});

describe("a certificate that cannot be used", () => {
  const reason = (now?: Date) => {
    try {
      readCertificate(files, now);
    } catch (error) {
      return error;
    }
    return null;
  };

  it("is refused in words before anything starts", async () => {
    expect(reason()).toBeNull();
    const later = new Date(Date.now() + 31 * 86_400_000);
    expect(reason(later)).toMatchObject({ message: expect.stringContaining("ended on") });
    expect(reason(new Date(0))).toMatchObject({ message: expect.stringContaining("begins on") });
    chmodSync(files.key, 0o644);
    expect(reason()).toMatchObject({ message: expect.stringContaining("may read the key"), hint: expect.stringContaining("chmod") }); // prettier-ignore
    chmodSync(files.key, 0o600);
    const sealed = execFileSync("openssl", [
      "pkey",
      "-in",
      files.key,
      "-aes256",
      "-passout",
      "pass:x",
    ]);
    writeFileSync(files.key, sealed);
    expect(reason()).toMatchObject({ message: expect.stringContaining("passphrase") });
    writeFileSync(files.key, makeCertificate("openssl", 30).key);
    await expect(start()).rejects.toMatchObject({ message: expect.stringContaining("belong together") }); // prettier-ignore
    writeFileSync(files.key, "nonsense");
    expect(reason()).toMatchObject({ message: "this is no private key" });
    writeFileSync(files.certificate, "nonsense");
    expect(reason()).toMatchObject({ message: "this is no certificate" });
    rmSync(files.certificate);
    expect(reason()).toMatchObject({ message: expect.stringContaining("is not there") });
  });
});

it("refuses to start beyond loopback without protection, and leaves nothing behind", async () => {
  const { certificate: _none, ...bare } = { certificate: undefined };
  await expect(
    start({ ...bare, certificate: undefined, listen: ["0.0.0.0"] }),
  ).rejects.toMatchObject({
    code: "forbidden",
    hint: expect.stringContaining("--tls-cert"),
  });
  expect(findServers(join(folder, "data"))).toEqual([]);
});

it("listens on every address with a certificate", async () => {
  const { url } = await start({ listen: ["0.0.0.0"] });
  const agent = new Agent();
  expect((await ask(url, agent)).status).toBe(200);
  agent.destroy();
});
