import { z } from "zod";
import type { Problem } from "../model/errors.ts";
import type { CheckDemand, Document } from "../model/pipeline.ts";
import type { Placed } from "./cross-check.ts";
import { explainIssues } from "./explain.ts";
import { nearest } from "./nearest.ts";
import type { Path } from "./read-yaml.ts";

/** Whether every check names an adapter that there is, and tells it what it understands. */
export function checkDemands(
  documents: readonly Placed<Document>[],
  adapters: ReadonlyMap<string, z.core.$ZodType>,
  limit: number,
): Problem[] {
  const problems: Problem[] = [];
  for (const { document, source } of documents) {
    for (const { demand, path } of demandsOf(document)) {
      const room = limit - problems.length;
      if (room <= 0) return problems;
      const schema = adapters.get(demand.uses);
      if (schema === undefined) {
        const known = [...adapters.keys()].sort();
        const near = nearest(demand.uses, known);
        problems.push({
          where: source.at([...path, "uses"]),
          message: `there is no check adapter \`${demand.uses}\``,
          hint: `${near === null ? "" : `did you mean \`${near}\`? `}(one of ${known.join(", ")})`,
        });
        continue;
      }
      const parsed = z.safeParse(schema, demand.with);
      if (parsed.success) continue;
      const held = { schema, source, base: [...path, "with"] };
      problems.push(...explainIssues(held, parsed.error.issues, room));
    }
  }
  return problems;
}

function demandsOf(document: Document): { demand: CheckDemand; path: Path }[] {
  const placed = (checks: readonly CheckDemand[], path: Path) =>
    checks.map((demand, index) => ({ demand, path: [...path, index] }));
  return document.kind === "Environment"
    ? placed(document.spec.floor.checks, ["spec", "floor", "checks"])
    : document.spec.environments.flatMap((lane, index) =>
        placed(lane.checks, ["spec", "environments", index, "checks"]),
      );
}
