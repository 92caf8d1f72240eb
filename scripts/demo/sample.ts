import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../src/cli/lab/free-port.ts";
import { root } from "../test/run-step.ts";

/** The service that is released: a repository of its own, so that its lineage is real. */
export interface Sample {
  readonly folder: string;
  readonly file: string;
  /** Addresses of the four environments, e.g. `{production: "http://localhost:8104"}`. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Commits the next version on top of the first. */
  commitNextVersion(): void;
}

export const firstVersion = "1.0.0";
export const nextVersion = "1.1.0";
export const environments = ["development", "testing", "staging", "production"] as const;

const author = { name: "Sample Author", email: "author@shop.example" };

function git(folder: string, ...args: string[]): void {
  const identity = ["-c", `user.name=${author.name}`, "-c", `user.email=${author.email}`];
  // The demo's commits need no signature, and no hook of the user's.
  const quiet = ["-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null"];
  execFileSync("git", [...identity, ...quiet, ...args], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
}

/** Copies examples/shop to `folder` and commits it; ports that are in use are replaced by free ones. */
export async function createSample(folder: string): Promise<Sample> {
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(root, "examples", "shop"), folder, { recursive: true });
  const file = join(folder, "tidelock.yaml");
  let text = readFileSync(file, "utf8");
  const addresses: Record<string, string> = {};
  for (const [index, environment] of environments.entries()) {
    const wanted = 8101 + index;
    const port = await freePort(wanted);
    text = text.replace(`"127.0.0.1:${wanted}"`, `"127.0.0.1:${port}"`);
    addresses[environment] = `http://localhost:${port}`;
  }
  writeFileSync(file, text);
  git(folder, "init", "--quiet", "--initial-branch=main");
  git(folder, "add", "--all");
  git(folder, "commit", "--quiet", "--message=Open the shop");
  return {
    folder,
    file,
    addresses,
    commitNextVersion() {
      git(folder, "apply", join(root, "examples", "shop-1.1.0.patch"));
      git(folder, "commit", "--all", "--quiet", "--message=Let people search the shop");
    },
  };
}
