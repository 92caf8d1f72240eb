import type { PolicyProposalView } from "../../api/routes/policy.ts";
import { encodeBase64 } from "../../evidence/bytes.ts";
import {
  readPolicyConsent,
  policyConsent,
  policyConsentOf,
} from "../../evidence/predicates/policy-consent.ts";
import { type PolicyProposed, policyRight } from "../../model/policy-proposal.ts";
import type { Actor } from "../../ports/control-plane.ts";
import {
  grantsProjection,
  personKeysProjection,
  personLinksProjection,
} from "../../store/projections/access.ts";
import { policyActsProjection } from "../../store/projections/policy.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { announce } from "../../store/queries/events.ts";
import { grantsFor, keysOf, namesOf } from "../../store/queries/grants.ts";
import { actsOfProposal, insertPolicyAct } from "../../store/queries/policy.ts";
import type { PolicyActRow } from "../../store/schema-policy.ts";
import type { Db } from "../../store/schema.ts";
import {
  maxConsentBytes,
  neededPeople,
  ownDeed,
  refused,
  requireAnother,
  requireByRecord,
} from "../access/people/two-people.ts";
import type { Engine } from "../engine.ts";
import { newActId } from "../ids.ts";
import { groundsOf } from "../ledger/leaning.ts";
import { requireWritable } from "../ledger/writable.ts";
import { goneSince } from "../signing/co-signer.ts";
import { takeSigned } from "../signing/take-signed.ts";
import { baseOf } from "./apply.ts";
import { takeEffect } from "./effect.ts";
import { groundsOfGovernance } from "./governance.ts";
import { lockPolicy } from "./lock.ts";
import { contentOf, type ProposalContent, proposalView } from "./proposal.ts";

/**
 * Takes a person's signature under a proposed change of policy. With the second person's it takes effect, in the same
 * transaction: two different people with the right wherever it changes something, the second one not who proposed it.
 *
 * @throws TidelockError `not-found`, `invalid-input` (not a consent to this), `forbidden` (no right, or the own
 *   proposal), `conflict` (in effect, void, over, or signed by the same person), `denied` (the database is not what the
 *   ledger says)
 */
export async function signProposal(
  engine: Engine,
  actor: Actor,
  id: string,
  bytes: Uint8Array,
): Promise<PolicyProposalView> {
  const { db } = engine;
  await requireWritable(db, "a consent is an entry of the ledger");
  const content = contentOf(await requireProposal(db, id));
  const person = whoSays(bytes, id);
  await requireUnedited(engine, id, content, person);
  const row = await db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    const acts = await actsOfProposal(tx, id);
    const proposal = acts.find(({ kind }) => kind === "propose");
    if (!proposal) throw refused("not-found", "the proposal is gone", id);
    const before = acts.filter(({ kind }) => kind === "sign");
    await requireWaiting(tx, content, acts);
    const key = await requireSigned(tx, content.proposed, person, bytes);
    await requireRight(tx, content, person);
    if (before.some((act) => act.content["person"] === person)) {
      throw refused("conflict", "this person has signed it; another one has to", id);
    }
    const last = before.length + 1 >= neededPeople;
    const deeds = [{ what: "who proposed it", who: proposal.acted_by }];
    const signers = before.map((act) => String(act.content["person"]));
    if (last) await requireAnother(tx, person, signers, id);
    const gone = await goneSince(
      tx,
      before.map(({ content: said, at }) => ({ person: String(said["person"]), key: String(said["key"]), at })), // prettier-ignore
    );
    if (gone !== null) throw refused("forbidden", gone, id);
    const own = last ? await ownDeed(tx, person, deeds, id) : null;
    if (own !== null) {
      throw refused(
        "forbidden",
        own,
        id,
        "a third person who may sign has to be the second; or ask for the same change once more, and sign it first",
      );
    }
    const signature = JSON.stringify({ person, key, envelope: encodeBase64(bytes) });
    await insertPolicyAct(
      tx,
      { id: newActId(), kind: "sign", proposal: id, content: signature, acted_by: actor.id },
      { person },
    );
    if (last) await takeEffect(engine, tx, actor, content);
    else {
      const message = `the proposal ${id} was signed by one person, and waits for another`;
      await announce(tx, { kind: "policy.signed", message });
    }
    return proposal;
  });
  engine.signals.emit("change");
  return proposalView(db, row);
}

