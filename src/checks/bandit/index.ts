import { z } from "zod";
import { toolCheck } from "../tool/tool-check.ts";
import { BanditConfiguration } from "./schema.ts";

const Report = z.object({
  errors: z.array(z.object({ filename: z.string(), reason: z.string() })),
  metrics: z.record(z.string(), z.unknown()),
  results: z.array(z.unknown()),
});

/** Python: bandit's AST rules. `# nosec` is switched off, a `.bandit` file is left out of what it scans. */
export const bandit = toolCheck({
  id: "bandit",
  schema: BanditConfiguration,
  touch: "files",
  scans: ["sast"],
  cost: "moderate",
  disturbs: [],
  sensitiveTo: [],
  programs: ["bandit"],
  install: "pipx install bandit",
  proof: { kind: "proven", version: "1.9.4" },
  version: { argv: ["--version"], pattern: /^bandit (\S+)/m },
  tree: {
    concerns: /\.pyw?$/,
    leaveOut: /(^|\/)\.bandit$/,
    asking: { names: /(^|\/)(\.bandit|bandit\.ya?ml)$/, words: /#\s{0,20}nosec\b/ },
  },
  // Its own walk leaves out folders by default; the list of files is ours.
  listFiles: true,
  wholeExits: [0, 1],
  report: { from: "file", format: "bandit" },
  network: "none",
  plan: ({ skip, exclude }) => ({
    argv: [
      "--format",
      "json",
      "--output",
      "{report}",
      "--ignore-nosec",
      "--quiet",
      "--exclude",
      "{home}/nothing",
      ...(skip.length === 0 ? [] : ["--skip", skip.join(",")]),
      "--",
    ],
    exclude,
  }),
  read(report) {
    const { errors, metrics } = Report.parse(report);
    const files = Object.keys(metrics).filter((name) => name !== "_totals").length;
    return {
      exercised: { files: files - errors.length },
      problems: errors.map(({ filename, reason }) => `${filename}: ${reason}`),
    };
  },
});
