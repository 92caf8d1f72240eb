import { replay } from "../../../src/policy/replay.ts";
import { canonicalJson } from "../../../src/model/canonical.ts";
import { findings, gateInput, rules } from "./decisions.ts";

/**
 * Releases whose decisions are made again after one advisory, from their kept inputs with one more finding each, and
 * how long that takes in seconds. The decisions themselves: what finds the releases and writes them down is not in it.
 */
export function reevaluate(releases: number, perRelease: number): number {
  const kept = Array.from({ length: Math.min(releases, 100) }, (_, at) =>
    canonicalJson({
      kind: "gate",
      preset: "strict",
      ...gateInput(findings(perRelease + (at % 10)), rules(10)),
    }),
  );
  const start = performance.now();
  let denied = 0;
  for (let at = 0; at < releases; at += 1) {
    const text = kept[at % kept.length] ?? "";
    const worse = text.replace('"severity":"high"', '"severity":"critical"');
    const again = replay(worse);
    if (!again.ok) throw new Error(again.problem);
    if (again.decided.decision.outcome === "deny") denied += 1;
  }
  if (denied !== releases) throw new Error(`${denied} of ${releases} were denied`);
  return (performance.now() - start) / 1_000;
}
