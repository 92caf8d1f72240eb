import { z } from "zod";
import { toolCheck } from "../tool/tool-check.ts";
import { firstInstance } from "../tool/target.ts";
import { WapitiConfiguration } from "./schema.ts";

const Report = z.object({
  vulnerabilities: z.record(z.string(), z.array(z.unknown())),
  infos: z.object({ target: z.string() }),
});

/**
 * Active web scan. It stays below the address it is given (`--scope folder`) and follows no redirect out of
 * it; what would have it answered elsewhere (endpoints of its authors) points to a closed loopback port. It
 * ends with 0 and a clean report when nothing answers: what it saw is taken from its own log.
 */
export const wapiti = toolCheck({
  id: "wapiti",
  schema: WapitiConfiguration,
  touch: "intrusive",
  scans: ["dast"],
  cost: "expensive",
  disturbs: ["data", "load", "sessions"],
  sensitiveTo: ["availability", "load"],
  programs: ["wapiti"],
  install: "apt-get install wapiti",
  proof: { kind: "proven", version: "3.0.4 and 3.2.3" },
  version: { argv: ["--version"], pattern: /^(?:Wapiti )?(\d+\.\d+\.\d+)$/m },
  probes: [["--help"]],
  argvIf: [{ probe: 1, says: "--dns-endpoint", argv: ["--dns-endpoint", "localhost"] }],
  tally: /^\[\+\] ((?:GET|POST|PUT|PATCH|DELETE|HEAD) \S{1,500})/,
  tree: null,
  wholeExits: [0],
  report: { from: "file", format: "wapiti" },
  network: "target",
  plan({ modules, start, minimumPages, depth, exclude }, context) {
    const target = new URL(start, firstInstance(context));
    return {
      argv: [
        "-u",
        target.href,
        "--scope",
        "folder",
        "-m",
        modules.join(","),
        "-d",
        String(depth),
        ...exclude.flatMap((path) => ["-x", `${target.origin}${path}`]),
        "--flush-session",
        "--store-session",
        "{home}/session",
        "--store-config",
        "{home}/config",
        "--endpoint",
        "http://127.0.0.1:9/",
        "--no-bugreport",
        "--verbose",
        "2",
        "-f",
        "json",
        "-o",
        "{report}",
      ],
      expect: { minimumPages, target: [target.href] },
    };
  },
  read(report, { stdout, tally, plan }) {
    const { infos } = Report.parse(report);
    if (infos.target !== plan.expect?.["target"]?.toString()) {
      return { exercised: {}, broken: `its report is about ${infos.target}` };
    }
    const least = Number(plan.expect["minimumPages"]);
    const routes = tally.different;
    const failed = /\[!\] .{0,20}(?:error|Error|timeout).{0,200}/.exec(stdout)?.[0];
    const exercised = { requests: tally.lines, routes };
    if (routes <= 1 && failed !== undefined) return { exercised: {}, broken: failed };
    return routes < least
      ? { exercised, thin: `it saw ${routes} addresses, at least ${least} are expected` }
      : { exercised };
  },
});
