import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = process.env["TIDELOCK_SCHEMATHESIS"] ?? "/opt/schemathesis";
const program = join(folder, "bin/schemathesis");

export const preparation = `schemathesis is not part of this repository: python3 -m venv ${folder}; ${folder}/bin/pip install schemathesis (or set TIDELOCK_SCHEMATHESIS)`;

export function versionOfSchemathesis(): string | null {
  const { status, stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
  return status === 0 ? (/[\d.]+/.exec(stdout)?.[0] ?? "") : null;
}

/**
 * Runs schemathesis with all of its checks for a time, and says which planted flaws answered it (the service names
 * them in a header), how many failures it reported, and how often a request was not answered at all.
 */
export async function runSchemathesis(
  origin: string,
  seconds: number,
  seed: number,
): Promise<{
  readonly met: ReadonlySet<string>;
  readonly reported: number;
  readonly silent: number;
}> {
  const out = mkdtempSync(join(tmpdir(), "tidelock-schemathesis-"));
  const file = join(out, "events.ndjson");
  const argv = [
    ["run", `${origin}/openapi.json`, "--checks", "all", "--continue-on-failure"],
    ["-H", "Authorization: Bearer planted-token", "--seed", `${seed}`, "--max-time", `${seconds}`],
    ["--request-timeout", "2", "--report", "ndjson", "--report-ndjson-path", file],
  ].flat();
  try {
    let text = "";
    await new Promise<void>((resolve, reject) => {
      const child = spawn(program, argv, { cwd: out, stdio: ["ignore", "pipe", "ignore"] });
      child.stdout.on("data", (part: Buffer) => (text += part.toString()));
      const timer = setTimeout(() => child.kill("SIGKILL"), (seconds + 60) * 1_000);
      child.once("error", reject);
      child.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
    });
    const events = readFileSync(file, "utf8");
    const met = new Set(
      [...events.matchAll(/"x-planted":\s*\["([a-z-]+)"\]/g)].map(([, bug = ""]) => bug),
    );
    const reported = Number(/found (\d+) unique failures/.exec(text)?.[1] ?? 0);
    const silent = Number(/Network Error: (\d+)/.exec(text)?.[1] ?? 0);
    return { met, reported, silent };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
