import { z } from "zod";
import { toolCheck } from "../tool/tool-check.ts";
import { configurationFile, formatter, rulesVersion } from "./rules.ts";
import { EslintConfiguration } from "./schema.ts";

const Report = z.array(
  z.object({
    filePath: z.string(),
    messages: z.array(z.object({ message: z.string(), fatal: z.boolean().optional() })),
  }),
);

/**
 * JavaScript by ESLint's own rules about security. Configurations, ignore lists and comments of the tree are
 * switched off; neither plugins nor parsers of the tree are loaded, which would be running its code.
 */
export const eslint = toolCheck({
  id: "eslint",
  schema: EslintConfiguration,
  touch: "files",
  scans: ["sast"],
  cost: "moderate",
  disturbs: [],
  sensitiveTo: [],
  programs: ["eslint"],
  install: "npm install --global eslint",
  proof: { kind: "proven", version: "10.15.0" },
  version: { argv: ["--version"], pattern: /^v(\d+\.\d+\.\d+\S*)/m },
  tree: {
    concerns: /\.(?:[cm]?js|jsx)$/,
    asking: {
      names: /(^|\/)(?:\.eslintignore|\.eslintrc(?:\.\w+)?|eslint\.config\.[cm]?[jt]s)$/,
      words: /eslint-(?:disable|enable)(?:-next-line|-line)?|\/\*\s{0,20}eslint\s/,
    },
  },
  listFiles: true,
  wholeExits: [0, 1],
  report: { from: "file", format: "eslint" },
  network: "none",
  plan: ({ sourceType, exclude }) => ({
    argv: [
      "--no-config-lookup",
      "--config",
      "{home}/eslint.config.mjs",
      "--no-inline-config",
      "--no-ignore",
      "--format",
      "{home}/formatter.mjs",
      "--output-file",
      "{report}",
      "--",
    ],
    files: { "eslint.config.mjs": configurationFile(sourceType), "formatter.mjs": formatter },
    data: { rules: `Tidelock's choice of ESLint's rules, ${rulesVersion}` },
    exclude,
  }),
  read(report) {
    const files = Report.parse(report);
    const broken = files.flatMap(({ filePath, messages }) => {
      const fatal = messages.find((message) => message.fatal === true || isLeftOut(message));
      return fatal === undefined ? [] : [`${filePath}: ${fatal.message}`];
    });
    return { exercised: { files: files.length - broken.length }, problems: broken };
  },
});

/** ESLint says so in a message, and goes on. */
function isLeftOut({ message }: { readonly message: string }): boolean {
  return message.startsWith("File ignored");
}
