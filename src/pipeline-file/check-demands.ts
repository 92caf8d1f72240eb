import { z } from "zod";
import { needProblems } from "../model/check-needs.ts";
import type { Problem } from "../model/errors.ts";
import type { CheckDemand, Document, Profile } from "../model/pipeline.ts";
import type { Placed } from "./cross-check.ts";
import { explainIssues } from "./explain.ts";
import { nearest } from "../model/nearest.ts";
import { peopleProfiles } from "./people-profiles.ts";
import { profiles } from "./profiles.ts";
import type { Path } from "./read-yaml.ts";
import { type CheckKind, touchOf, whereUsersAre } from "./where-users-are.ts";

/**
 * Whether every check names an adapter that there is, tells it what it understands, and meets users only
 * where it does not hurt.
 */
export function checkDemands(
  documents: readonly Placed<Document>[],
  adapters: ReadonlyMap<string, CheckKind>,
  limit: number,
): Problem[] {
  const problems: Problem[] = [];
  for (const { document, source } of documents) {
    for (const { demand, path, strategy } of demandsOf(document)) {
      const room = limit - problems.length;
      if (room <= 0) return problems;
      const kind = adapters.get(demand.uses);
      if (kind === undefined) {
        const known = [...adapters.keys()].sort();
        const near = nearest(demand.uses, known);
        problems.push({
          where: source.at([...path, "uses"]),
          message: `there is no check adapter \`${demand.uses}\``,
          hint: `${near === null ? "" : `did you mean \`${near}\`? `}(one of ${known.join(", ")})`,
        });
        continue;
      }
      const parsed = z.safeParse(kind.schema, demand.with);
      if (!parsed.success) {
        const held = { schema: kind.schema, source, base: [...path, "with"] };
        problems.push(...explainIssues(held, parsed.error.issues, room));
        continue;
      }
      const where = whereUsersAre(demand, strategy);
      if (where === null || touchOf(kind, parsed.data) !== "intrusive") continue;
      problems.push({
        where: source.at([...path, where.field]),
        message: `${demand.name} is intrusive (it attacks, writes or loads), and ${where.why}`,
        hint: where.hint,
      });
    }
  }
  return problems;
}

/** What no adapter has to be known for: what checks need of each other, and who waits for whom. */
export function checkGraphs(documents: readonly Placed<Document>[], limit: number): Problem[] {
  const problems: Problem[] = [];
  const floors = new Map(
    documents.flatMap(({ document }) =>
      document.kind === "Environment"
        ? [[document.metadata.name, document.spec.floor.checks] as const]
        : [],
    ),
  );
  for (const { document, source } of documents) {
    for (const { checks, path, environment, profile } of listsOf(document)) {
      const floor = floors.get(environment);
      // A floor that stands elsewhere may have any check; the server knows.
      const elsewhere = (name: string): boolean =>
        floor === undefined ||
        floor.some((check) => check.name === name) ||
        (profile !== undefined &&
          [...profiles[profile], ...peopleProfiles[profile]].some((one) => one.name === name));
      const own = document.kind === "Environment" ? () => false : elsewhere;
      for (const { index, position, message, hint } of needProblems(checks, own)) {
        problems.push({ where: source.at([...path, index, "needs", position]), message, hint });
      }
      for (const [index, check] of checks.entries()) {
        const wrong = bandProblem(check);
        if (wrong === null) continue;
        problems.push({ where: source.at([...path, index, "outOfBand"]), ...wrong });
      }
    }
  }
  return problems.slice(0, limit);
}

/** Who is not waited for must find its subject still there when it gets to it. */
function bandProblem(check: CheckDemand): { message: string; hint: string } | null {
  if (!check.outOfBand) return null;
  if (check.phase !== "static") {
    return {
      message: `${check.name} cannot be out of band: the instances that it tests may be replaced before it ends`,
      hint: "let the promotion wait for it, or write `phase: static`",
    };
  }
  if (check.exclusive) {
    return {
      message: `${check.name} cannot have the environment alone and be out of band`,
      hint: "leave out one of the two",
    };
  }
  return null;
}

function listsOf(document: Document): {
  checks: readonly CheckDemand[];
  path: Path;
  environment: string;
  profile?: Profile | undefined;
}[] {
  return document.kind === "Environment"
    ? [
        {
          checks: document.spec.floor.checks,
          path: ["spec", "floor", "checks"],
          environment: document.metadata.name,
        },
      ]
    : document.spec.environments.map((lane, index) => ({
        checks: lane.checks,
        path: ["spec", "environments", index, "checks"],
        environment: lane.name,
        profile: lane.profile,
      }));
}

interface PlacedDemand {
  readonly demand: CheckDemand;
  readonly path: Path;
  /** Null for a floor: it holds for any. */
  readonly strategy: "blue-green" | "recreate" | null;
}

function demandsOf(document: Document): PlacedDemand[] {
  const placed = (
    checks: readonly CheckDemand[],
    path: Path,
    strategy: PlacedDemand["strategy"],
  ): PlacedDemand[] =>
    checks.map((demand, index) => ({ demand, path: [...path, index], strategy }));
  return document.kind === "Environment"
    ? placed(document.spec.floor.checks, ["spec", "floor", "checks"], null)
    : document.spec.environments.flatMap((lane, index) =>
        placed(lane.checks, ["spec", "environments", index, "checks"], lane.strategy),
      );
}
