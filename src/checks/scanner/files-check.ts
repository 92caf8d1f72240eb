import type { CheckContext } from "../../ports/check.ts";
import type { CheckReport } from "../../model/verdict.ts";
import type { Hit, ScanReply } from "./protocol.ts";
import {
  againstBaseline,
  hitResults,
  scanFailed,
  scanReport,
  type ScannerFacts,
  type ScanResults,
} from "./report.ts";
import { childBeside, runScan } from "./run-scan.ts";
import type { ScanSettings } from "./settings.ts";

export interface FilesCheck {
  readonly facts: ScannerFacts;
  /** `import.meta.url` of the adapter: its `child` stands beside it. */
  readonly beside: string;
  readonly heapMb?: number;
}

/**
 * The run of a check whose hits the child finds by itself: scan the release, and the live one where the
 * configuration asks to compare with it.
 */
export async function runFilesCheck(
  { facts, beside, heapMb }: FilesCheck,
  context: CheckContext,
  settings: ScanSettings & { readonly baseline?: "none" | "live" },
  options: unknown,
  more: (reply: ScanReply) => Partial<ScanResults> = () => ({}),
): Promise<CheckReport> {
  const scan = (of: Pick<CheckContext, "tree" | "readTree">) =>
    runScan(context, {
      program: childBeside(beside),
      tree: of.tree,
      readTree: of.readTree,
      options,
      exclude: settings.exclude,
      ...(heapMb === undefined ? {} : { heapMb }),
    });
  const end = await scan(context);
  if (end.kind === "failed") return scanFailed(facts, end);
  const own = hitResults(end.reply.hits);
  const found = { results: own, count: end.reply.hitCount, ...more(end.reply) };
  if (settings.baseline !== "live") return scanReport(facts, settings, end.reply, found);

  const live = context.live ?? null;
  if (live === null) {
    const remarks = [
      ...(found.remarks ?? []),
      "there is no live release to compare with: all are new",
    ];
    return scanReport(facts, settings, end.reply, { ...found, remarks });
  }
  const before = live.tree === context.tree ? end : await scan(live);
  if (before.kind === "failed") {
    return scanFailed(facts, { kind: "failed", why: `of the live release: ${before.why}` });
  }
  return scanReport(
    facts,
    settings,
    end.reply,
    compared(found, before.reply.hits, live.releaseName, live.release),
  );
}

/** Hits of the live release that were cut off would make old hits look new, which errs on the bad side. */
function compared(
  found: ScanResults,
  live: readonly Hit[],
  name: string,
  release: string,
): ScanResults {
  const results = againstBaseline(found.results, live);
  const fresh = results.filter(({ baseline }) => baseline === "new").length;
  const remark = `${fresh} of them new against the live release ${name}`;
  return {
    ...found,
    results,
    remarks: [...(found.remarks ?? []), remark],
    data: { ...found.data, baseline: release },
  };
}
