import type { AcceptedRisk } from "../../api/views/finding.ts";
import { type WaiverPolicy } from "../../model/waiver.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { findingWaivers } from "../../store/queries/waivers.ts";
import type { Db } from "../../store/schema.ts";
import { findingsAsNow, holdsNow, signedWaiver, waiverPolicy } from "./held.ts";

/**
 * Where the risk of findings is accepted now: for lists, exports and numbers. `holds` alone says whether it is
 * (policy/waivers.ts), of the same things that a gate reads.
 *
 * @param findings numbers, without `F-`; null: of all
 * @returns by number; a finding that nobody accepted is not in it
 */
export async function acceptedRisks(
  db: Db,
  findings: readonly string[] | null,
): Promise<ReadonlyMap<string, readonly AcceptedRisk[]>> {
  const rows = await findingWaivers(db, findings);
  const accepted = new Map<string, AcceptedRisk[]>();
  if (rows.length === 0) return accepted;
  const signed = rows.map(signedWaiver);
  const about = (one: (typeof signed)[number]): string =>
    one.waived.of.kind === "finding" ? one.waived.of.finding.slice("F-".length) : "";
  const now = await databaseTime(db);
  const known = await findingsAsNow(db, [...new Set(signed.map(about))]);
  const policies = new Map<string, WaiverPolicy | null>();
  for (const waiver of signed) {
    const { environment, waiver: id, release, reason, control, owner } = waiver.waived;
    const policy = policies.get(environment) ?? (await waiverPolicy(db, environment));
    policies.set(environment, policy);
    const held = holdsNow(waiver, { policy, signed, findings: known }, now);
    if (!held.holds) continue;
    const own = accepted.get(about(waiver)) ?? [];
    own.push({
      waiver: id,
      environment,
      release,
      reason,
      control,
      owner,
      since: waiver.since,
      until: held.until,
    });
    accepted.set(about(waiver), own);
  }
  return accepted;
}
