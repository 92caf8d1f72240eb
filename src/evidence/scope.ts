import type { Colour, Digest } from "../model/primitives.ts";
import type { ReleaseRequirements } from "../model/producers.ts";
import { Address } from "./address.ts";
import { checkRun } from "./predicates/check-run.ts";
import { completion } from "./predicates/completion.ts";
import { decision } from "./predicates/decision.ts";
import { deployment } from "./predicates/deployment.ts";
import { laneOfUri, Summary, summary, verifierId } from "./predicates/summary.ts";
import { placeOfTest, testResult } from "./predicates/test-result.ts";
import { bad, good, type Result } from "./result.ts";
import type { Statement } from "./statement.ts";

/** Where a statement was made, as far as it says: what was shown in testing says nothing of production (law 3). */
export interface MadeFor {
  readonly service: string;
  readonly environment: string;
  /** Null where the statement names none. */
  readonly colour: Colour | null;
  readonly configuration: Digest | null;
  readonly release: Digest | null;
}

/** What is about to happen, for which something is demanded. */
export interface AskedFor {
  readonly service: string;
  readonly environment: string;
  readonly colour: Colour;
  readonly configuration: Digest;
}

type Demand = ReleaseRequirements["attestations"][number];

/** Kinds of ours whose predicate has an address, and has to have one. */
const addressed: readonly string[] = [
  checkRun.type,
  decision.type,
  deployment.type,
  completion.type,
];

const ourUris = "tidelock:service/";

/** Null for a statement that names no environment: somebody else's test result, a licence, a scan. */
export function madeFor({ predicateType, predicate }: Statement): Result<MadeFor | null> {
  if (addressed.includes(predicateType)) {
    const address = Address.safeParse(predicate["address"]);
    return address.success ? good(address.data) : bad("it does not say where it was made");
  }
  if (predicateType === testResult.type) {
    const place = placeOfTest(predicate);
    const claims = place === null && JSON.stringify(predicate["configuration"])?.includes(ourUris);
    return claims === true ? bad("it does not say readably where it was made") : good(place);
  }
  if (predicateType !== summary.type) return good(null);
  const read = Summary.safeParse(predicate);
  if (!read.success) return bad("it is no verification summary that can be read");
  const lane = laneOfUri(read.data.resourceUri);
  if (lane !== null) return good({ ...lane, colour: null, configuration: null, release: null });
  const ours = read.data.verifier.id === verifierId;
  return ours ? bad(`it is for ${read.data.resourceUri.slice(0, 200)}`) : good(null);
}

/**
 * Whether a statement was made for what is demanded; null when it was, else one sentence. A statement of ours
 * counts for its own environment alone: the one that is asked about, unless the demand names another. A statement
 * that names no environment counts where the demand names none.
 *
 * @param asked null where nothing says for which environment it is (`release verify`): then the demand has to
 */
export function scopeProblem(
  found: MadeFor | null,
  release: Digest,
  demand: Pick<Demand, "environment" | "colour" | "configuration">,
  asked: AskedFor | null,
): string | null {
  const environment = demand.environment ?? asked?.environment;
  if (found === null) {
    const named = demand.environment ?? demand.colour ?? demand.configuration;
    return named === undefined
      ? null
      : `it does not say where it was made, and ${named} is demanded`;
  }
  if (environment === undefined) {
    return `it was made for environment ${found.environment}, and the demand does not say which one counts (environment: …)`;
  }
  const here = asked?.environment === environment ? asked : null;
  const wanted: readonly (readonly [string, string | null, string | undefined])[] = [
    ["environment", found.environment, environment],
    ["service", found.service, asked?.service],
    ["release", found.release ?? release, release],
    // What the plan has only binds in its own environment; what the demand writes binds everywhere.
    ["colour", found.colour, demand.colour ?? (found.colour === null ? undefined : here?.colour)],
    [
      "configuration",
      found.configuration,
      demand.configuration ?? (found.configuration === null ? undefined : here?.configuration),
    ],
  ];
  for (const [what, is, expected] of wanted) {
    if (expected === undefined || is === expected) continue;
    return `it was made for ${what} ${is ?? "none"}, and ${expected} is demanded`;
  }
  return null;
}
