import type { RequirementReport } from "../../api/views/gate.ts";
import type { Environment } from "../../model/pipeline.ts";
import type { ReleaseRow } from "../../store/schema.ts";
import { TidelockError } from "../../model/errors.ts";
import { digestBytes, utf8 } from "../../evidence/bytes.ts";
import { obligationsIn } from "../../policy/obligations/asked.ts";
import type { ObligationInput } from "../../policy/obligations/grounds.ts";
import { type ReportedObligation, reportOf } from "../../policy/obligations/report.ts";
import { readInputs } from "../../policy/replay.ts";
import { readPlan } from "../../strategies/plan.ts";
import {
  documentByDigest,
  readRelease,
  registeredEnvironment,
  registeredPipeline,
} from "../../store/queries/catalogue.ts";
import { keptDecisions } from "../../store/queries/decisions.ts";
import { existingPromotion } from "../promotions/abort.ts";
import type { Engine } from "../engine.ts";
import { obligationsOf } from "../decisions/obligations.ts";
import { findRelease } from "../promotions/plan-inputs.ts";
import { clock } from "./now.ts";

type Place = RequirementReport["environments"][number];

/** Pass, fail or not run of each requirement and threat: of a promotion in its environment, of a release in all. */
export async function requirementReport(
  engine: Engine,
  of: { readonly promotion: string } | { readonly service: string; readonly release: string },
): Promise<RequirementReport> {
  return "promotion" in of
    ? ofPromotion(engine, of.promotion)
    : ofRelease(engine, of.service, of.release);
}

/** As its gate decided it, where it has come there; else over what is there now. */
async function ofPromotion(engine: Engine, id: string): Promise<RequirementReport> {
  const { db } = engine;
  const row = await existingPromotion(db, id);
  const plan = readPlan(row.plan);
  const release = await readRelease(db, row.release);
  if (!release) {
    throw new TidelockError("not-found", `the release ${row.release} is not here any more`, {
      where: id,
    });
  }
  const owners = await documentByDigest<Environment>(db, "Environment", plan.environment);
  const kept = await decidedOver(engine, id);
  if (kept) return whole(release, id, [placeOf(kept, plan.lane.environment, owners)]);
  const found = await nowOver(engine, plan);
  return whole(release, id, found ? [placeOf(found, plan.lane.environment, owners)] : []);
}

async function ofRelease(
  engine: Engine,
  service: string,
  reference: string,
): Promise<RequirementReport> {
  const { db } = engine;
  const release = await findRelease(db, service, reference);
  const pipeline = (await registeredPipeline(db, service))?.document;
  const places: Place[] = [];
  for (const { name } of pipeline?.spec.environments ?? []) {
    const owners = (await registeredEnvironment(db, name))?.document;
    const obligations = pipeline && owners ? obligationsIn(pipeline, owners) : null;
    if (obligations === null) continue;
    const lane = { service, environment: name };
    const asked = { kind: "promotion" as const, lane, release: release.id, obligations };
    const found = await nowOver(engine, asked);
    if (found) places.push(placeOf(found, name, owners));
  }
  return whole(release, null, places);
}

interface Over {
  readonly input: ObligationInput;
  /** RFC 3339. */
  readonly at: string;
  readonly about: Place["about"];
}

async function nowOver(
  engine: Engine,
  plan: Parameters<typeof obligationsOf>[1],
): Promise<Over | undefined> {
  const found = await obligationsOf(engine, plan);
  if (found === undefined) return undefined;
  return { input: found.input, at: (await clock(engine.db)).toISOString(), about: "now" };
}

/** The inputs of its gate, where they are kept whole and asked for something. */
async function decidedOver({ db }: Engine, id: string): Promise<Over | undefined> {
  for (const { decision, inputs } of (await keptDecisions(db, id)).toReversed()) {
    if (inputs === null || digestBytes(utf8(inputs)) !== decision.inputs) continue;
    const read = readInputs(inputs);
    if (!read.ok || read.inputs.kind !== "gate" || !read.inputs.obligations) continue;
    const input = read.inputs.obligations as unknown as ObligationInput;
    return { input, at: read.inputs.now, about: "decision" };
  }
  return undefined;
}

function placeOf(
  { input, at, about }: Over,
  environment: string,
  owners: Environment | undefined,
): Place {
  const floor = new Set((owners?.spec.floor.requirements ?? []).map(({ id }) => id));
  const { surface } = input;
  return {
    environment,
    about,
    at,
    threatModel: surface && {
      reviewed: surface.reviewed,
      stale: surface.added.length + surface.removed.length > 0,
      added: [...surface.added],
      removed: [...surface.removed],
    },
    items: reportOf(input, environment, at).map((one) => itemOf(one, floor)),
  };
}

function itemOf(
  { kind, id, text, state, why, proofs }: ReportedObligation,
  floor: ReadonlySet<string>,
): Place["items"][number] {
  return {
    kind,
    id,
    text,
    from: kind === "requirement" && floor.has(id) ? "floor" : "pipeline",
    state,
    why,
    proofs: proofs.map(({ name, environment, state: shown, lack, run }) => ({
      name,
      environment,
      state: shown,
      lack,
      run: run && { check: run.check, verdict: run.verdict, at: run.at },
    })),
  };
}

function whole(
  release: ReleaseRow,
  promotion: string | null,
  environments: Place[],
): RequirementReport {
  const states = environments.flatMap(({ items }) => items.map(({ state }) => state));
  const count = (state: ReportedObligation["state"]) =>
    states.filter((one) => one === state).length;
  return {
    service: release.service,
    release: { id: release.id, version: release.version },
    promotion,
    counts: { pass: count("pass"), fail: count("fail"), notRun: count("not-run") },
    environments,
  };
}
