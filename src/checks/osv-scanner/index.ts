import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { TidelockError } from "../../model/errors.ts";
import { toolCheck } from "../tool/tool-check.ts";
import { OsvScannerConfiguration } from "./schema.ts";

const Report = z.object({
  results: z.array(
    z.object({
      source: z.object({ path: z.string() }),
      packages: z.array(z.unknown()).nullish(),
    }),
  ),
});

/**
 * Advisories about what lock files name, offline: from the databases that the server's owner put into
 * `$TIDELOCK_TOOL_DATA/osv-scanner/<ecosystem>/all.zip`. `osv-scanner.toml` and `.gitignore` of the tree
 * have no say.
 */
export const osvScanner = toolCheck({
  id: "osv-scanner",
  schema: OsvScannerConfiguration,
  touch: "files",
  scans: ["dependencies"],
  cost: "moderate",
  disturbs: [],
  sensitiveTo: [],
  programs: ["osv-scanner"],
  install: "go install github.com/google/osv-scanner/v2/cmd/osv-scanner@latest",
  proof: { kind: "proven", version: "2.3.5" },
  version: { argv: ["--version"], pattern: /^osv-scanner version: (\S+)/m },
  tree: {
    concerns:
      /(^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|go\.mod|Cargo\.lock|Gemfile\.lock|composer\.lock|poetry\.lock|Pipfile\.lock|requirements\.txt|uv\.lock|mix\.lock|pubspec\.lock|gradle\.lockfile|packages\.lock\.json)$/,
    leaveOut: /(^|\/)osv-scanner\.toml$/,
    asking: { names: /(^|\/)osv-scanner\.toml$/ },
  },
  // 1 is findings; 128 is no package at all, which is no whole scan.
  wholeExits: [0, 1],
  report: { from: "file", format: "osv" },
  network: "none",
  plan({ exclude }) {
    const { folder, data } = database();
    return {
      argv: [
        "scan",
        "source",
        "--offline",
        "--offline-vulnerabilities",
        "--recursive",
        "--no-ignore",
        "--all-packages",
        "--config",
        "{home}/osv-scanner.toml",
        "--format",
        "json",
        "--output-file",
        "{report}",
        ".",
      ],
      files: { "osv-scanner.toml": "" },
      env: { OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY: folder },
      data,
      exclude,
    };
  },
  read(report, { stderr, stdout }) {
    const { results } = Report.parse(report);
    const packages = results.reduce((sum, one) => sum + (one.packages?.length ?? 0), 0);
    const files = new Set(results.map(({ source }) => source.path)).size;
    const failed = /(?:could not load db|failed to|error).{0,200}/i.exec(
      `${stderr}\n${stdout}`,
    )?.[0];
    return {
      exercised: { files, assertions: packages },
      problems: failed === undefined ? [] : [failed],
    };
  },
});

/** Which databases there are, and how old each is: a scanner knows nothing newer than its data. */
function database(): { folder: string; data: Readonly<Record<string, string>> } {
  const root = process.env["TIDELOCK_TOOL_DATA"];
  const folder = join(root ?? "", "osv-scanner");
  const found = root === undefined ? [] : databasesIn(join(folder, "osv-scanner"));
  if (found.length === 0) {
    throw new TidelockError("not-found", "osv-scanner has no database of advisories", {
      fault: "operator",
      where: "$TIDELOCK_TOOL_DATA/osv-scanner/osv-scanner/<ecosystem>/all.zip",
      hint: "fetch them with `osv-scanner scan source --offline-vulnerabilities --download-offline-databases`",
    });
  }
  return { folder, data: Object.fromEntries(found) };
}

function databasesIn(folder: string): readonly (readonly [string, string])[] {
  try {
    return readdirSync(folder).flatMap((name) => {
      const stat = statSync(join(folder, name, "all.zip"), { throwIfNoEntry: false });
      return stat === undefined ? [] : [[`osv ${name}`, stat.mtime.toISOString()] as const];
    });
  } catch {
    return [];
  }
}
