import { z } from "zod";
import { ownerData } from "../tool/owner-data.ts";
import { toolCheck } from "../tool/tool-check.ts";
import { GrypeConfiguration } from "./schema.ts";

const Report = z.object({
  matches: z.array(z.unknown()),
  source: z.object({ type: z.string() }),
  descriptor: z.object({
    db: z
      .object({
        built: z.string().optional(),
        status: z.object({ built: z.string().optional() }).optional(),
      })
      .nullish(),
  }),
});

/**
 * Advisories about what lock files and installed packages name, offline: from a database that the server's
 * owner put into `$TIDELOCK_TOOL_DATA/grype` (as `grype db import` writes it). Settings in the tree have no say.
 */
export const grype = toolCheck({
  id: "grype",
  schema: GrypeConfiguration,
  touch: "files",
  scans: ["dependencies"],
  cost: "moderate",
  disturbs: [],
  sensitiveTo: [],
  programs: ["grype"],
  install: "go install github.com/anchore/grype/cmd/grype@latest",
  proof: { kind: "proven", version: "0.121.2, with a database of one advisory" },
  version: { argv: ["version"], pattern: /^Version:\s+(\S.{0,80})$/m },
  tree: {
    concerns:
      /(^|\/)(?:package-lock\.json|yarn\.lock|pnpm-lock\.yaml|go\.mod|Cargo\.lock|Gemfile\.lock|composer\.lock|poetry\.lock|Pipfile\.lock|requirements[\w.-]{0,50}\.txt|uv\.lock|mix\.lock|pubspec\.lock|gradle\.lockfile|packages\.lock\.json|pom\.xml)$/,
    leaveOut: /(^|\/)\.grype(?:\.ya?ml)?$/,
    asking: { names: /(^|\/)\.grype(?:\.ya?ml)?$/ },
  },
  startsIn: "home",
  wholeExits: [0],
  report: { from: "file", format: "grype" },
  network: "none",
  plan({ exclude }) {
    const { folder, data } = ownerData("grype", "grype db import <archive>");
    return {
      argv: [
        "dir:{tree}",
        "--config",
        "{home}/grype.yaml",
        "--output",
        "json",
        "--file",
        "{report}",
        "--quiet",
      ],
      files: { "grype.yaml": "check-for-app-update: false\nignore: []\n" },
      env: {
        GRYPE_DB_AUTO_UPDATE: "false",
        // How old is too old is the demand's to say, not the program's.
        GRYPE_DB_VALIDATE_AGE: "false",
        GRYPE_DB_CACHE_DIR: folder,
        GRYPE_CHECK_FOR_APP_UPDATE: "false",
      },
      data,
      exclude,
    };
  },
  read(report, { concerned }) {
    const { descriptor, matches } = Report.parse(report);
    const built = descriptor.db?.built ?? descriptor.db?.status?.built;
    if (built === undefined) {
      return { exercised: {}, broken: "its report does not say which database it decided by" };
    }
    return {
      exercised: { files: concerned, assertions: matches.length },
      data: { "grype database": built },
    };
  },
});
