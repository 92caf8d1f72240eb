import { TidelockError } from "../../model/errors.ts";
import type { EngagementKind } from "../../model/engagement.ts";
import type { Lane } from "../../model/primitives.ts";
import type { EngagementOnRecord } from "../../ports/check.ts";
import { engagementsProjection } from "../../store/projections/engagements.ts";
import { listEngagements } from "../../store/queries/engagements.ts";
import type { Engine } from "../engine.ts";
import { groundsOf, lastingDifference } from "../ledger/leaning.ts";

/** So many of a service are looked at: the newest ones. */
const most = 200;

/** What a gate may lean on: each row is held against the log first. */
export async function engagementsOnRecord(
  engine: Engine,
  { service, environment }: Lane,
  kind: EngagementKind,
): Promise<readonly EngagementOnRecord[]> {
  const { db, log } = engine;
  const read = async () => {
    const rows = await listEngagements(db, { service, limit: most });
    return rows.filter(
      ({ content, withdrawn }) =>
        withdrawn === null &&
        content.kind === kind &&
        (content.environment === null || content.environment === environment),
    );
  };
  let rows = await read();
  const difference = await lastingDifference(log, db, async () => {
    rows = await read();
    return groundsOf(engagementsProjection, rows);
  });
  if (difference) {
    throw new TidelockError(
      "denied",
      `the database was changed behind the ledger: ${difference.message}`,
      { fault: "operator", hint: "see `tidelock ledger verify --state`" },
    );
  }
  return rows.map(({ id, content }) => ({
    id: `E-${id}`,
    party: content.party,
    ended: content.ended,
    validUntil: content.validUntil,
    outcome: content.outcome,
    release: content.release,
  }));
}
