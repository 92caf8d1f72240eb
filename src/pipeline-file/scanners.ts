import type { CheckDemand } from "../model/pipeline.ts";
import type { ProgramsByKind, Scanner } from "../model/diversity.ts";
import { countPrograms } from "../model/diversity.ts";
import type { Check } from "../ports/check.ts";

/** What is known of an adapter here. */
export type ScannerKind = Pick<Check, "scans" | "engine">;

/** What the demanded checks count as: those that scan, with what finds their hits. */
export function scannersOf(
  checks: readonly CheckDemand[],
  adapters: ReadonlyMap<string, ScannerKind>,
): readonly Scanner[] {
  return checks.flatMap((demand) => {
    const adapter = adapters.get(demand.uses);
    const kinds = adapter?.scans ?? [];
    const engine = adapter?.engine ?? demand.uses;
    return kinds.length === 0 ? [] : [{ check: demand.name, engine, kinds: [...kinds] }];
  });
}

/** Why these demands can never show as many different programs as are asked; null when they can. */
export function diversityProblem(
  asked: ProgramsByKind | undefined,
  checks: readonly CheckDemand[],
  adapters: ReadonlyMap<string, ScannerKind>,
): { readonly message: string; readonly hint: string } | null {
  if (asked === undefined) return null;
  // What runs after the switch says nothing at the gate.
  const before = checks.filter(({ phase }) => phase !== "live");
  const short = countPrograms(asked, scannersOf(before, adapters)).find(
    (one) => one.engines.length < one.asked,
  );
  if (short === undefined) return null;
  const { kind, engines } = short;
  const there =
    engines.length === 0
      ? "none is"
      : `only ${engines.join(", ")} ${engines.length === 1 ? "is" : "are"}`;
  const able = [...adapters]
    .filter(([, { scans }]) => scans?.includes(kind))
    .filter(([id, { engine }]) => !engines.includes(engine ?? id))
    .map(([id]) => id);
  return {
    message: `\`diversity\` asks for ${short.asked} different programs of kind ${kind}, and ${there} demanded before the switch`,
    hint:
      able.length === 0
        ? "ask for fewer"
        : `demand another check of that kind (${able.sort().join(", ")}), or ask for fewer`,
  };
}
