import type { Reason } from "../../model/decision.ts";
import {
  keepRedecisions,
  type Redecision,
  type Standing,
} from "../../store/queries/contradictions.ts";
import { announce } from "../../store/queries/events.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { attestRedecisions } from "./attest.ts";
import type { DecidedAgain } from "./decide-again.ts";

/**
 * Records what has changed: a contradiction, another one than was known, or that it stands again. What stands as before is
 * no event. Answers how many were recorded.
 */
export async function keep(
  engine: Engine,
  tx: Db,
  decided: readonly DecidedAgain[],
  causeOf: (standing: Standing) => string,
): Promise<number> {
  const fresh = decided.flatMap(({ standing, found }) => {
    if (found === null) return [];
    const reason = found.contradicted.length === 0 ? null : reasonOf(found.contradicted);
    if (reason === standing.contradicted_reason) return [];
    if (found.decided === null) throw new Error("a decision that changes something was not kept");
    return [{ standing, decided: found.decided, reason, cause: causeOf(standing) }];
  });
  const attestations = await attestRedecisions(engine, tx, fresh);
  const made = fresh.map((one, at): Redecision => {
    const attestation = attestations[at];
    if (attestation === undefined) throw new Error("a decision has no statement");
    return { ...one, attestation };
  });
  await keepRedecisions(tx, made);
  await announce(tx, ...made.map(eventOf));
  return made.length;
}

const longest = 2_000;

function reasonOf(grounds: readonly Reason[]): string {
  return grounds
    .map(({ message }) => message)
    .join("; ")
    .slice(0, longest);
}

function eventOf({ standing, reason, cause }: Redecision) {
  const { service, environment, promotion, place } = standing;
  const what = place === "live" ? "what is live" : "what could take the traffic back";
  return {
    kind: reason === null ? "release.stands-again" : "release.contradicted",
    service,
    environment,
    promotion,
    message:
      reason === null
        ? `decided again: ${what} stands again (${cause})`
        : `decided again, deny: ${what} is contradicted: ${reason} (${cause})`,
  };
}
