import {
  type EngagementRecord,
  engagementRecord,
  readEngagement,
  engagementOf,
} from "../../evidence/predicates/engagement.ts";
import { digestBytes } from "../../evidence/bytes.ts";
import { TidelockError } from "../../model/errors.ts";
import { printable } from "../../model/printable.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { grantsProjection, personKeysProjection } from "../../store/projections/access.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { engagementByDigest, insertEngagement } from "../../store/queries/engagements.ts";
import { announce } from "../../store/queries/events.ts";
import { grantsFor, keysOf } from "../../store/queries/grants.ts";
import { readTree } from "../../store/queries/ledger-tree.ts";
import type { EngagementRow } from "../../store/schema-engagements.ts";
import type { Db } from "../../store/schema.ts";
import { gatherEnrolments } from "../access/people/enrolment.ts";
import { groundsOfEnrolments } from "../access/people/held.ts";
import type { Engine } from "../engine.ts";
import { judgeRight } from "../findings/acts/consent.ts";
import { groundsOf, lastingDifference } from "../ledger/leaning.ts";
import { requireWritable } from "../ledger/writable.ts";
import { againstCoSigner } from "../signing/co-signer.ts";
import { takeSigned } from "../signing/take-signed.ts";

/**
 * Records what a person signed. It can open a gate that asks for it, so the token that everybody shares is not enough:
 * the key and the right of the person stand in the log. The same envelope again changes nothing.
 *
 * @throws TidelockError `invalid-input` (no signed record), `forbidden` (nobody's key, or no right), `not-found` (the
 *   release), `denied` (the database is not what the ledger says)
 */
export async function recordEngagement(
  engine: Engine,
  actor: Actor,
  envelope: Uint8Array,
): Promise<EngagementRow> {
  const { db } = engine;
  await requireWritable(db, "an engagement is an entry of the ledger");
  const digest = digestBytes(envelope);
  const known = await engagementByDigest(db, digest);
  if (known) return known;
  const said = readEngagement(envelope);
  if (!said.ok)
    throw refused("invalid-input", `this is no record of an engagement: ${said.problem}`);
  const { person, engagement } = said.value;
  const lane = { service: engagement.service, environment: engagement.environment ?? "" };
  await requireByRecord(engine, person, lane);
  const row = await db.transaction().execute(async (tx) => {
    const { keyId: key } = await requireSigned(tx, envelope, said.value);
    if ((await grantsFor(tx, judgeRight, lane, person)).length === 0) {
      throw refused(
        "forbidden",
        `nobody gave this person the right to judge findings of ${engagement.service}`,
        `tidelock person grant <name> --judge-findings --service ${engagement.service}`,
      );
    }
    const right = { name: judgeRight, says: "judge findings" };
    const signed = { lane, right, signatures: [] };
    const against = await againstCoSigner(tx, signed, { person, key });
    if (against !== null) throw refused("forbidden", against);
    if (engagement.release !== null)
      await requireRelease(tx, engagement.service, engagement.release);
    for (const { name, digest: file } of engagement.evidence) {
      if (await engine.content.has(file)) continue;
      throw refused(
        "not-found",
        `${name} (${file}) was not uploaded`,
        "tidelock engagement add does it",
      );
    }
    const given = { content: engagement, digest, envelope, person, key, by: actor.id };
    const row = await insertEngagement(tx, given);
    if (row === undefined) return undefined;
    await announce(tx, {
      kind: "engagement.recorded",
      service: engagement.service,
      message: `E-${row.id}: ${engagement.kind} by ${printable(engagement.party)}, valid until ${engagement.validUntil}`,
    });
    return row;
  });
  engine.signals.emit("change");
  const made = row ?? (await engagementByDigest(db, digest));
  if (!made) throw new Error("a conflict with a row that is not there");
  return made;
}

async function requireSigned(tx: Db, bytes: Uint8Array, { person }: EngagementRecord) {
  const { origin } = await readTree(tx);
  return takeSigned(tx, {
    person,
    bytes,
    states: engagementRecord.type,
    says: (payload) => engagementOf(payload, origin),
    what: "record of an engagement",
    where: "the record",
    again: "sign it anew: tidelock engagement add",
    stream: "system",
  });
}

async function requireRelease(db: Db, service: string, id: string): Promise<void> {
  const release = await readRelease(db, id);
  if (release?.service === service) return;
  throw refused("not-found", `${service} has no release ${id}`);
}

/** Keys and rights are what the signed log says they are. */
async function requireByRecord(
  engine: Engine,
  person: string,
  lane: { service: string; environment: string },
): Promise<void> {
  const { db, log } = engine;
  const difference = await lastingDifference(log, db, async () => [
    ...groundsOf(personKeysProjection, await keysOf(db, person)),
    ...groundsOf(grantsProjection, await grantsFor(db, judgeRight, lane, person)),
    ...groundsOfEnrolments([await gatherEnrolments(db, [person])]),
  ]);
  if (!difference) return;
  throw new TidelockError(
    "denied",
    `the database was changed behind the ledger: ${difference.message}`,
    {
      fault: "operator",
      hint: "nothing was taken; see `tidelock ledger verify --state`",
    },
  );
}

function refused(
  code: "invalid-input" | "forbidden" | "not-found",
  message: string,
  hint?: string,
): TidelockError {
  return new TidelockError(code, message, {
    fault: "operator",
    where: "envelope",
    ...(hint === undefined ? {} : { hint }),
  });
}
