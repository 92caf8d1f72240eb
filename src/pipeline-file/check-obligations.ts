import type { Problem } from "../model/errors.ts";
import { nearest } from "../model/nearest.ts";
import type { Document } from "../model/pipeline.ts";
import type { Proof } from "../model/requirements.ts";
import { vectors } from "../policy/obligations/vectors.ts";
import type { Placed } from "./cross-check.ts";
import type { Path } from "./read-yaml.ts";

interface Asked {
  readonly id: string;
  readonly environments?: readonly string[];
  readonly vector?: string | undefined;
  readonly proofs: readonly Proof[];
  readonly path: Path;
  readonly proofsAt: string;
}

/** Requirements and threats that nothing could ever meet: unknown checks, places and attacks; ids that are taken. */
export function checkObligations(
  documents: readonly Placed<Document>[],
  checks: ReadonlyMap<string, unknown>,
  limit: number,
): Problem[] {
  const problems: Problem[] = [];
  for (const { document, source } of documents) {
    const seen = new Set<string>();
    const places = placesOf(document);
    const wrong = (path: Path, message: string, hint: string) =>
      problems.push({ where: source.at(path), message, hint });
    const known = (path: Path, what: string, name: string, names: readonly string[]) => {
      if (names.includes(name)) return;
      const near = nearest(name, names);
      wrong(path, `there is no ${what} ${name}`, near === null ? `known are ${names.slice(0, 20).join(", ")}` : `did you mean ${near}?`); // prettier-ignore
    };
    for (const one of askedIn(document)) {
      if (seen.has(one.id)) {
        wrong([...one.path, "id"], `the id ${one.id} is taken`, "give each an id of its own");
      }
      seen.add(one.id);
      if (places !== null) {
        for (const [at, name] of (one.environments ?? []).entries()) {
          known([...one.path, "environments", at], "environment", name, places);
        }
      }
      if (one.vector !== undefined) {
        known([...one.path, "vector"], "attack", one.vector, vectors.map(({ id }) => id)); // prettier-ignore
      }
      for (const [at, proof] of one.proofs.entries()) {
        const path = [...one.path, one.proofsAt, at];
        known([...path, "uses"], "check", proof.uses, [...checks.keys()]);
        for (const [place, name] of (proof.in ?? []).entries()) {
          if (places !== null) known([...path, "in", place], "environment", name, places);
        }
      }
    }
    if (document.kind === "Pipeline" && places !== null) {
      for (const [at, name] of (document.spec.threatModel?.environments ?? []).entries()) {
        known(["spec", "threatModel", "environments", at], "environment", name, places);
      }
    }
    if (problems.length >= limit) break;
  }
  return problems.slice(0, limit);
}

/** Environments that a service's file may name; an environment's own document may name any. */
function placesOf(document: Document): readonly string[] | null {
  return document.kind === "Pipeline" ? document.spec.environments.map(({ name }) => name) : null;
}

function askedIn(document: Document): readonly Asked[] {
  const base: Path = document.kind === "Pipeline" ? ["spec"] : ["spec", "floor"];
  const required =
    document.kind === "Pipeline" ? document.spec.requirements : document.spec.floor.requirements;
  const threats = document.kind === "Pipeline" ? document.spec.threatModel?.threats : undefined;
  return [
    ...(required ?? []).map(({ id, environments, satisfiedBy }, at) => ({
      id,
      environments,
      proofs: satisfiedBy,
      path: [...base, "requirements", at],
      proofsAt: "satisfiedBy",
    })),
    ...(threats ?? []).map(({ id, vector, mitigatedBy }, at) => ({
      id,
      vector,
      proofs: mitigatedBy,
      path: [...base, "threatModel", "threats", at],
      proofsAt: "mitigatedBy",
    })),
  ];
}
