import type { ProposalView } from "../../../api/views/finding.ts";
import { digestOf } from "../../../model/canonical.ts";
import { TidelockError } from "../../../model/errors.ts";
import {
  type AskedJudgement,
  type Judgement,
  longestJudgementMs,
  Proposed,
  type RetiredScan,
} from "../../../model/finding-act.ts";
import type { Digest } from "../../../model/primitives.ts";
import { databaseTime } from "../../../store/queries/attestations.ts";
import { consentsTo, fingerprintsOf } from "../../../store/queries/finding-acts.ts";
import { scanOfImport, scansSeeing, seenByScan } from "../../../store/queries/finding-retire.ts";
import { namesOf } from "../../../store/queries/grants.ts";
import { readTree } from "../../../store/queries/ledger-tree.ts";
import type { FindingActRow, FindingRow } from "../../../store/schema-findings.ts";
import type { Db } from "../../../store/schema.ts";

/** What is to be signed by two people, frozen when it was proposed. */
export async function propose(
  tx: Db,
  id: string,
  finding: FindingRow,
  asked: AskedJudgement,
): Promise<Proposed> {
  const now = Date.parse(await databaseTime(tx));
  const act = await judgementOf(tx, finding, asked, now);
  const left = Date.parse(act.until) - now;
  if (left <= 0 || left > longestJudgementMs) {
    throw new TidelockError("invalid-input", `${act.until} is ${left <= 0 ? "over" : "too far"}`, {
      fault: "operator",
      where: "until",
      hint: "a judgement ends within a year; then somebody looks again",
    });
  }
  const { origin } = await readTree(tx);
  return Proposed.parse({
    proposal: id,
    ledger: origin,
    finding: `F-${finding.id}`,
    service: finding.service,
    rule: finding.rule,
    title: finding.title,
    fingerprints: digestOf(await fingerprintsOf(tx, finding.id)),
    severity: finding.severity,
    act: { ...act, until: new Date(act.until).toISOString() },
  });
}

/** How long a retirement waits for its signatures: longer than that nobody knows what the scan sees by then. */
const retirementWaitsMs = 30 * 86_400_000;

async function judgementOf(
  tx: Db,
  finding: FindingRow,
  asked: AskedJudgement,
  now: number,
): Promise<Judgement> {
  if (asked.kind !== "retire-scan") return asked;
  const { kind, reason, import: named } = asked;
  const until = new Date(now + retirementWaitsMs).toISOString();
  return { kind, scan: await scanToRetire(tx, finding, named), reason, until };
}

async function scanToRetire(
  tx: Db,
  { id }: FindingRow,
  named: string | undefined,
): Promise<RetiredScan> {
  const scans = await scansSeeing(tx, id);
  const scope = named === undefined ? undefined : await scanOfImport(tx, named);
  const meant = named === undefined ? scans : scans.filter((one) => one.scope === scope);
  const [scan] = meant;
  if (!scan || meant.length > 1) {
    const all = scans.map((one) => `${one.import} (${one.tool}, ${one.subject || "no subject"})`);
    const message = scan
      ? `${scans.length} scans see F-${id}`
      : `${named === undefined ? "no scan" : `the scan of ${named}`} does not see F-${id}`;
    throw new TidelockError("invalid-input", message, {
      fault: "operator",
      where: "import",
      hint:
        all.length === 0
          ? "no scan does: there is nothing to retire"
          : `name an import of the scan: ${all.join(", ")}`,
    });
  }
  const { tool, subject, environment } = scan;
  return { scope: scan.scope, tool, subject, environment, ...(await whatItSees(tx, scan.scope)) };
}

/** What a scan sees, as it is signed. */
export async function whatItSees(
  tx: Db,
  scope: Digest,
): Promise<Pick<RetiredScan, "sees" | "findings">> {
  const ids = await seenByScan(tx, scope);
  return { sees: ids.length, findings: digestOf(ids) };
}

/** @throws TidelockError `digest-mismatch` for a row that is no proposal */
export function proposedIn({ id, content }: FindingActRow): Proposed {
  const parsed = Proposed.safeParse(content["proposed"]);
  if (parsed.success) return parsed.data;
  throw new TidelockError("digest-mismatch", "this is no proposal any more", { where: id });
}

export async function proposalView(db: Db, row: FindingActRow): Promise<ProposalView> {
  const proposed = proposedIn(row);
  const consents = await consentsTo(db, row.id);
  const done = consents.length >= 2;
  // A scan that was retired stays so until its next report.
  const lasts = done && proposed.act.kind === "retire-scan";
  const over = !lasts && Date.parse(proposed.act.until) <= Date.now();
  return {
    id: row.id,
    proposed,
    state: over ? "ended" : done ? "in-force" : "waiting",
    by: row.acted_by,
    at: row.at.toISOString(),
    consents: await Promise.all(
      consents.map(async ({ content, at }) => {
        const person = String(content["person"]);
        const [name] = (await namesOf(db, person)).names;
        return { person, name: name ?? null, at: at.toISOString() };
      }),
    ),
  };
}
