import { TidelockError } from "../../model/errors.ts";
import type { CheckReport, Verdict } from "../../model/verdict.ts";
import type { Check, CheckContext } from "../../ports/check.ts";
import { judge } from "./judge.ts";
import { ManifestConfiguration } from "./schema.ts";

/**
 * Holds what really is on a colour against what its promotion says: files with modes and owners, the
 * configuration as it was delivered, processes, what they were started with, and ports. On the idle colour
 * before the switch; in `phase: live` it compares what users meet with the revision that was promoted.
 */
export const manifest: Check<typeof ManifestConfiguration> = {
  id: "manifest",
  schema: ManifestConfiguration,
  touch: "passive",
  cost: "cheap",
  disturbs: [],
  sensitiveTo: ["availability"],
  judgedBy: "itself",
  purpose: "security",
  run: runManifest,
};

async function runManifest(
  context: CheckContext,
  configuration: ManifestConfiguration,
): Promise<CheckReport> {
  const { slot } = context;
  if (slot === null || context.manifest === undefined) {
    throw new TidelockError("unsupported", "nothing is deployed that could be compared", {
      fault: "operator",
      where: "phase",
      hint: "use `phase: deployed` or `live`",
    });
  }
  const comparison = await context.manifest();
  if (!comparison.seen.visible) {
    throw new TidelockError("unsupported", "this system does not show its processes (no /proc)");
  }
  const ports = await context.agent.call("slot.ports", { slot });
  const results = [...judge(comparison, ports, configuration)];
  const verdict = worst(results);
  const first = results.find((result) => result.verdict === verdict);
  const wrong = results.filter((result) => result.verdict !== "pass").length;
  const more = wrong > 1 ? ` (and ${wrong - 1} more)` : "";
  const { entries, processes } = comparison.seen;
  return {
    verdict,
    summary:
      verdict === "pass"
        ? `${entries} files, ${comparison.keys.length} keys, ${processes.length} processes and ${ports.listening.length} ports are as the promotion says`
        : `${first?.name}: ${first?.message}${more}`,
    exercised: {
      requests: 0,
      assertions: results.length + comparison.keys.length + processes.length,
      files: entries,
    },
    tools: {},
    data: {
      release: comparison.expected.release,
      configuration: comparison.expected.configuration,
    },
    results,
  };
}

const worstFirst: readonly Verdict[] = ["fail", "inconclusive", "warn", "pass"];

function worst(results: CheckReport["results"]): Verdict {
  return worstFirst.find((one) => results.some(({ verdict }) => verdict === one)) ?? "inconclusive";
}
