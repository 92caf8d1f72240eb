import { z } from "zod";
import { printable } from "../../../model/printable.ts";
import type { CheckReport } from "../../../model/verdict.ts";
import type { ScanReply } from "../protocol.ts";
import type { PackageList } from "./package-list.ts";

/** What a release comes to that names no package to judge. */
export const withoutPackagesSetting = {
  /**
   * `warn`: a release without any package is a `warn`, where nothing in its tree shows that it has some. The last
   * complete run of the demand must not have seen any either; whoever holds runs to the ones before sees to that.
   */
  withoutPackages: z.enum(["inconclusive", "warn"]).default("inconclusive"),
};

interface Scanned {
  readonly configuration: {
    readonly withoutPackages: "inconclusive" | "warn";
    readonly exclude: readonly string[];
  };
  readonly reply: ScanReply;
  readonly list: PackageList;
  /** How many packages of the release were judged. */
  readonly judged: number;
}

/** Options of the scan: signs are looked for only where they decide something. */
export function scanOptions({ withoutPackages }: Scanned["configuration"]) {
  return { signs: withoutPackages === "warn" };
}

/**
 * Says how many packages were judged, and what it means that none was. Only of a whole scan, and never milder
 * than `inconclusive` where the tree holds packages in a form that is not read.
 */
export function holdToPackages(report: CheckReport, scanned: Scanned): CheckReport {
  const { configuration, reply, list, judged } = scanned;
  const looked = configuration.withoutPackages === "warn";
  const exercised = {
    ...report.exercised,
    // One expectation, of every run that looks for signs: that nothing of others lies unread in the tree.
    ...(looked ? { assertions: 1 } : {}),
    packages: judged,
  };
  const counted = { ...report, exercised };
  const whole = report.verdict === "pass" || report.verdict === "inconclusive";
  if (judged > 0 || !whole) return counted;
  const say = (verdict: CheckReport["verdict"], why: string): CheckReport => ({
    ...counted,
    verdict,
    summary: `the release names no package${why}; ${report.summary}`,
  });
  if (!looked) {
    return say(
      "inconclusive",
      " (where it is meant to have none, write `withoutPackages: warn` and `allowWarn: true` into this demand)",
    );
  }
  const { signs = [] } = list;
  if (signs.length > 0) {
    const named = signs.slice(0, 3).map((path) => printable(path, 200));
    const more = signs.length > 3 ? ` and ${signs.length - 3} more` : "";
    return say("inconclusive", `, and holds what packages come in: ${named.join(", ")}${more}`);
  }
  if (configuration.exclude.length > 0) {
    return say("inconclusive", ", and what `exclude` leaves out was not looked at");
  }
  if (reply.unreadCount > 0) {
    return say("inconclusive", `, and ${reply.unreadCount} of its files could not be examined`);
  }
  return say("warn", ", as `withoutPackages: warn` lets it, and nothing in it looks like one");
}