async function requireProposal(db: Db, id: string): Promise<PolicyActRow> {
  const row = (await actsOfProposal(db, id)).find(({ kind }) => kind === "propose");
  if (row) return row;
  throw refused(
    "not-found",
    "no change of policy was proposed under this name",
    id,
    "see them: tidelock policy proposals",
  );
}

/** For whoever shows one. */
export async function showProposal(db: Db, id: string): Promise<PolicyProposalView> {
  return proposalView(db, await requireProposal(db, id));
}

function whoSays(bytes: Uint8Array, proposal: string): string {
  if (bytes.length > maxConsentBytes) {
    const message = `it has ${bytes.length} bytes; at most ${maxConsentBytes} are taken`;
    throw refused("invalid-input", message, proposal);
  }
  const read = readPolicyConsent(bytes);
  if (read.ok) return read.value.person;
  throw refused("invalid-input", `this is no consent to ${proposal}: ${read.problem}`, proposal);
}

/** What was looked at is still what is there. */
async function requireWaiting(
  tx: Db,
  { proposed, base, documents }: ProposalContent,
  acts: readonly PolicyActRow[],
): Promise<void> {
  const { proposal } = proposed;
  const anew = "look at it as it is now, and propose it anew";
  const gone = acts.find(({ kind }) => kind === "void");
  if (gone) {
    throw refused("conflict", `it is void: ${String(gone.content["why"])}`, proposal, anew);
  }
  if (acts.some(({ kind }) => kind === "effect")) {
    throw refused("conflict", "it is in effect already", proposal);
  }
  if (Date.parse(proposed.until) <= Date.parse(await databaseTime(tx))) {
    throw refused("conflict", `it could be signed until ${proposed.until}`, proposal, anew);
  }
  for (const now of await baseOf(tx, documents)) {
    const then = base.find(({ kind, name }) => kind === now.kind && name === now.name);
    if (then?.digest === now.digest) continue;
    const what = `${now.kind.toLowerCase()} ${now.name}`;
    throw refused("conflict", `it is void: ${what} was changed since`, proposal, anew);
  }
}

async function requireSigned(
  tx: Db,
  proposed: PolicyProposed,
  person: string,
  bytes: Uint8Array,
): Promise<string> {
  const { keyId } = await takeSigned(tx, {
    person,
    bytes,
    states: policyConsent.type,
    says: (payload) => policyConsentOf(payload, { proposed, person }),
    what: `consent to ${proposed.proposal}`,
    where: proposed.proposal,
    again: "sign it anew: tidelock policy sign",
    stream: "system",
  });
  return keyId;
}

/** Wherever it changes something: a right for one service is none for what all services meet. */
async function requireRight(
  tx: Db,
  { lanes, proposed }: ProposalContent,
  person: string,
): Promise<void> {
  for (const lane of lanes) {
    if ((await grantsFor(tx, policyRight, lane, person)).length > 0) continue;
    const service = lane.service === "" ? "every service" : lane.service;
    const environment = lane.environment === "" ? "every environment" : lane.environment;
    throw refused(
      "forbidden",
      `nobody gave this person the right to change policy for ${service} in ${environment}`,
      proposed.proposal,
      "tidelock person grant <name> --policy",
    );
  }
}

/** Proposal, signatures, mode, keys, names and rights are what the signed log says they are. */
async function requireUnedited(
  engine: Engine,
  id: string,
  { lanes }: ProposalContent,
  person: string,
): Promise<void> {
  const { db } = engine;
  await requireByRecord(engine, async () => {
    const grants = await Promise.all(lanes.map((lane) => grantsFor(db, policyRight, lane, person)));
    const acts = await actsOfProposal(db, id);
    const before = acts.filter(({ kind }) => kind === "sign");
    const keys = await Promise.all(before.map(({ content }) => keysOf(db, String(content["person"])))); // prettier-ignore
    return [
      ...groundsOf(policyActsProjection, acts),
      ...groundsOf(personKeysProjection, keys.flat()),
      ...(await groundsOfGovernance(db)),
      ...groundsOf(personKeysProjection, await keysOf(db, person)),
      ...groundsOf(personLinksProjection, (await namesOf(db, person)).links),
      ...groundsOf(grantsProjection, grants.flat()),
    ];
  });
}
