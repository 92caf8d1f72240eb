import { toolCheck } from "../tool/tool-check.ts";
import { SecretlintConfiguration } from "./schema.ts";

const rules = { rules: [{ id: "@secretlint/secretlint-rule-preset-recommend" }] };

/**
 * Secrets in files, by the same rules as the built-in `secrets`: for those who want the program itself, of another
 * version. Settings and ignore lists of the tree have no say, and no module of the tree is loaded. Its report
 * names files and lines, and holds no content: its JSON has every scanned file in it.
 */
export const secretlint = toolCheck({
  id: "secretlint",
  schema: SecretlintConfiguration,
  touch: "files",
  scans: ["secrets"],
  cost: "cheap",
  disturbs: [],
  sensitiveTo: [],
  programs: ["secretlint"],
  install: "npm install --global secretlint @secretlint/secretlint-rule-preset-recommend",
  proof: { kind: "proven", version: "13.0.6" },
  version: { argv: ["--version"], pattern: /^(\d+\.\d+\.\d+\S*)$/m },
  probes: [["--help"]],
  argvIf: [{ probe: 1, says: "--no-gitignore", argv: ["--no-gitignore"] }],
  tree: {
    // It passes over these by itself, whatever it is told.
    concerns:
      /^(?!(?:.*\/)?(?:node_modules|\.git)\/)(?!(?:.*\/)?\.secretlint(?:rc(?:\.(?:json|ya?ml|js))?|ignore[^/]*)$)/s,
    asking: {
      names: /(^|\/)\.secretlint(?:rc[^/]*|ignore[^/]*)$/,
      words: /secretlint-disable(?:-next-line|-line)?/,
    },
  },
  listFiles: true,
  wholeExits: [0, 1],
  report: { from: "stdout", format: "secretlint" },
  network: "none",
  plan: ({ exclude }) => ({
    argv: [
      "--secretlintrc",
      "{home}/rules.json",
      "--secretlintignore",
      "{home}/ignore-nothing",
      "--format",
      "checkstyle",
      "--no-color",
      "--no-glob",
    ],
    files: { "rules.json": JSON.stringify(rules), "ignore-nothing": "" },
    data: { rules: "secretlint's recommended preset" },
    exclude,
  }),
  read(report, { exitCode }) {
    const text = typeof report === "string" ? report : "";
    const files = [...text.matchAll(/<file name="/g)].length;
    const agrees = /<error /.test(text) === (exitCode === 1);
    return {
      exercised: { files },
      ...(agrees ? {} : { broken: "its exit code and its report contradict each other" }),
    };
  },
});
