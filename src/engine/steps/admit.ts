import type { Configuration } from "../../model/configuration.ts";
import type { Plan } from "../../model/plan.ts";
import type { Pipeline } from "../../model/pipeline.ts";
import type { Release } from "../../model/release.ts";
import { asTidelockError } from "../../model/errors.ts";
import { type AdmissionInput, decideAdmission } from "../../policy/admission.ts";
import { bindingGaps, unprovenChecks } from "../../policy/binding-gaps.ts";
import type { Decided } from "../../policy/decide.ts";
import type { LedgerSays } from "../../policy/ledger-says.ts";
import { documentByDigest } from "../../store/queries/catalogue.ts";
import { givenKeys, resolveBindings } from "../slots/bindings.ts";
import { glassFacts } from "../break-glass/gather.ts";
import { checkRequirements } from "../attestations/attest-requirements.ts";
import { whyAnotherJob } from "../promotions/dedicated.ts";
import { droppedPredecessors } from "../decisions/dropped.ts";
import type { Engine } from "../engine.ts";
import { gradesOf, policyIn } from "../decisions/evidence.ts";
import { predecessorsOf } from "../promotions/predecessor-standing.ts";
import { groundsOfAdmission, ledgerSays } from "../ledger/grounds.ts";
import { holdUpsOf } from "../schedule/hold-ups.ts";
import { configurationOf } from "../slots/slot-spec.ts";
import { resultOf } from "./gate.ts";
import { failed, type StepDefinition } from "./step.ts";

/** May it start? Bytes, configuration and its secrets, predecessors, soak, grades. */
export const admit: StepDefinition<"admit"> = {
  kind: "admit",
  async run(context) {
    const { engine, plan, release, now } = context;
    const why = await whyAnotherJob(engine, plan);
    if (why !== null) return failed(why);
    const ledger = () => ledgerSays(engine, plan, () => groundsOfAdmission(context));
    const promotion = context.promotion.id;
    return resultOf(context, await admission(engine, plan, release, now, { ledger, promotion }));
  },
};

interface Asking {
  /** Absent: there is none yet. */
  readonly promotion?: string;
  /** The plan's configuration, where it is not stored yet. */
  readonly given?: Configuration;
  /** Asked last, when every other input was read: what was read is held against the ledger, not the reverse. */
  readonly ledger?: () => Promise<readonly LedgerSays[]>;
}

/** The decision of admission, now; `tidelock plan` shows the same one, not held against the ledger. */
export async function admission(
  engine: Engine,
  plan: Plan,
  release: Release,
  now: Date,
  { given, ledger, promotion = "" }: Asking,
): Promise<Decided> {
  const returning = plan.kind === "rollback";
  const configuration = given ?? (await configurationOf(engine, plan, plan.configuration));
  const pipeline = await documentByDigest<Pipeline>(engine.db, "Pipeline", plan.pipeline);
  const input: Omit<AdmissionInput, "ledger"> = {
    kind: plan.kind,
    ...plan.lane,
    release: plan.release,
    configuration: plan.configuration,
    ...policyIn(plan),
    now: now.toISOString(),
    preset: returning ? "baseline" : plan.gate,
    minimumIsolation: returning ? "none" : plan.minimumIsolation,
    grades: await gradesOf(engine, null),
    artifacts: await artifactStates(engine, release),
    keys: {
      needed: [...release.configuration, ...(pipeline?.spec.configuration ?? [])],
      given: givenKeys(configuration),
    },
    unresolved: await unresolvedSecrets(engine, plan, configuration),
    ...(returning ? {} : testBindings(engine, plan, configuration)),
    predecessors: returning ? [] : await predecessorsOf(engine, plan),
    ...(await droppedPredecessors(engine, plan)),
    // A return passes stale evidence (law 9): what was live here was admitted once.
    requirements: returning ? [] : await checkRequirements(engine, engine.db, plan, release, now),
    ...(await holdUpsOf(engine, plan, release, now)),
    ...(await glassFacts(engine, engine.db, { plan, promotion, now })),
    live: plan.live && { release: plan.live.release, configuration: plan.live.configuration },
  };
  return decideAdmission({ ...input, ledger: ledger ? await ledger() : null });
}

function testBindings(
  engine: Engine,
  plan: Plan,
  configuration: Configuration,
): Pick<AdmissionInput, "testBindings"> {
  const intrusive = intrusiveChecks(engine, plan);
  if (intrusive.length === 0) return {};
  // With `recreate` what is tested is what users meet next: it has the live bindings.
  const bindings = plan.strategy === "recreate" ? "live" : "isolated";
  const gaps = bindingGaps(configuration, bindings);
  const unproven = unprovenChecks(plan.checks, intrusive);
  return { testBindings: { intrusive, gaps, unproven } };
}

/** Demands that attack, write or load, by the adapter's own word; one whose word cannot be had counts. */
function intrusiveChecks(engine: Engine, { checks }: Plan): readonly string[] {
  const intrusive = checks.filter((demand) => {
    const adapter = engine.checks.get(demand.uses);
    if (demand.phase !== "deployed" || adapter === undefined) return false;
    if (typeof adapter.touch !== "function") return adapter.touch === "intrusive";
    const parsed = adapter.schema.safeParse(demand.with);
    return !parsed.success || adapter.touch(parsed.data) === "intrusive";
  });
  return intrusive.map(({ name }) => name);
}

async function artifactStates(
  engine: Engine,
  release: Release,
): Promise<AdmissionInput["artifacts"]> {
  return Promise.all(
    release.artifacts.map(async ({ name, digest }) => {
      if (!(await engine.content.has(digest))) return { name, digest, state: "missing" as const };
      try {
        await engine.content.verify(digest);
        return { name, digest, state: "verified" as const };
      } catch (error) {
        if (asTidelockError(error).code !== "digest-mismatch") throw error;
        return { name, digest, state: "mismatch" as const };
      }
    }),
  );
}

/** A reference to a secret that nobody has set stops here, not when a process starts without it. */
async function unresolvedSecrets(
  engine: Engine,
  plan: Plan,
  configuration: Configuration,
): Promise<string | null> {
  try {
    await resolveBindings(engine, plan.lane, configuration, "live");
    await resolveBindings(engine, plan.lane, configuration, "isolated");
    return null;
  } catch (error) {
    const { code, message, hint } = asTidelockError(error);
    if (code !== "not-found" && code !== "unsupported") throw error;
    return hint ? `${message}; ${hint}` : message;
  }
}
