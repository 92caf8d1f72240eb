import { z } from "zod";
import { toolCheck } from "../tool/tool-check.ts";
import { GitleaksConfiguration } from "./schema.ts";

const Report = z.array(z.unknown()).nullable();

/** Its own default rules: a configuration in the tree would go before them. */
const settings = `[extend]\nuseDefault = true\n`;

/**
 * Names that gitleaks' default rules pass over by themselves (pictures, lock files, packages of others): what
 * it passes over does not count as looked at.
 */
const passedOver = [
  String.raw`gitleaks\.toml`,
  String.raw`\.(?:bmp|gif|jpe?g|png|svg|tiff?|eot|[ot]tf|woff2?|docx?|xlsx?|pdf|bin|socket|vsidx|v2|suo|wsuo|.dll|pdb|exe|gltf)$`,
  String.raw`go\.(?:mod|sum|work(?:\.sum)?)$`,
  String.raw`(?:^|/)(?:node_modules|bower_components|vendor)/`,
  String.raw`(?:^|/)(?:gradlew(?:\.bat)?|gradle\.lockfile|mvnw(?:\.cmd)?|javascript\.json|deno\.lock|npm-shrinkwrap\.json|package-lock\.json|pnpm-lock\.yaml|yarn\.lock|Pipfile\.lock|poetry\.lock)$`,
  String.raw`(?:^|/)(?:angular|bootstrap|jquery|plotly|swagger)[a-zA-Z0-9.-]*\.js(?:\.map)?$`,
  String.raw`\.gem$|verification-metadata\.xml|Database.refactorlog`,
].join("|");

/**
 * Secrets in files. The report holds the places and never the values (`--redact`). `gitleaks:allow` is
 * switched off; a `.gitleaksignore` cannot be, and is left out of what it scans.
 */
export const gitleaks = toolCheck({
  id: "gitleaks",
  schema: GitleaksConfiguration,
  touch: "files",
  scans: ["secrets"],
  cost: "cheap",
  disturbs: [],
  sensitiveTo: [],
  programs: ["gitleaks"],
  install: "go install github.com/zricethezav/gitleaks/v8@latest",
  proof: { kind: "proven", version: "8.30.1" },
  // One that was built by `go install` carries no version; its digest tells.
  version: { argv: ["version"], pattern: /^v?(\d+\.\d+\S*|version is set by build process)/m },
  tree: {
    concerns: new RegExp(`^(?!.*(?:${passedOver}))`, "is"),
    leaveOut: /(^|\/)\.gitleaksignore$/,
    asking: { names: /(^|\/)\.gitleaks(ignore|\.toml)$/, words: /gitleaks:allow/ },
  },
  wholeExits: [0, 1],
  report: { from: "file", format: "gitleaks" },
  network: "none",
  plan: ({ exclude }) => ({
    argv: [
      "dir",
      ".",
      "--no-banner",
      "--no-color",
      "--redact=100",
      "--ignore-gitleaks-allow",
      "--config",
      "{home}/gitleaks.toml",
      "--gitleaks-ignore-path",
      "{home}/nothing",
      "--report-format",
      "json",
      "--report-path",
      "{report}",
    ],
    files: { "gitleaks.toml": settings },
    data: { rules: "gitleaks' own defaults" },
    exclude,
  }),
  read(report, { stderr, concerned, exitCode }) {
    const found = Report.parse(report) ?? [];
    const bytes = Number(/scanned ~(\d+) bytes/.exec(stderr)?.[1] ?? 0);
    const agrees = found.length > 0 === (exitCode === 1);
    return {
      exercised: { files: bytes > 0 ? concerned : 0 },
      ...(agrees ? {} : { broken: "its exit code and its report contradict each other" }),
    };
  },
});
