import type { ProposalView } from "../../../api/views/finding.ts";
import { encodeBase64 } from "../../../evidence/bytes.ts";
import {
  findingConsent,
  findingConsentOf,
  readConsent,
} from "../../../evidence/predicates/finding-consent.ts";
import { digestOf } from "../../../model/canonical.ts";
import type { Proposed } from "../../../model/finding-act.ts";
import type { Actor } from "../../../ports/control-plane.ts";
import {
  grantsProjection,
  personKeysProjection,
  personLinksProjection,
} from "../../../store/projections/access.ts";
import { findingActsProjection } from "../../../store/projections/findings.ts";
import { databaseTime } from "../../../store/queries/attestations.ts";
import { readRelease } from "../../../store/queries/catalogue.ts";
import { announce } from "../../../store/queries/events.ts";
import {
  consentsTo,
  lastReleaseOf,
  fingerprintsOf,
  insertAct,
  lockFinding,
  readAct,
  seenByTrusted,
} from "../../../store/queries/finding-acts.ts";
import { lockFindings } from "../../../store/queries/findings-apply.ts";
import { retireScan } from "../../../store/queries/finding-retire.ts";
import { grantsFor, keysOf, namesOf } from "../../../store/queries/grants.ts";
import type { FindingActRow, FindingRow } from "../../../store/schema-findings.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { gatherEnrolments } from "../../access/people/enrolment.ts";
import { groundsOfEnrolments } from "../../access/people/held.ts";
import {
  maxConsentBytes,
  neededPeople,
  ownDeed,
  refused,
  requireAnother,
  requireByRecord,
} from "../../access/people/two-people.ts";
import { newActId } from "../../ids.ts";
import { groundsOf } from "../../ledger/leaning.ts";
import { requireWritable } from "../../ledger/writable.ts";
import { againstCoSigner } from "../../signing/co-signer.ts";
import { takeSigned } from "../../signing/take-signed.ts";
import { separationOf } from "../../manual/own-work.ts";
import { proposalView, proposedIn, whatItSees } from "./proposal.ts";

/** The right to say that a finding is none, or less bad. */
export const judgeRight = "findings.judge";

/**
 * Takes a person's signature under a proposal. With the second person's the judgement is in force: two different
 * people with the right, neither of them alone, and the second one not judging work of their own.
 *
 * @throws TidelockError `not-found`, `invalid-input` (not a consent to this), `forbidden` (no right, or own work),
 *   `conflict` (in force already, over, signed by the same person, or the finding was changed), `denied` (the database
 *   is not what the ledger says)
 */
