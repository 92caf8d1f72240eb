import type { GateDemand, GateView } from "../../api/views/gate.ts";
import { TidelockError } from "../../model/errors.ts";
import { canonicalJson } from "../../model/canonical.ts";
import type {
  CheckDemand,
  Environment,
  GatePreset,
  Pipeline,
  PipelineEnvironment,
} from "../../model/pipeline.ts";
import { applyFloor } from "../../policy/floor.ts";
import { strongerIsolation, presetIsolation } from "../../policy/grades.ts";
import { demandedBefore } from "../../policy/policy-of.ts";
import { span } from "../../policy/predecessors.ts";
import { registeredEnvironment } from "../../store/queries/catalogue.ts";
import type { Engine } from "../engine.ts";
import { laneDocuments } from "../promotions/plan-inputs.ts";

type Origin = GateDemand["from"];
type Floor = Environment["spec"]["floor"];

/** What an environment's gate asks, in words, and who asks for it. */
export async function showGate(
  engine: Engine,
  name: string,
  service: string | undefined,
): Promise<GateView> {
  const row = await registeredEnvironment(engine.db, name);
  if (!row) {
    throw new TidelockError("not-found", `no environment ${name} is registered`, {
      fault: "operator",
      where: name,
      hint: "see them: tidelock pipeline list",
    });
  }
  const environment = row.document;
  const lane = service === undefined ? null : { service, environment: name };
  const pipeline = lane && (await laneDocuments(engine.db, lane)).pipeline.document;
  return {
    environment: name,
    tier: environment.spec.tier,
    service: service ?? null,
    demands: [...demandsOf(environment, pipeline)],
  };
}

/** Pure. Without a pipeline: what every service meets there. */
export function demandsOf(environment: Environment, pipeline: Pipeline | null): GateDemand[] {
  const { floor, requires } = environment.spec;
  const wish = pipeline?.spec.environments.find(({ name }) => name === environment.metadata.name);
  const demands = wish && applyFloor(wish, floor);
  const gate = demands?.gate ?? floor.gate;
  const isolation =
    demands?.minimumIsolation ?? strongerIsolation(floor.isolation, presetIsolation(gate));
  const from: Origin = gate === floor.gate ? "floor" : "pipeline";
  return [
    { what: "preset", name: gate, text: presetText[gate], from },
    ...checksOf(demands?.checks ?? floor.checks, floor),
    ...rulesOf(floor, wish),
    ...predecessorsText(environment, pipeline),
    ...soakOf(demands?.soakMs ?? floor.minimumSoak, floor),
    ...isolationOf(isolation, floor),
    ...diversityOf(demands?.diversity ?? floor.diversity, floor),
    ...requiresOf(requires),
  ];
}

const presetText: Readonly<Record<GatePreset, string>> = {
  baseline:
    "every check that is asked for has to pass; missing, stale, partial, inconclusive and errored ones deny like a failure",
  strict:
    "as baseline, and: at least one check of the deployed release, a proof of whose process answered, isolation of separate users, and nothing under test that could reach what is live",
};

function checksOf(checks: readonly CheckDemand[], floor: Floor): GateDemand[] {
  const owners = new Set(floor.checks.map(canonicalJson));
  return checks.map((check) => ({
    what: "check",
    name: check.name,
    text: checkText(check),
    from: owners.has(canonicalJson(check)) ? "floor" : "pipeline",
  }));
}

function checkText({ uses, phase, allowWarn, outOfBand }: CheckDemand): string {
  const where = { static: "before anything is deployed", deployed: "on the idle colour" } as const;
  const when = phase === "live" ? "while users are there, so no ground of the gate" : where[phase];
  const passes = allowWarn ? "has to pass or warn" : "has to pass";
  return `${uses}, ${when}: ${passes}${outOfBand ? "; nobody waits for it" : ""}`;
}

function rulesOf(floor: Floor, wish: PipelineEnvironment | undefined): GateDemand[] {
  const say = (from: "floor" | "pipeline") =>
    (from === "floor" ? (floor.rules ?? []) : (wish?.rules ?? [])).map((rule) => ({
      what: "rule",
      name: rule.name,
      text: rule.because ? `${rule.require}  # ${rule.because}` : rule.require,
      from,
    }));
  return [...say("floor"), ...say("pipeline")];
}

function predecessorsText(environment: Environment, pipeline: Pipeline | null): GateDemand[] {
  const owners = environment.spec.floor.after ?? [];
  const before = pipeline ? demandedBefore(pipeline, environment) : owners;
  return before.map((name) => ({
    what: "predecessor",
    name,
    text: `${name} has to have verified the very release first`,
    from: owners.includes(name) ? "floor" : "pipeline",
  }));
}

function soakOf(soakMs: number, floor: Floor): GateDemand[] {
  if (soakMs === 0) return [];
  const from = soakMs === floor.minimumSoak ? "floor" : "pipeline";
  const text = `live and healthy here for ${span(soakMs)} in a row before it goes further`;
  return [{ what: "soak", name: null, text, from }];
}

function isolationOf(isolation: Floor["isolation"], floor: Floor): GateDemand[] {
  if (isolation === "none") return [];
  const text = `services and checks run with isolation ${isolation} or better`;
  const from = isolation === floor.isolation ? "floor" : "preset";
  return [{ what: "isolation", name: isolation, text, from }];
}

function diversityOf(asked: Floor["diversity"], floor: Floor): GateDemand[] {
  return Object.entries(asked ?? {}).map(([kind, programs]) => ({
    what: "diversity",
    name: kind,
    text: `${programs} different programs of the kind ${kind} have to pass`,
    from:
      floor.diversity?.[kind as keyof typeof floor.diversity] === programs ? "floor" : "pipeline",
  }));
}

function requiresOf(requires: Environment["spec"]["requires"]): GateDemand[] {
  if (requires === undefined) return [];
  const by = (names: readonly string[]) => names.join(" or ");
  const say = (what: string, text: string): GateDemand => ({
    what,
    name: null,
    text,
    from: "floor",
  });
  return [
    ...requires.signature.map((one) => say("signature", `signed by ${by(one.by)}`)),
    ...requires.provenance.map((one) =>
      say("provenance", `provenance by ${one.builder}, signed by ${by(one.by)}`),
    ),
    ...(requires.sbom ? [say("sbom", sbomText(requires.sbom.by))] : []),
    ...requires.attestations.map((one) =>
      say("attestation", `a statement of ${one.predicateType} by ${by(one.by)}`),
    ),
  ];
}

function sbomText(by: readonly string[] | undefined): string {
  return by ? `an SBOM signed by ${by.join(" or ")}` : "an SBOM";
}
