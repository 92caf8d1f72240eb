import { z } from "zod";
import { toolCheck } from "../tool/tool-check.ts";
import { NpmAuditConfiguration } from "./schema.ts";

const Failure = z.object({ error: z.object({ code: z.string().nullish() }) });
const Report = z.object({
  metadata: z.object({ dependencies: z.union([z.number(), z.object({ total: z.number() })]) }),
});

/**
 * Known advisories of what a lock file names, asked of a registry: the only scanner here that sends something
 * (names and versions) elsewhere. Which registry is the server's owner's to say (`TIDELOCK_NPM_REGISTRY`); an
 * `.npmrc` of the tree is left out. A registry that does not answer is an error, never clean.
 */
export const npmAudit = toolCheck({
  id: "npm-audit",
  schema: NpmAuditConfiguration,
  touch: "files",
  scans: ["dependencies"],
  cost: "moderate",
  disturbs: [],
  sensitiveTo: [],
  programs: ["npm"],
  install: "apt-get install npm",
  proof: { kind: "proven", version: "11.19.1, with advisories answered on the same machine" },
  version: { argv: ["--version"], pattern: /^(\d+\.\d+\.\d+\S*)$/m },
  tree: {
    concerns: /(^|\/)(?:package-lock|npm-shrinkwrap)\.json$/,
    leaveOut: /(^|\/)\.npmrc$/,
    asking: { names: /(^|\/)(?:\.npmrc|\.nsprc|audit-ci\.jsonc?)$/ },
  },
  wholeExits: [0, 1],
  report: { from: "stdout", format: "npm-audit" },
  network: "source",
  plan({ production }) {
    const registry = process.env["TIDELOCK_NPM_REGISTRY"];
    return {
      argv: [
        "audit",
        "--json",
        "--package-lock-only",
        "--audit-level=info",
        "--fund=false",
        "--userconfig",
        "{home}/npmrc",
        "--globalconfig",
        "{home}/nothing",
        "--cache",
        "{home}/cache",
        // Said here although an .npmrc is left out: nothing of the tree may say where names go, and which count.
        ...(registry === undefined ? [] : ["--registry", registry]),
        "--https-proxy=null",
        "--proxy=null",
        // What is included goes before what is omitted elsewhere.
        ...(production ? ["--omit=dev"] : ["--include=dev"]),
        "--include=optional",
        "--include=peer",
      ],
      files: { npmrc: "update-notifier=false\nignore-scripts=true\n" },
      exclude: ["node_modules", "**/node_modules"],
      data: { advisories: `asked of ${registry ?? "npm's default registry"}` },
    };
  },
  read(report) {
    const failure = Failure.safeParse(report);
    if (failure.success) {
      const code = failure.data.error.code ?? "no reason given";
      return { exercised: {}, broken: `the source of advisories did not answer (${code})` };
    }
    const { dependencies } = Report.parse(report).metadata;
    const total = typeof dependencies === "number" ? dependencies : dependencies.total;
    return total === 0
      ? { exercised: { files: 1 }, thin: "the lock file names no dependency" }
      : { exercised: { files: 1, assertions: total } };
  },
});
