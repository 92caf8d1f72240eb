import type { Configuration } from "../../model/configuration.ts";
import type { Grades } from "../../model/decision.ts";
import type { GateFacts } from "../../model/gate-facts.ts";
import type { Evidence, Subject } from "../../policy/evidence.ts";
import type { WaiversInput } from "../../policy/waived.ts";
import type { CheckRunRow } from "../../store/schema.ts";
import { accessFacts } from "./access.ts";
import { approvalFacts } from "./approvals.ts";
import { changeFacts } from "./changes.ts";
import { checkFacts } from "./checks.ts";
import { configurationFacts } from "./configuration.ts";
import { evidenceFacts, materialAbout } from "./evidence.ts";
import { findingFacts } from "./findings.ts";
import { liveFacts } from "./live.ts";
import { releaseFacts } from "./release.ts";
import { reviewFacts } from "./reviews.ts";
import { sbomFacts } from "./sbom.ts";
import { environmentOf, type FactsSite } from "./site.ts";
import { waiverFacts } from "./waivers.ts";

/** What the gate has gathered already for its own parts. */
export interface Shown {
  readonly subject: Subject;
  readonly evidence: readonly Evidence[];
  /** Finished runs of this promotion that have their signed statement. */
  readonly runs: readonly CheckRunRow[];
  readonly grades: Grades;
  /** Accepted risks in this lane; absent where there are none. */
  readonly waivers?: WaiversInput | undefined;
  /** The plan's configuration, where it is not stored yet. */
  readonly given?: Configuration;
}

/** A return of traffic does not wait for facts that only say what they would have said. Milliseconds. */
const returnMs = 1_000;

/**
 * Everything that a gate's rules may read, gathered for every decision, so that rules which do not exist yet can be put
 * to it later. Undefined for a return whose facts are not there at once: nothing holds that up (law 9).
 */
export async function gateFacts(site: FactsSite, shown: Shown): Promise<GateFacts | undefined> {
  if (site.plan.kind !== "rollback") return gather(site, shown);
  const found = gather(site, shown).catch(() => undefined);
  return Promise.race([found, after(returnMs)]);
}

async function gather(site: FactsSite, shown: Shown): Promise<GateFacts> {
  const { plan, now } = site;
  const environment = await environmentOf(site);
  const requires = environment?.spec.requires;
  const material = await materialAbout(site, requires);
  const waivers = waiverFacts(site, shown.waivers);
  const [release, configuration, live, changes, findings, sbom, approvals, reviewed] =
    await Promise.all([
      releaseFacts(site),
      configurationFacts(site, shown.given ?? null),
      liveFacts(site),
      changeFacts(site),
      findingFacts(site),
      sbomFacts(site, requires, material),
      approvalFacts(site, shown.runs),
      reviewFacts(site, environment),
    ]);
  return {
    now: now.toISOString(),
    service: plan.lane.service,
    environment: {
      name: plan.lane.environment,
      // A document that nobody has is no reason to be mild.
      tier: environment?.spec.tier ?? "production",
    },
    colour: shown.subject.colour,
    release,
    configuration,
    live,
    changes,
    checks: checkFacts(site, shown),
    findings,
    sbom,
    ...reviewed,
    evidence: evidenceFacts(site, requires, material, sbom !== null),
    approvals,
    waivers,
    access: await accessFacts(site),
    grades: shown.grades,
  };
}

async function after(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, undefined).unref();
  });
}