export async function consentTo(
  engine: Engine,
  actor: Actor,
  proposal: string,
  bytes: Uint8Array,
): Promise<ProposalView> {
  await requireWritable(engine.db, "a consent is an entry of the ledger");
  const found = await requireProposal(engine.db, proposal);
  const proposed = proposedIn(found);
  const person = whoSays(bytes, proposal);
  await requireUnedited(engine, found, person);
  const row = await engine.db.transaction().execute(async (tx) => {
    // As imports do, and before any row: what the scan sees stays what was counted.
    if (proposed.act.kind === "retire-scan") await lockFindings(tx, found.service);
    const finding = await lockFinding(tx, proposed.finding.slice("F-".length));
    if (!finding) throw refused("not-found", "the finding is gone", proposal);
    const before = await consentsTo(tx, proposal);
    await requireWaiting(tx, proposed, before, finding);
    const key = await requireSigned(tx, { proposed, person, bytes });
    await requireRight(tx, finding, person);
    if (before.some(({ content }) => content["person"] === person)) {
      throw refused("conflict", "this person has signed it; another one has to", proposal);
    }
    const signers = before.map(({ content }) => String(content["person"]));
    await requireAnother(tx, person, signers, proposal);
    const signed = {
      lane: { service: finding.service, environment: finding.environment ?? "" },
      right: { name: judgeRight, says: "judge findings" },
      signatures: before.map(signatureIn),
    };
    const against = await againstCoSigner(tx, signed, { person, key });
    if (against !== null) throw refused("forbidden", against, proposal);
    const separation =
      before.length + 1 < neededPeople ? null : await requireOthersWork(tx, finding, found, person);
    const content = { person, key, envelope: encodeBase64(bytes), separation };
    const first = before[0]?.content["person"];
    const id = newActId();
    await insertAct(
      tx,
      {
        id,
        finding: finding.id,
        service: finding.service,
        kind: separation === null ? "consent" : proposed.act.kind,
        content: JSON.stringify(content),
        confirms: proposal,
        acted_by: actor.id,
      },
      separation === null || proposed.act.kind === "retire-scan"
        ? null
        : {
            finding: finding.id,
            from: finding.status,
            to: proposed.act.kind === "false-positive" ? "false-positive" : null,
            detail: {
              ...proposed.act,
              proposal,
              proposedBy: first,
              confirmedBy: person,
              fingerprints: (await fingerprintsOf(tx, finding.id)).map((one) => one.join(" ")),
              trusted: await seenByTrusted(tx, finding.id),
              severityThen: finding.severity,
            },
          },
      separation === null || proposed.act.kind !== "retire-scan"
        ? {}
        : {
            also: () =>
              retire(tx, id, proposed, { proposal, proposedBy: first, confirmedBy: person }),
          },
    );
    await announce(tx, {
      kind: "finding.acted",
      service: finding.service,
      message: `${proposed.finding}: ${proposed.act.kind} ${separation === null ? "signed by one person, and waits for another" : "is in force"}`,
    });
    return found;
  });
  engine.signals.emit("change");
  return proposalView(engine.db, row);
}

function signatureIn({ content, at }: FindingActRow) {
  return { person: String(content["person"]), key: String(content["key"]), at };
}

async function retire(
  tx: Db,
  act: string,
  { act: judged }: Proposed,
  by: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (judged.kind !== "retire-scan") return;
  const { scan, reason } = judged;
  await retireScan(tx, act, scan.scope, { reason, tool: scan.tool, subject: scan.subject, ...by });
}

async function requireProposal(db: Db, id: string): Promise<FindingActRow> {
  const row = await readAct(db, id);
  if (row?.kind.startsWith("propose-")) return row;
  throw refused(
    "not-found",
    "nothing of that name was proposed",
    id,
    "tidelock findings show <id>",
  );
}

function whoSays(bytes: Uint8Array, proposal: string): string {
  if (bytes.length > maxConsentBytes) {
    const message = `it has ${bytes.length} bytes; at most ${maxConsentBytes} are taken`;
    throw refused("invalid-input", message, proposal);
  }
  const read = readConsent(bytes);
  if (read.ok) return read.value.person;
  throw refused("invalid-input", `this is no consent to ${proposal}: ${read.problem}`, proposal);
}

/** What was looked at is still what is there. */
async function requireWaiting(
  tx: Db,
  proposed: Proposed,
  before: readonly FindingActRow[],
  finding: FindingRow,
): Promise<void> {
  const { proposal, act } = proposed;
  if (before.length >= neededPeople) throw refused("conflict", "it is in force already", proposal);
  if (Date.parse(act.until) <= Date.parse(await databaseTime(tx))) {
    throw refused("conflict", `it was proposed until ${act.until}, which is over`, proposal);
  }
  const changed =
    digestOf(await fingerprintsOf(tx, finding.id)) !== proposed.fingerprints
      ? "what makes it this finding has changed"
      : finding.severity !== proposed.severity
        ? `it is ${finding.severity} now, and was ${proposed.severity}`
        : finding.status === "verified" || finding.status === "closed"
          ? `it is ${finding.status}`
          : await otherScan(tx, act);
  if (changed === null) return;
  throw refused(
    "conflict",
    `since it was proposed ${changed}`,
    proposal,
    "look again, and propose it anew",
  );
}

