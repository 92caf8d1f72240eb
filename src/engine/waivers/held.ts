import { digestOf } from "../../model/canonical.ts";
import type { Digest, Lane } from "../../model/primitives.ts";
import { defaultWaiverPolicy, type WaiverPolicy } from "../../model/waiver.ts";
import type { WaiversInput } from "../../policy/waived.ts";
import {
  type FindingNow,
  type Holding,
  holds,
  type SignedWaiver,
  type WaiverSubject,
} from "../../policy/waivers.ts";
import { waiversProjection } from "../../store/projections/waivers.ts";
import { registeredEnvironment } from "../../store/queries/catalogue.ts";
import { hasExploitedList, judgementsOf } from "../../store/queries/finding-open.ts";
import { fingerprintsOfMany } from "../../store/queries/finding-acts.ts";
import { goneWaiver, waivedFindings, waiversInForce } from "../../store/queries/waivers.ts";
import type { WaiverRow } from "../../store/schema-waivers.ts";
import type { Db } from "../../store/schema.ts";
import { severityOf } from "../findings/severity.ts";
import { type Ground, groundsOf } from "../ledger/leaning.ts";

/** What is known of accepted risks here and now; whether one counts, `holds` alone says (policy/waivers.ts). */

/** Everything about waivers in a lane that a decision reads; undefined where nobody accepted anything. */
export async function waiversInput(db: Db, lane: Lane): Promise<WaiversInput | undefined> {
  const rows = await waiversInForce(db, lane);
  if (rows.length === 0) return undefined;
  const signed = rows.map(signedWaiver);
  return {
    policy: await waiverPolicy(db, lane.environment),
    signed,
    findings: await findingsNow(db, signed),
  };
}

/** As the environment's owners have registered it; null: there is no such environment any more. */
export async function waiverPolicy(db: Db, environment: string): Promise<WaiverPolicy | null> {
  const registered = await registeredEnvironment(db, environment);
  return registered ? (registered.document.spec.waivers ?? defaultWaiverPolicy) : null;
}

export function signedWaiver({ content, since, signatures }: WaiverRow): SignedWaiver {
  const [first = "", second = ""] = signatures.map(({ person }) => person);
  return { waived: content, since: since?.toISOString() ?? "", people: [first, second] };
}

/** Findings that are waived, as gates count them now. */
async function findingsNow(
  db: Db,
  signed: readonly SignedWaiver[],
): Promise<readonly FindingNow[]> {
  const ids = signed.flatMap(({ waived: { of } }) =>
    of.kind === "finding" ? [of.finding.slice("F-".length)] : [],
  );
  return findingsAsNow(db, [...new Set(ids)]);
}

/** @param ids numbers, without `F-`; what is not there is left out */
export async function findingsAsNow(
  db: Db,
  ids: readonly string[],
): Promise<readonly FindingNow[]> {
  if (ids.length === 0) return [];
  const [rows, fingerprints, listed] = await Promise.all([
    waivedFindings(db, ids),
    fingerprintsOfMany(db, ids),
    hasExploitedList(db),
  ]);
  const services = [...new Set(rows.map(({ service }) => service))];
  const judged = (await Promise.all(services.map((one) => judgementsOf(db, one)))).flat();
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = byId.get(id);
    if (!row) return [];
    const own = judged.filter(({ finding }) => finding === id);
    return [
      {
        kind: "finding" as const,
        finding: `F-${id}`,
        fingerprints: digestOf(fingerprints.get(id) ?? []),
        severity: severityOf(row, own, new Date()).severity,
        knownExploited: listed ? row.exploited : null,
      },
    ];
  });
}

/** @param id a number, without `F-` */
export async function findingNow(db: Db, id: string): Promise<FindingNow | undefined> {
  return (await findingsAsNow(db, [id]))[0];
}

/** What is to be let through by a waiver, as it is now: of a check whatever the waiver itself speaks of. */
export function ownSubject(
  { waived }: SignedWaiver,
  { policy, findings }: WaiversInput,
  release: Digest | null,
): WaiverSubject {
  const { of, service, environment } = waived;
  const now: WaiverSubject["of"] =
    of.kind === "finding"
      ? (findings.find(({ finding }) => finding === of.finding) ?? { ...of, finding: "" })
      : { ...of, verdict: of.verdicts[0] ?? "missing", empty: false };
  const about = release ?? waived.release ?? noRelease;
  return { service, environment, release: about, policy, of: now };
}

/** For one that is about any release. */
const noRelease: Digest = `sha256:${"0".repeat(64)}`;

/** Whether it holds at all, for what it is about. */
export function holdsNow(waiver: SignedWaiver, input: WaiversInput, now: string): Holding {
  return holds(waiver, ownSubject(waiver, input, null), now);
}

/** An accepted risk that holds for a release in an environment. */
export interface HeldWaiver {
  readonly id: string;
  /** `F-12`, or the check's name. */
  readonly of: string;
  readonly kind: "finding" | "check";
  /** RFC 3339. */
  readonly until: string;
}

/** Accepted risks that hold here for this release. A check's counts only for the verdicts that it names. */
export async function waiversFor(
  db: Db,
  lane: Lane,
  release: Digest,
  now: string,
): Promise<readonly HeldWaiver[]> {
  const input = await waiversInput(db, lane);
  return input === undefined ? [] : heldIn(input, release, now);
}

/** Pure. */
export function heldIn(input: WaiversInput, release: Digest, now: string): readonly HeldWaiver[] {
  return input.signed.flatMap((waiver) => {
    const { waiver: id, of } = waiver.waived;
    const held = holds(waiver, ownSubject(waiver, input, release), now);
    if (!held.holds) return [];
    const name = of.kind === "finding" ? of.finding : of.check;
    return [{ id, of: name, kind: of.kind, until: held.until }];
  });
}

/** That each is what its people signed, and none was taken away or brought back. */
export async function groundsOfWaivers(db: Db, lane: Lane): Promise<readonly Ground[]> {
  const rows = await waiversInForce(db, lane);
  return [...groundsOf(waiversProjection, rows), nothingGone(lane)];
}

function nothingGone(lane: Lane): Ground {
  return {
    async holds(db) {
      const gone = await goneWaiver(db, lane);
      if (gone === undefined) return null;
      const message = `waivers: ${gone} is in the log and not in the database`;
      return { table: "waivers", row: gone, column: null, index: null, message };
    },
  };
}
