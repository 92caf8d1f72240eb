import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { root } from "../test/run-step.ts";

/**
 * A checkout has the dashboard's sources only; the server serves what was built of them. Takes seconds,
 * and nothing when what is there is newer than every source. Without it the demo goes on all the same.
 */
export function buildDashboard(say: (text: string) => void): void {
  const web = join(root, "web");
  if (!existsSync(join(web, "index.html")) || isFresh(web)) return;
  say("Building the dashboard");
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  try {
    execFileSync(process.execPath, [vite, "build", web, "--logLevel", "error"], {
      cwd: root,
      stdio: ["ignore", "ignore", "pipe"],
      timeout: 120_000,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split("\n").at(-1) : String(error);
    say(`The dashboard could not be built, and the demo goes on without: ${reason}`);
  }
}

function isFresh(web: string): boolean {
  const built = statSync(join(web, "dist", "index.html"), { throwIfNoEntry: false });
  if (built === undefined) return false;
  const sources = readdirSync(join(web, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return [join(web, "index.html"), ...sources].every(
    (path) => statSync(path).mtimeMs <= built.mtimeMs,
  );
}
