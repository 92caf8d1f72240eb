import { spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { layout } from "../model/layout.ts";
import { openDataDir } from "./data-dir.ts";
import { requireSpace } from "./disk-space.ts";
import { identifyProcess } from "./process-identity.ts";
import { findServers, registerServer, sweepServerRecords } from "./server-record.ts";
import { ensureToken, findToken } from "./token.ts";

let folder: string;
let dataDir: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "data-dir-"));
  dataDir = join(folder, "data");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe("openDataDir", () => {
  it("makes the folders with their modes, whatever the umask", () => {
    const umask = process.umask(0o077);
    dataDir = join(folder, "not", "yet", "there");
    const paths = openDataDir(dataDir);
    process.umask(umask);
    for (const path of [paths.root, paths.releases, paths.slots, paths.state])
      expect(modeOf(path)).toBe("755");
    for (const path of [paths.server, paths.blobs, paths.agent, paths.logs]) {
      expect(modeOf(path)).toBe("700");
    }
    expect(modeOf(join(folder, "not"))).toBe("755");
    expect(readFileSync(join(dataDir, "layout.json"), "utf8")).toBe('{"layoutVersion":1}\n');
    openDataDir(dataDir);
  });

  it("closes a folder of its own again that was opened to readers", () => {
    const paths = openDataDir(dataDir);
    chmodSync(paths.server, 0o755);
    openDataDir(dataDir);
    expect(modeOf(paths.server)).toBe("700");
  });

  it("refuses a directory that others may write to", () => {
    mkdirSync(dataDir);
    chmodSync(dataDir, 0o777);
    expect(() => openDataDir(dataDir)).toThrow("other users may write to");
    chmodSync(dataDir, 0o755);
    const paths = openDataDir(dataDir);
    chmodSync(paths.agent, 0o770);
    expect(() => openDataDir(dataDir)).toThrow(expect.objectContaining({ code: "forbidden" }));
  });

  it("refuses a directory of somebody else", (context) => {
    if (process.getuid?.() !== 0) context.skip("only root can give a folder to somebody else");
    mkdirSync(dataDir);
    chownSync(dataDir, 65_534, 65_534);
    expect(() => openDataDir(dataDir)).toThrow("belongs to user id 65534");
  });

  it("refuses a folder of its own that is a link to somewhere else", () => {
    mkdirSync(dataDir);
    mkdirSync(join(folder, "elsewhere"));
    symlinkSync(join(folder, "elsewhere"), join(dataDir, "server"));
    expect(() => openDataDir(dataDir)).toThrow("not a folder of its own");
  });

  it("refuses a file, and a layout of a newer program", () => {
    writeFileSync(dataDir, "");
    expect(() => openDataDir(dataDir)).toThrow(expect.objectContaining({ code: "invalid-input" }));
    rmSync(dataDir);
    openDataDir(dataDir);
    writeFileSync(join(dataDir, "layout.json"), '{"layoutVersion":2}');
    expect(() => openDataDir(dataDir)).toThrow(expect.objectContaining({ code: "incompatible" }));
  });
});

describe("requireSpace", () => {
  it("refuses what would leave less than the reserve", async () => {
    await requireSpace(folder, 0, 0);
    await expect(requireSpace(folder, 2 ** 60, 0)).rejects.toMatchObject({ code: "disk-full" });
  });
});

describe("registerServer", () => {
  it("says where the running servers are, and takes the record away at the end", () => {
    const paths = openDataDir(dataDir);
    const end = registerServer(paths, { url: "http://localhost:1", version: "1.0.0" });
    expect(findServers(dataDir)).toMatchObject([{ url: "http://localhost:1", pid: process.pid }]);
    end();
    expect(findServers(dataDir)).toEqual([]);
  });

  it("does not count a server that was killed, nor one whose pid was reused", async () => {
    const paths = openDataDir(dataDir);
    const child = spawn("sleep", ["60"]);
    const identity = identifyProcess(child.pid ?? 0);
    registerServer(paths, { url: "http://localhost:1", version: "1.0.0" });
    const own = join(paths.server, "servers", `${process.pid}.json`);
    const record = JSON.parse(readFileSync(own, "utf8")) as object;
    writeFileSync(own, JSON.stringify({ ...record, startTime: "1" }));
    const other = join(paths.server, "servers", "7.json");
    writeFileSync(other, JSON.stringify({ ...record, ...identity }));
    expect(findServers(dataDir)).toMatchObject([{ pid: child.pid }]);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    expect(findServers(dataDir)).toEqual([]);
    sweepServerRecords(paths);
    expect(() => statSync(other)).toThrow();
  });
});

describe("ensureToken", () => {
  it("makes one private token, once", () => {
    const paths = openDataDir(dataDir);
    expect(findToken(dataDir)).toBeUndefined();
    const token = ensureToken(paths);
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(ensureToken(paths)).toBe(token);
    expect(findToken(dataDir)).toBe(token);
    expect(modeOf(join(layout(dataDir).server, "token"))).toBe("600");
  });

  it("refuses one that others may read or that is damaged", () => {
    const paths = openDataDir(dataDir);
    ensureToken(paths);
    const path = join(paths.server, "token");
    chmodSync(path, 0o644);
    expect(() => ensureToken(paths)).toThrow("other users may read the token");
    chmodSync(path, 0o600);
    writeFileSync(path, "");
    expect(() => findToken(dataDir)).toThrow("damaged");
  });
});