/** What the scan sees is what was looked at: nothing that it has found since is closed unread. */
async function otherScan(tx: Db, act: Proposed["act"]): Promise<string | null> {
  if (act.kind !== "retire-scan") return null;
  const { findings } = await whatItSees(tx, act.scan.scope);
  return findings === act.scan.findings ? null : "the scan sees other findings";
}

async function requireSigned(
  tx: Db,
  { proposed, person, bytes }: { proposed: Proposed; person: string; bytes: Uint8Array },
): Promise<string> {
  const { keyId } = await takeSigned(tx, {
    person,
    bytes,
    states: findingConsent.type,
    says: (payload) => findingConsentOf(payload, { proposed, person }),
    what: `consent to ${proposed.proposal}`,
    where: proposed.proposal,
    again: "sign it anew: tidelock findings confirm",
    stream: "system",
  });
  return keyId;
}

/** Where it belongs to no environment, only a right everywhere in the service will do. */
async function requireRight(tx: Db, finding: FindingRow, person: string): Promise<void> {
  const lane = { service: finding.service, environment: finding.environment ?? "" };
  const grants = await grantsFor(tx, judgeRight, lane, person);
  if (grants.length > 0) return;
  throw refused(
    "forbidden",
    `nobody gave this person the right to judge findings of ${finding.service}`,
    `F-${finding.id}`,
    `tidelock person grant <name> --judge-findings --service ${finding.service}`,
  );
}

/** Nobody confirms what they built, work on or proposed (law 5), as far as it is known; answers what is. */
async function requireOthersWork(
  tx: Db,
  finding: FindingRow,
  proposal: FindingActRow,
  person: string,
): Promise<string> {
  const id = await lastReleaseOf(tx, finding.id);
  const release = id === null ? undefined : await readRelease(tx, id);
  const actors = [
    { what: "who proposed it", who: proposal.acted_by },
    ...(finding.assignee === null
      ? []
      : [{ what: "whom it is assigned to", who: finding.assignee }]),
    ...(release ? [{ what: "who handed the release in", who: release.created_by }] : []),
  ];
  const against = await ownDeed(tx, person, actors, proposal.id);
  const { names } = await namesOf(tx, person);
  const separation = release ? separationOf(names, { release: release.content, actors }) : null;
  const why = separation?.against ?? against;
  if (why !== null) {
    throw refused("forbidden", why, proposal.id, "somebody else has to confirm it");
  }
  return (
    separation?.known ??
    "it was seen in no release that is known, so nobody's commits could be compared"
  );
}

/** Proposal, earlier consents, keys, names and rights are what the signed log says they are. */
async function requireUnedited(
  engine: Engine,
  proposal: FindingActRow,
  person: string,
): Promise<void> {
  const { db } = engine;
  const finding = await db
    .selectFrom("findings")
    .select("environment")
    .where("id", "=", proposal.finding)
    .executeTakeFirst();
  const lane = { service: proposal.service, environment: finding?.environment ?? "" };
  await requireByRecord(engine, async () => {
    const consents = await consentsTo(db, proposal.id);
    const people = [person, ...consents.map((one) => signatureIn(one).person)];
    const keys = await Promise.all(people.map((one) => keysOf(db, one)));
    const names = await Promise.all(people.map((one) => namesOf(db, one)));
    const grants = await Promise.all(people.map((one) => grantsFor(db, judgeRight, lane, one)));
    return [
      ...groundsOf(findingActsProjection, [proposal, ...consents]),
      ...groundsOf(personKeysProjection, keys.flat()),
      ...groundsOf(
        personLinksProjection,
        names.flatMap(({ links }) => links),
      ),
      ...groundsOf(grantsProjection, grants.flat()),
      ...groundsOfEnrolments([await gatherEnrolments(db, people)]),
    ];
  });
}
