import { z } from "zod";
import { firstInstance } from "../tool/target.ts";
import { toolCheck } from "../tool/tool-check.ts";
import { ZapConfiguration } from "./schema.ts";

const Report = z.object({
  site: z.array(
    z.object({
      "@name": z.string(),
      alerts: z.array(z.object({ instances: z.array(z.unknown()).nullish() })).default([]),
    }),
  ),
});

/**
 * ZAP's quick scan: crawls and attacks the first instance. `-silent` keeps it from asking its authors for
 * anything. It says nowhere what it requested, so that a site without any alert, which even a clean service's
 * headers give, is inconclusive.
 */
export const zap = toolCheck({
  id: "zap",
  schema: ZapConfiguration,
  touch: "intrusive",
  scans: ["dast"],
  cost: "expensive",
  disturbs: ["data", "load", "sessions"],
  sensitiveTo: ["availability", "load"],
  programs: ["zap.sh", "zaproxy"],
  install: "snap install zaproxy --classic",
  proof: {
    kind: "unproven",
    why: "its core starts only with add-ons that could not be had; its parser is proven on a published report",
  },
  version: { argv: ["-cmd", "-version", "-dir", "{home}/probe"], pattern: /^(\d+\.\d+\.\d+)$/m },
  tree: null,
  wholeExits: [0],
  report: { from: "file", format: "zap", name: "report.json" },
  network: "target",
  plan({ start }, context) {
    const target = new URL(start, firstInstance(context));
    return {
      argv: [
        "-cmd",
        "-silent",
        "-dir",
        "{home}/session",
        "-quickurl",
        target.href,
        "-quickout",
        "{report}",
      ],
      expect: { origin: target.origin },
    };
  },
  read(report, { plan }) {
    const { site } = Report.parse(report);
    const own = site.filter((one) => one["@name"] === plan.expect?.["origin"]);
    const seen = own.flatMap(({ alerts }) => alerts.flatMap((alert) => alert.instances ?? []));
    const exercised = { requests: seen.length };
    return own.length === 0
      ? { exercised, thin: "its report names no page of the service" }
      : { exercised };
  },
});
