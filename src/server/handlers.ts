import type { Configuration } from "../model/configuration.ts";
import { falcoSignal } from "../api/falco-alert.ts";
import { TidelockError } from "../model/errors.ts";
import { laneKey, type Lane } from "../model/primitives.ts";
import type { Actor } from "../ports/control-plane.ts";
import { accountHandlers } from "./sign-in/account-handlers.ts";
import type { ServerParts } from "./app.ts";
import { listHandlers } from "./handlers-lists.ts";
import { peopleHandlers } from "./handlers-people.ts";
import { known } from "./known.ts";
import type { Handlers } from "./routes.ts";
import { machineOwner } from "./sign-in/token-check.ts";

/** One line a call: the HTTP table on one side, the control plane on the other. */
export function handlers({ controlPlane, identity, stop }: ServerParts): Handlers {
  /** Stopping lets the answer that is on its way leave first. */
  const sayOnMachine = async (actor: Actor, what: "server-stop" | "down"): Promise<void> => {
    if (actor.principal === machineOwner) await controlPlane.toldOnMachine(actor, what);
  };
  const stopSoon = (reason: string): void => void setImmediate(() => stop(reason));
  return {
    async serverInfo() {
      const { agent } = await controlPlane.health();
      const readOnly = await controlPlane.readOnly();
      return { name: "tidelock", apiVersion: "v1", ...identity, agent, readOnly };
    },
    ...accountHandlers(controlPlane),

    async serverStop({ actor }) {
      await sayOnMachine(actor, "server-stop");
      stopSoon("asked to stop");
      return { done: true, message: "the server stops; services and the agent go on" };
    },
    async serverRecover({ actor }) {
      return { done: true, message: await controlPlane.declareRestored(actor) };
    },
    async down({ actor }) {
      await sayOnMachine(actor, "down");
      const message = await controlPlane.down(actor);
      stopSoon("asked to go down");
      return { done: true, message };
    },

    ledgerStatus: () => controlPlane.ledger.status(),
    ledgerProof: ({ query }) => controlPlane.ledger.proof(query.entry),
    ledgerVerifyState: () => controlPlane.ledger.verifyState(),
    async ledgerKeyRotate({ actor, body }) {
      const message = await controlPlane.ledger.rotateKey(actor, body.use, body.overlapMs);
      return { done: true, message };
    },
    async ledgerKeyCompromised({ actor, params, body }) {
      const { key } = params;
      const message = await controlPlane.ledger.compromiseKey(actor, key, body.trustedSize);
      return { done: true, message };
    },
    async ledgerRecover({ actor }) {
      return { done: true, message: await controlPlane.ledger.recover(actor) };
    },

    pipelineApply: ({ actor, body }) => controlPlane.applyDocuments(actor, body.file, body.text),
    async pipelineList() {
      return { items: [...(await controlPlane.listPipelines())] };
    },

    releaseCreate: ({ actor, body }) => controlPlane.createRelease(actor, body.release),
    releaseShow: ({ params }) => controlPlane.showRelease(params.service, params.release),
    releaseAttest: ({ actor, params, body }) =>
      controlPlane.attestRelease(actor, { ...params, digest: body.digest }),
    releaseEvidence: ({ params }) => controlPlane.releaseEvidence(params.service, params.release),
    attestationContent: ({ params }) =>
      controlPlane.attestationContent(params.service, params.release, params.digest),
    accessList: ({ query }) => controlPlane.listAccess(query.limit),
    releaseChanges: ({ params }) => controlPlane.releaseChanges(params.service, params.release),
    async releaseSince({ params }) {
      return { revision: await controlPlane.liveRevision(params.service) };
    },
    async trace({ params }) {
      return { items: [...(await controlPlane.trace(params.revision))] };
    },

    configurationApply: ({ actor, params, body }) =>
      controlPlane.applyConfiguration(actor, sameLane(params, body.configuration), body.basedOn),
    configurationShow: ({ params, query }) => controlPlane.showConfiguration(params, query.version),
    secretPut: ({ actor, params, body }) =>
      controlPlane.putSecret(
        actor,
        { service: params.service, environment: params.environment },
        params.name,
        body.value,
      ),
    async secretList({ params }) {
      return { items: [...(await controlPlane.listSecrets(params))] };
    },

    async policyShow({ query }) {
      return { items: [...(await controlPlane.policy.show(query.environment ?? null))] };
    },
    policyReplay: ({ body: { file, text, ...filter } }) =>
      controlPlane.policy.replay(file, text, filter),
    policyProposal: ({ params }) => controlPlane.policy.proposal(params.id),
    policySign: ({ actor, body }) =>
      controlPlane.policy.sign(actor, body.proposal, Buffer.from(body.envelope, "base64")),
    governanceShow: () => controlPlane.policy.governance(),
    governanceSet: ({ actor, body }) => controlPlane.policy.setGovernance(actor, body.mode),
    async promotionDecisions({ params }) {
      return { items: [...(await controlPlane.policy.decisions(params.id))] };
    },

    promotionExplain: ({ params }) => controlPlane.gates.explain(params.id),
    gateExplain: ({ params, query }) => controlPlane.gates.explainLane(params, query.release),
    promotionRequirements: ({ params }) =>
      controlPlane.gates.requirements({ promotion: params.id }),
    releaseRequirements: ({ params }) => controlPlane.gates.requirements(params),
    gateShow: ({ params, query }) => controlPlane.gates.show(params.environment, query.service),

    plan: ({ body }) => controlPlane.plan(body),
    promotionCreate: ({ actor, body }) => controlPlane.promote(actor, known(body)),
    manualShow: ({ body }) => controlPlane.checks.request(body.request),
    manualMine: ({ actor, body }) => controlPlane.checks.mine(actor, body.request),
    manualBegin: ({ actor, body }) => controlPlane.checks.begin(actor, body.request),
    manualAnswer: ({ body }) =>
      controlPlane.checks.answer(body.request, Buffer.from(body.envelope, "base64")),
    async personList() {
      return { items: [...(await controlPlane.people.list())] };
    },
    async personOwn({ actor }) {
      const own = actor.principal?.person ?? null;
      if (own === null) return { items: [] };
      const items = await controlPlane.people.list();
      return { items: items.filter(({ person }) => person === own) };
    },
    accessReport: () => controlPlane.access.report(),
    accessWhoami: ({ actor }) => controlPlane.access.whoami(actor),
    tokenCreate: ({ actor, body }) => controlPlane.access.createToken(actor, known(body)),
    tokenRevoke: ({ actor, params }) => controlPlane.access.revokeToken(actor, params.id),
    async roleList() {
      return { items: [...(await controlPlane.access.listRoles())] };
    },
    roleDefine: ({ actor, params, body }) =>
      controlPlane.access.defineRole(actor, { name: params.role, ...body }),
    async roleAssignments() {
      return { items: [...(await controlPlane.access.listAssignments())] };
    },
    roleAssign: ({ actor, body }) => controlPlane.access.assign(actor, body),
    roleUnassign: ({ actor, params }) => controlPlane.access.unassign(actor, params.id),
    personAdd: ({ actor, body }) => controlPlane.people.add(actor, known(body)),
    personRemoveKey: ({ actor, params }) => controlPlane.people.removeKey(actor, params.key),
    ...peopleHandlers(controlPlane),
    ...listHandlers(controlPlane),
    grantAdd: ({ actor, body }) => controlPlane.people.grant(actor, body),
    grantRemove: ({ actor, params }) => controlPlane.people.revoke(actor, params.id),
    checkDemands: ({ params }) => controlPlane.checks.demands(params.service, params.environment),
    hostReviewFetch: ({ actor, params, body }) =>
      controlPlane.hostReviews.fetch(actor, { ...params, ...body }),
    hostReviewShow: ({ params, query }) => controlPlane.hostReviews.show({ ...params, ...query }),
    engagementAdd: ({ actor, body }) =>
      controlPlane.engagements.add(actor, Buffer.from(body.envelope, "base64")),
    engagementShow: ({ params }) => controlPlane.engagements.show(params.id),
    async engagementEvidence({ params: { id, digest } }) {
      const { name, bytes } = await controlPlane.engagements.evidence(id, digest);
      return { name, digest, content: Buffer.from(bytes).toString("base64") };
    },
    engagementWithdraw: ({ actor, params, body }) =>
      controlPlane.engagements.withdraw(actor, params.id, body.reason),
    lineStop: ({ actor, body }) => controlPlane.stops.stopLine(actor, body.scope, body.reason),
    stopClear: ({ actor, params, body }) => controlPlane.stops.clear(actor, params.id, body.reason),
    releaseBan: ({ actor, params, body }) =>
      controlPlane.stops.ban(actor, { ...params, artifacts: body.artifacts }, body.reason),
    async windowList({ query }) {
      const { environment = null, service = null } = query;
      return { items: [...(await controlPlane.stops.windows({ environment, service }))] };
    },
    approvalMine: ({ actor, params }) => controlPlane.approvals.mine(actor, params.id),
    approvalShow: ({ params }) => controlPlane.approvals.show(params.id),
    approvalAnswer: ({ params, body }) =>
      controlPlane.approvals.answer(params.id, Buffer.from(body.signed, "base64")),
    async identityList({ query }) {
      return { items: [...(await controlPlane.identities.list(query.name ?? null))] };
    },
    async vouchingProviderList() {
      return { items: [...(await controlPlane.identities.vouching())] };
    },
    vouchingProviderAdd: ({ actor, body }) => controlPlane.identities.letVouch(actor, body),
    vouchingProviderRemove: ({ actor, params }) =>
      controlPlane.identities.letVouchNoMore(actor, params.id),
    ownSponsors: ({ actor }) => controlPlane.identities.ownSponsors(actor),
    ownVouch: ({ actor, body }) => controlPlane.identities.vouch(actor, body.acts),
    identityLink: ({ actor, body }) => controlPlane.identities.link(actor, body),
    identityUnlink: ({ actor, params }) => controlPlane.identities.unlink(actor, params.id),
    async workloadRuleList() {
      return { items: [...(await controlPlane.workload.rules())] };
    },
    workloadRuleAdd: ({ actor, body }) => controlPlane.workload.addRule(actor, body),
    workloadRuleRemove: ({ actor, params }) => controlPlane.workload.removeRule(actor, params.rule),
    async workloadRuleTest({ body }) {
      return { items: [...(await controlPlane.workload.test(body.token))] };
    },
    breakGlassOpen: ({ actor, body }) => controlPlane.breakGlass.open(actor, body),
    breakGlassOpenFor: ({ actor, params, body }) =>
      controlPlane.breakGlass.openFor(actor, params.id, body),
    breakGlassShow: ({ params }) => controlPlane.breakGlass.show(params.id),
    breakGlassMine: ({ actor, params }) => controlPlane.breakGlass.mine(actor, params.id),
    breakGlassSign: ({ params, body }) =>
      controlPlane.breakGlass.sign(params.id, Buffer.from(body.signed, "base64")),
    breakGlassReview: ({ params, body }) =>
      controlPlane.breakGlass.review(params.id, Buffer.from(body.signed, "base64")),
    breakGlassWithdraw: ({ actor, params, body }) =>
      controlPlane.breakGlass.withdraw(actor, params.id, body.reason),
    waiverPropose: ({ actor, body }) => controlPlane.waivers.propose(actor, body),
    waiverShow: ({ params }) => controlPlane.waivers.show(params.id),
    waiverMine: ({ actor, params }) => controlPlane.waivers.mine(actor, params.id),
    waiverSign: ({ actor, params, body }) =>
      controlPlane.waivers.sign(actor, params.id, Buffer.from(body.envelope, "base64")),
    waiverWithdraw: ({ actor, params, body }) =>
      controlPlane.waivers.withdraw(actor, params.id, body.reason),
    securityShow: ({ params }) => controlPlane.security.show(params.service),
    securitySet: ({ actor, params, body }) =>
      controlPlane.security.set(actor, params.service, body.security, body.basedOn),
    async feedStatus() {
      return { items: [...(await controlPlane.feeds.status())] };
    },
    feedImport: ({ actor, params, body }) => controlPlane.feeds.import(actor, params.kind, body),
    signalAdd: ({ actor, params, body }) =>
      controlPlane.signals.add(actor, params, body.release ?? null, body.signal),
    signalFalco: ({ actor, params, body }) =>
      controlPlane.signals.add(actor, params, null, falcoSignal(body)),
    async signalList({ params, query }) {
      const filter = { release: query.release ?? null, limit: query.limit };
      return { items: [...(await controlPlane.signals.list(params, filter))] };
    },
    async findingImports({ params, query }) {
      const { findings } = controlPlane;
      return {
        items: [...(await findings.imports(params.service, query.limit))],
        missing: [...(await findings.missing(params.service, query.limit))],
      };
    },
    findingRetry: ({ actor, params, body }) =>
      controlPlane.findings.retry(actor, params.service, body.run),
    findingDetails({ query: { limit, after, ...filter } }) {
      return controlPlane.findings.details(filter, { limit, after });
    },
    findingList({ query: { limit, after, ...filter } }) {
      return controlPlane.findings.list(filter, { limit, after });
    },
    findingMetrics: ({ query }) => controlPlane.findings.metrics(query),
    findingShow: ({ params }) => controlPlane.findings.show(params.id),
    findingAct: ({ actor, params, body }) =>
      controlPlane.findings.act(actor, params.id, body.act, body.changes),
    findingConsent: ({ actor, body }) =>
      controlPlane.findings.consent(actor, body.proposal, Buffer.from(body.envelope, "base64")),
    checkRaw: ({ params }) => controlPlane.checks.raw(params.id, params.check),
    promotionConformance: ({ params }) => controlPlane.checks.conformance(params.id),
    promotionShow: ({ params }) => controlPlane.showPromotion(params.id),
    promotionAbort: ({ actor, params }) => controlPlane.abort(actor, params.id),
    promotionRetry: ({ actor, params }) => controlPlane.retry(actor, params.id),
    rollback: ({ actor, params, body }) => controlPlane.rollback(actor, params, known(body)),

    erasureRequest: ({ actor, body }) => controlPlane.requestErasure(actor, body.wish, body.reason),
    async erasureList() {
      return { items: [...(await controlPlane.listErasures())] };
    },
    erasureConfirm: ({ actor, params }) => controlPlane.confirmErasure(actor, params.id),
    holdAdd: ({ actor, body }) => controlPlane.addHold(actor, body.stream, body.reason),
    async holdList() {
      return { items: [...(await controlPlane.listHolds())] };
    },
    holdRemove: ({ actor, params }) => controlPlane.removeHold(actor, params.id),

    async ledgerWitnessList() {
      return { items: [...(await controlPlane.outside.listWitnesses())] };
    },
    ledgerWitnessAdd: ({ actor, body }) => controlPlane.outside.addWitness(actor, body),
    async ledgerWitnessRemove({ actor, params }) {
      return { done: true, message: await controlPlane.outside.removeWitness(actor, params.name) };
    },
    async ledgerAnchorList() {
      return { items: [...(await controlPlane.outside.listAnchors())] };
    },
    ledgerAnchorAdd: ({ actor, body }) => controlPlane.outside.addAnchor(actor, body),
    async ledgerAnchorRemove({ actor, params }) {
      return { done: true, message: await controlPlane.outside.removeAnchor(actor, params.name) };
    },

    async status({ query }) {
      const [items, readOnly] = await Promise.all([
        controlPlane.status(known(query)),
        controlPlane.readOnly(),
      ]);
      return { items: [...items], readOnly };
    },
    async serviceStop({ actor, params }) {
      return { done: true, message: await controlPlane.stopService(actor, params) };
    },
    async serviceRemove({ actor, params }) {
      return { done: true, message: await controlPlane.removeService(actor, params.service) };
    },
  };
}

/** Path and document name the same lane, or the caller is mistaken about one of them. */
function sameLane(lane: Lane, configuration: Configuration): Configuration {
  if (laneKey(configuration) === laneKey(lane)) return configuration;
  throw new TidelockError(
    "invalid-input",
    `the configuration is for ${laneKey(configuration)}, the address for ${laneKey(lane)}`,
    { fault: "operator", where: "body.configuration", hint: "name the same lane in both" },
  );
}
