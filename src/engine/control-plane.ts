import { readFigures } from "../store/queries/figures.ts";
import type { Actor, ControlPlane } from "../ports/control-plane.ts";
import { listReleases } from "../store/queries/catalogue.ts";
import { sequenceEvents } from "../store/queries/events.ts";
import { listPromotions } from "../store/queries/promotions.ts";
import { sql } from "kysely";
import type { PromotionRow } from "../store/schema.ts";
import { abort, existingPromotion } from "./promotions/abort.ts";
import { makeApprovalControl } from "./approvals/control.ts";
import { makeAccessControl } from "./access/control.ts";
import { makePasskeyControl } from "./access/passkeys/passkeys.ts";
import { makeIdentityControl } from "./access/federation/oidc-sign-in.ts";
import { makeWorkloadControl } from "./access/federation/workload.ts";
import { makeAccountControl } from "./access/sign-in/account-control.ts";
import { releaseChain } from "./approvals/chain.ts";
import { makeCatalogueControl } from "./catalogue/control.ts";
import { makeReviewControl } from "./access/recertification/recertification.ts";
import { makePeopleControl } from "./access/people/people.ts";
import { accessEvents, noteAccess } from "./access/access-log.ts";
import { exportPack } from "./audit/export-pack.ts";
import { applyConfiguration, showConfiguration } from "./releases/configurations.ts";
import { applyDocuments, listPipelines } from "./releases/documents.ts";
import {
  attestationContent,
  attestRelease,
  releaseEvidence,
} from "./attestations/attest-release.ts";
import { makeCheckControl } from "./check-runs/check-control.ts";
import type { Engine } from "./engine.ts";
import { makeHostReviewControl } from "./reviews/fetch.ts";
import { makeEngagementControl } from "./engagements/control.ts";
import { makeFeedControl } from "./feeds/feeds.ts";
import { confirmErasure, erasures, requestErasure } from "./erasure/erase.ts";
import { addHold, holds, removeHold } from "./erasure/holds.ts";
import { readEvents } from "./event-stream.ts";
import { declareRestored } from "./lanes/incarnation.ts";
import { makeLedgerOutside } from "./ledger/outside/control.ts";
import { makeLedgerControl } from "./ledger/control.ts";
import { recoverLedger } from "./ledger/recover.ts";
import { readTree } from "../store/queries/ledger-tree.ts";
import { readLogs } from "./logs.ts";
import { findRelease } from "./promotions/plan-inputs.ts";
import { makeGateControl } from "./explain/control.ts";
import { makePolicyControl } from "./policy/control.ts";
import { previewPlan } from "./promotions/plan-preview.ts";
import { promote } from "./promotions/promote.ts";
import { createRelease, liveRevision } from "./releases/releases.ts";
import { retry } from "./promotions/retry.ts";
import { rollback } from "./returns/rollback.ts";
import { makeServiceSecurityControl } from "./trackers/service-security.ts";
import { makeSignalControl } from "./check-runs/runtime-signals.ts";
import { makeFindingControl } from "./findings/control.ts";
import { makeStopControl } from "./stops/control.ts";
import { makeBreakGlassControl } from "./break-glass/control.ts";
import { makeWaiverControl } from "./waivers/control.ts";
import { down, removeService, stopService } from "./promotions/stop-service.ts";
import { toldOnMachine } from "./told-on-machine.ts";
import { changesView } from "./views/changes-view.ts";
import { deploymentViews } from "./views/deployment-view.ts";
import { traceViews } from "./views/trace-view.ts";
import { laneViews } from "./views/lane-view.ts";
import { promotionSummaries, promotionView } from "./views/promotion-view.ts";
import { releaseView, releaseViews } from "./views/release-view.ts";

/** Secrets as the server keeps them; values go in here and come out only through the provider port. */
export type SecretKeeper = Pick<ControlPlane, "putSecret" | "listSecrets">;

