// `npm run build`: what the package ships. TypeScript becomes JavaScript in dist/, the files that the code
// reads beside itself (.sql, .json, .feature) come along, and web/ is built into web/dist.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, extname, join, relative } from "node:path";
import { root } from "./test/run-step.ts";

const sources = join(root, "src");
const output = join(root, "dist");
/** What is read at run time from beside the code. */
const companions = new Set([".sql", ".json", ".feature"]);

function run(title: string, command: string, args: readonly string[]): void {
  const done = spawnSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  if (done.status !== 0) throw new Error(`${title} failed (${done.error?.message ?? done.status})`);
}

function buildSources(): void {
  // An old file that no source stands behind any more would be shipped too.
  rmSync(output, { recursive: true, force: true });
  run("compiling", join(root, "node_modules", ".bin", "tsc"), ["-p", "tsconfig.build.json"]);
  for (const entry of readdirSync(sources, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !companions.has(extname(entry.name))) continue;
    // What other servers once answered, kept for tests.
    if (entry.name === "recorded.json") continue;
    const file = join(entry.parentPath, entry.name);
    const target = join(output, relative(sources, file));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(file, target);
  }
}

/** The dashboard is a workspace of its own; a checkout without its sources ships none. */
function buildWeb(): void {
  const web = join(root, "web");
  if (!existsSync(join(web, "index.html"))) return;
  rmSync(join(web, "dist"), { recursive: true, force: true });
  const vite = join(root, "node_modules", ".bin", "vite");
  run("building the dashboard", vite, ["build", web, "--logLevel", "warn"]);
}

buildSources();
buildWeb();
