import { execFile } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { localServers } from "../../compose-local.ts";
import { layout } from "../../model/layout.ts";
import { readVariable } from "../environment.ts";
import { fail, type Look, ok, warn } from "./finding.ts";

const neededNode = 24;

export const node: Look = async () => {
  const major = Number.parseInt(process.versions.node, 10);
  return major >= neededNode
    ? ok(`Node ${process.version}`)
    : fail(`Node ${process.version} is too old`, `install Node ${neededNode} or newer`);
};

export const platform: Look = async () => {
  const { platform: system, arch } = process;
  if (system === "win32") {
    return fail("Windows is not supported directly", "run Tidelock inside WSL2 (`wsl --install`)");
  }
  const supported = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];
  if (!supported.includes(`${system}-${arch}`)) {
    return fail(
      `${system} on ${arch} is not supported`,
      "use Linux (glibc) or macOS on x64 or arm64, or Windows through WSL2",
    );
  }
  if (system === "linux" && glibcVersion() === null) {
    return fail(
      "this Linux has another C library than glibc (Alpine has musl)",
      "use a glibc distribution such as Debian, Ubuntu or Fedora; in containers a -slim image, not -alpine",
    );
  }
  return ok(`${system} ${arch}${system === "linux" ? `, glibc ${glibcVersion()}` : ""}`);
};

function glibcVersion(): string | null {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime ?? null;
}

export const git: Look = async () => {
  try {
    const { stdout } = await promisify(execFile)("git", ["--version"], { timeout: 10_000 });
    return ok(stdout.trim());
  } catch {
    return warn(
      "git does not answer",
      "install git: without it a release has no commits and no lineage",
    );
  }
};

/** 7420 unless TIDELOCK_PORT says otherwise; see server/main-options.ts. */
export const port: Look = async ({ dataDir, environment }) => {
  const wanted = Number(readVariable("TIDELOCK_PORT", environment) ?? "7420");
  const own = localServers(dataDir).find(({ url }) => new URL(url).port === String(wanted));
  if (own !== undefined) return ok(`the server of this data directory answers at ${own.url}`);
  const free = await isFree(wanted);
  return free
    ? ok(`port ${wanted} is free`)
    : warn(`port ${wanted} is taken by another program`, "start with --port 0 or another number");
};

function isFree(wanted: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ host: "127.0.0.1", port: wanted }, () => probe.close(() => resolve(true)));
  });
}

/** Evidence expires by the clock: one that runs behind what was written before would make old things new. */
export const clock: Look = async ({ dataDir }) => {
  const folders = [layout(dataDir).agent, layout(dataDir).logs, layout(dataDir).server];
  const newest = Math.max(0, ...folders.flatMap(writtenAt));
  const behind = newest - Date.now();
  if (behind > 60_000) {
    return fail(
      `the clock is ${Math.round(behind / 60_000)} minutes behind what is already written`,
      "set the clock and keep it set (systemd-timesyncd, chrony)",
    );
  }
  const now = new Date();
  return now.getUTCFullYear() >= 2025
    ? ok(now.toISOString())
    : fail(`the clock says ${now.toISOString()}`, "set the clock and keep it set");
};

function writtenAt(folder: string): number[] {
  try {
    return readdirSync(folder).map(
      (name) => statSync(`${folder}/${name}`, { throwIfNoEntry: false })?.mtimeMs ?? 0,
    );
  } catch {
    return [];
  }
}