/** What the engine offers, one line a call; each line names the file that does it. */
export function makeControlPlane(engine: Engine, secrets: SecretKeeper): ControlPlane {
  const { db } = engine;
  const shown = (row: PromotionRow) => promotionView(db, row);
  const reread = async (row: PromotionRow) => shown(await existingPromotion(db, row.id));
  return {
    ledger: makeLedgerControl(engine),
    checks: makeCheckControl(engine),
    people: makePeopleControl(engine),
    reviews: makeReviewControl(engine),
    catalogue: makeCatalogueControl(engine),
    access: makeAccessControl(engine),
    workload: makeWorkloadControl(engine),
    identities: makeIdentityControl(engine),
    accounts: makeAccountControl(engine),
    passkeys: makePasskeyControl(engine),
    signals: makeSignalControl(engine),
    stops: makeStopControl(engine),
    feeds: makeFeedControl(engine),
    engagements: makeEngagementControl(engine),
    hostReviews: makeHostReviewControl(engine),
    security: makeServiceSecurityControl(engine),
    findings: makeFindingControl(engine),
    waivers: makeWaiverControl(engine),
    approvals: makeApprovalControl(engine),
    breakGlass: makeBreakGlassControl(engine),
    policy: makePolicyControl(engine),
    gates: makeGateControl(engine),
    applyDocuments: (actor, file, text) => applyDocuments(engine, actor, file, text),
    listPipelines: () => listPipelines(engine),

    createRelease: (actor, release) => createRelease(engine, actor, release),
    listReleases: async (filter) => releaseViews(db, await listReleases(db, filter)),
    showRelease: async (service, reference) =>
      releaseView(db, await findRelease(db, service, reference)),
    attestRelease: (actor, of) => attestRelease(engine, actor, of),
    releaseEvidence: (service, reference) => releaseEvidence(engine, service, reference),
    attestationContent: (service, reference, digest) =>
      attestationContent(engine, service, reference, digest),
    noteAccess: (event) => noteAccess(engine, event),
    listAccess: (limit) => accessEvents(engine, limit),
    releaseChain: async (service, reference) =>
      releaseChain(engine, await findRelease(db, service, reference)),
    releaseChanges: async (service, reference) =>
      changesView(db, await findRelease(db, service, reference)),
    liveRevision: (service) => liveRevision(engine, service),
    trace: (revision) => traceViews(db, revision),

    applyConfiguration: (actor, configuration, basedOn) =>
      applyConfiguration(engine, actor, configuration, basedOn),
    showConfiguration: (lane, version) => showConfiguration(engine, lane, version),
    putSecret: secrets.putSecret,
    listSecrets: secrets.listSecrets,

    plan: (request) => previewPlan(engine, request),
    promote: async (actor, request) => shown(await promote(engine, actor, request)),
    rollback: async (actor, lane, request) => reread(await rollback(engine, actor, lane, request)),
    listPromotions: async (filter) => promotionSummaries(db, await listPromotions(db, filter)),
    showPromotion: async (id) => shown(await existingPromotion(db, id)),
    abort: async (actor, id) => shown(await abort(engine, actor, id)),
    retry: async (actor, id) => shown(await retry(engine, actor, id)),

    readOnly: async () => (await readTree(db)).behind,
    status: ({ service }) => laneViews(engine, service),
    listDeployments: (filter) => deploymentViews(db, filter),
    stopService: (actor, lane) => stopService(engine, actor, lane),
    removeService: (actor, service) => removeService(engine, actor, service),
    down: (actor: Actor) => down(engine, actor),
    toldOnMachine: (actor, what) => toldOnMachine(engine, actor, what),
    // A ledger that is behind the world is recovered with it: the same person says the same thing.
    declareRestored: async (actor) =>
      (await readTree(db)).behind ? recoverLedger(engine, actor) : declareRestored(engine, actor),

    exportPack: (actor, request) => exportPack(engine, actor, request),

    requestErasure: (actor, wish, reason) => requestErasure(engine, actor, wish, reason),
    confirmErasure: (actor, id) => confirmErasure(engine, actor, id),
    listErasures: () => erasures(engine),
    addHold: (actor, stream, reason) => addHold(engine, actor, stream, reason),
    removeHold: (actor, id) => removeHold(engine, actor, id),
    listHolds: () => holds(engine),

    outside: makeLedgerOutside(engine),

    readLogs: (request) => readLogs(engine, request),
    events: (request) => readEvents(engine, request),
    lastEventId: () => sequenceEvents(db),
    health: () => health(engine),
    figures: () => readFigures(db),
  };
}

async function health(engine: Engine): ReturnType<ControlPlane["health"]> {
  const database = await sql`select 1`.execute(engine.db).then(
    () => true,
    () => false,
  );
  const connected = await engine.agent
    .call("control.heartbeat", { server: engine.worker })
    .then(() => true)
    .catch(() => false);
  const info = engine.agentInfo();
  return {
    database,
    agent: {
      connected,
      isolation: info?.isolation ?? "none",
      reason: connected ? (info?.isolationReason ?? null) : "the host agent does not answer",
    },
  };
}
