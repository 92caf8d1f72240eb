import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { TidelockError } from "../../model/errors.ts";
import { toolCheck } from "../tool/tool-check.ts";
import { ruledFiles, rulesFile } from "./rules.ts";
import { SemgrepConfiguration } from "./schema.ts";

const Report = z.object({
  errors: z.array(
    z.object({ message: z.string().default("an error"), path: z.string().optional() }),
  ),
  paths: z.object({ scanned: z.array(z.string()) }),
});

/**
 * Pattern rules for many languages, offline: no registry, no metrics, no rules out of the tree. `nosemgrep`
 * and `.gitignore` are switched off; a `.semgrepignore` has no switch, nor have semgrep's own defaults
 * (tests, packages of others): one that ignores nothing stands in its place.
 */
export const semgrep = toolCheck({
  id: "semgrep",
  schema: SemgrepConfiguration,
  touch: "files",
  scans: ["sast"],
  cost: "expensive",
  disturbs: [],
  sensitiveTo: [],
  programs: ["semgrep"],
  install: "pipx install semgrep",
  proof: { kind: "proven", version: "1.182.0" },
  version: { argv: ["--version"], pattern: /^(\d+\.\d+\.\d+\S*)$/m },
  tree: {
    concerns: ruledFiles,
    leaveOut: /(^|\/)\.semgrepignore$/,
    put: { ".semgrepignore": "# nothing\n" },
    asking: { names: /(^|\/)\.semgrep(?:ignore|\.ya?ml)$/, words: /\bnosem(?:grep)?\b/ },
  },
  wholeExits: [0, 1],
  report: { from: "file", format: "semgrep" },
  network: "none",
  plan({ rules, exclude }) {
    const files = rules.map((name) => [`rules-${name}.yml`, textOf(name)] as const);
    return {
      argv: [
        "scan",
        "--json",
        "--output",
        "{report}",
        "--quiet",
        "--metrics",
        "off",
        "--disable-version-check",
        "--oss-only",
        "--disable-nosem",
        "--no-git-ignore",
        "--max-target-bytes",
        "0",
        "--timeout",
        "60",
        "--no-rewrite-rule-ids",
        "--jobs",
        "2",
        ...files.flatMap(([name]) => ["--config", `{home}/${name}`]),
        ".",
      ],
      files: Object.fromEntries(files),
      data: Object.fromEntries(
        files.map(([name, text]) => [
          name.slice("rules-".length, -".yml".length),
          `sha256:${createHash("sha256").update(text).digest("hex")}`,
        ]),
      ),
      env: { SEMGREP_SEND_METRICS: "off", SEMGREP_ENABLE_VERSION_CHECK: "0" },
      exclude,
    };
  },
  read(report, { concerned }) {
    const { errors, paths } = Report.parse(report);
    const seen = paths.scanned.filter((path) => ruledFiles.test(path)).length;
    return {
      // It may look at more than ours, by an owner's rules.
      exercised: { files: Math.max(Math.min(seen, concerned), 0) },
      problems: errors.map(({ message, path }) => `${path ?? "semgrep"}: ${message}`),
    };
  },
});

function textOf(name: string): string {
  if (name === "tidelock") return rulesFile();
  const folder = process.env["TIDELOCK_TOOL_RULES"];
  const file = folder === undefined ? null : join(folder, "semgrep", `${name}.yml`);
  try {
    if (file !== null) return readFileSync(file, "utf8");
  } catch {
    // Said below, as for one that was never configured.
  }
  throw new TidelockError("not-found", `there are no rules called ${name} on this server`, {
    fault: "operator",
    where: "with.rules",
    hint: `the server's owner puts them into $TIDELOCK_TOOL_RULES/semgrep/${name}.yml`,
  });
}
