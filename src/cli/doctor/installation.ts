import { accessSync, constants, existsSync, lstatSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import {
  findAgent,
  isDataDir,
  localServers,
  probeDatabase,
  wouldOutlive,
} from "../../compose-local.ts";
import { readVariable } from "../environment.ts";
import { fail, type Look, ok, warn } from "./finding.ts";

const mib = 1024 * 1024;
/** What the store keeps free for itself (disk-space.ts) and what a few releases take. */
const leastFreeMib = 256;
const goodFreeMib = 1024;

export const dataDirectory: Look = async ({ dataDir }) => {
  if (!existsSync(dataDir)) {
    const parent = nearest(dataDir);
    try {
      accessSync(parent, constants.W_OK);
    } catch {
      return fail(
        `${dataDir} is not there and ${parent} may not be written to`,
        "name another with --data-dir or TIDELOCK_DATA_DIR",
      );
    }
    return ok(`${dataDir} will be made at the first start`);
  }
  const status = lstatSync(dataDir);
  const hint = "name another with --data-dir, or put its owner and mode right";
  if (!status.isDirectory()) return fail(`${dataDir} is no folder`, hint);
  if (status.uid !== process.getuid?.()) {
    return fail(`${dataDir} belongs to user id ${status.uid}`, `${hint}; or work as that user`);
  }
  if ((status.mode & 0o022) !== 0) {
    return fail(`other users may write to ${dataDir}`, `chmod go-w ${dataDir}`);
  }
  return isDataDir(dataDir)
    ? ok(dataDir)
    : warn(`${dataDir} is there and not Tidelock's yet`, "better an empty folder of its own");
};

export const disk: Look = async ({ dataDir }) => {
  const folder = nearest(dataDir);
  const { bavail, bsize } = statfsSync(folder);
  const free = Math.floor((bavail * bsize) / mib);
  const message = `${free} MiB free at ${folder}`;
  if (free < leastFreeMib) return fail(message, "free some disk space: uploads are refused");
  return free < goodFreeMib ? warn(message, "free some disk space") : ok(message);
};

export const database: Look = async ({ dataDir, environment }) =>
  ok(await probeDatabase(dataDir, readVariable("DATABASE_URL", environment)));

export const server: Look = async ({ dataDir }) => {
  const running = localServers(dataDir);
  return ok(
    running.length === 0
      ? "not running; `tidelock server start`"
      : running.map(({ url, pid, version }) => `${version} at ${url} (pid ${pid})`).join(", "),
  );
};

export const agent: Look = async ({ dataDir }) => {
  const info = await findAgent(dataDir);
  return ok(
    info === null
      ? "not running; a server starts it"
      : `${info.version}, protocol ${info.protocol}, pid ${info.pid}`,
  );
};

const separateUsers =
  "every decision says so and strict gates refuse it: run the agent as root, on a machine that can separate users";

export const isolation: Look = async ({ dataDir }) => {
  const info = await findAgent(dataDir);
  if (info === null) {
    return process.getuid?.() === 0
      ? ok("services will get users of their own; proven when the agent starts")
      : warn("services will run as this user", separateUsers);
  }
  if (info.isolation !== "none") return ok(`services run isolated: ${info.isolation}`);
  return warn(
    `services run as the agent's own user: ${info.isolationReason ?? "no reason given"}`,
    separateUsers,
  );
};

/** Law 6: killing Tidelock never stops a live service. */
export const survival: Look = async ({ dataDir }) => {
  const info = await findAgent(dataDir);
  // Without an agent: what would become of one that were started from here.
  const { outlives, reason } =
    info === null
      ? await wouldOutlive()
      : { outlives: info.outlivesServer, reason: info.outlivesServerReason };
  return outlives
    ? ok("the agent and its services outlive the server")
    : fail(
        "something above the agent would end it, and every service, together with the server",
        reason ?? "use the systemd units of the package (deploy/systemd)",
      );
};

/** The folder itself, or the first one above it that exists. */
function nearest(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder));
}
