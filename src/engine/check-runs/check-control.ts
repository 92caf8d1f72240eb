import { createHash } from "node:crypto";
import { TidelockError } from "../../model/errors.ts";
import type { CheckControl } from "../../ports/check-control.ts";
import { applyFloor } from "../../policy/floor.ts";
import { registeredEnvironment, registeredPipeline } from "../../store/queries/catalogue.ts";
import { checkRunsOf, readRawReport } from "../../store/queries/evidence.ts";
import type { CheckRunRow } from "../../store/schema.ts";
import { existingPromotion } from "../promotions/abort.ts";
import type { Engine } from "../engine.ts";
import { answerCheck, beginSession, findRequest } from "../manual/answer.ts";
import { manualMine } from "../manual/mine.ts";
import { requestView, requestViews } from "../manual/views.ts";
import { showConformance } from "../attestations/show-conformance.ts";

export function makeCheckControl(engine: Engine): CheckControl {
  return {
    demands: (service, environment) => demandsOf(engine, service, environment),
    raw: (promotion, check) => rawReport(engine, promotion, check),
    asked: (promotion) => requestViews(engine, promotion),
    request: async (request) => requestView(engine, (await findRequest(engine.db, request)).id),
    mine: (actor, request) => manualMine(engine, actor, request),
    begin: (actor, request) => beginSession(engine, actor, request),
    answer: (request, envelope) => answerCheck(engine, request, envelope),
    conformance: (promotion) => showConformance(engine, promotion),
  };
}

/** The same as a plan of this moment would have. */
async function demandsOf(
  engine: Engine,
  service: string,
  environment: string,
): ReturnType<CheckControl["demands"]> {
  const pipeline = await registeredPipeline(engine.db, service);
  const names = pipeline?.document.spec.environments.map(({ name }) => name) ?? [];
  const lane = pipeline?.document.spec.environments.find(({ name }) => name === environment);
  const owners = await registeredEnvironment(engine.db, environment);
  if (!pipeline || !lane || !owners) {
    throw new TidelockError("not-found", `${service} is not registered for ${environment}`, {
      fault: "operator",
      where: `${service}/${environment}`,
      hint: names.length === 0 ? "tidelock pipeline apply" : `it names ${names.join(", ")}`,
    });
  }
  const { floor } = owners.document.spec;
  return {
    service,
    environment,
    pipeline: pipeline.version,
    floor: floor.checks.map(({ name }) => name),
    checks: [...applyFloor(lane, floor).checks],
  };
}

async function rawReport(
  engine: Engine,
  promotion: string,
  check: string,
): ReturnType<CheckControl["raw"]> {
  const runs = await runsOf(engine, promotion, check);
  const run = runs.findLast(({ report }) => report?.raw !== undefined);
  const raw = run?.report?.raw;
  if (run === undefined || raw === undefined) {
    throw new TidelockError("not-found", `check ${check} has handed back no raw report`, {
      fault: "operator",
      where: promotion,
      hint: `what it said: tidelock check show ${promotion} ${check}`,
    });
  }
  const { format, truncated } = raw;
  const content =
    "text" in raw ? Buffer.from(raw.text) : await readRawReport(engine.db, raw.digest);
  if (content === undefined) {
    throw new TidelockError("not-found", "this raw report was erased", {
      fault: "operator",
      where: run.id,
    });
  }
  const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
  if ("digest" in raw && raw.digest !== digest) {
    throw new TidelockError(
      "digest-mismatch",
      "the stored raw report is not what the check wrote",
      {
        where: run.id,
        hint: "somebody changed the database: run `tidelock ledger verify --state`",
      },
    );
  }
  return {
    run: run.id,
    format,
    digest,
    bytes: content.length,
    truncated,
    content: content.toString("base64"),
  };
}

/** The runs of one check, oldest first. Throws `not-found` naming the checks that there are. */
async function runsOf(
  engine: Engine,
  promotion: string,
  check: string,
): Promise<readonly CheckRunRow[]> {
  const { id } = await existingPromotion(engine.db, promotion);
  const all = await checkRunsOf(engine.db, id);
  const runs = all.filter(({ name }) => name === check);
  if (runs.length > 0) return runs;
  const names = [...new Set(all.map(({ name }) => name))].join(", ");
  throw new TidelockError("not-found", `no check ${check} has run in ${id}`, {
    fault: "operator",
    where: check,
    hint: names === "" ? "none has run yet" : `those that have: ${names}`,
  });
}
