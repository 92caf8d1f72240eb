import type { ProposalView } from "../../../api/finding-views.ts";
import { digestOf } from "../../../model/canonical.ts";
import { TidelockError } from "../../../model/errors.ts";
import { type Judgement, longestJudgementMs, Proposed } from "../../../model/finding-act.ts";
import { databaseTime } from "../../../store/queries/attestations.ts";
import { consentsTo, fingerprintsOf } from "../../../store/queries/finding-acts.ts";
import { namesOf } from "../../../store/queries/grants.ts";
import { readTree } from "../../../store/queries/ledger-tree.ts";
import type { FindingActRow, FindingRow } from "../../../store/schema-findings.ts";
import type { Db } from "../../../store/schema.ts";

/** What is to be signed by two people, frozen when it was proposed. */
export async function propose(
  tx: Db,
  id: string,
  finding: FindingRow,
  act: Judgement,
): Promise<Proposed> {
  const now = Date.parse(await databaseTime(tx));
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

/** @throws TidelockError `digest-mismatch` for a row that is no proposal */
export function proposedIn({ id, content }: FindingActRow): Proposed {
  const parsed = Proposed.safeParse(content["proposed"]);
  if (parsed.success) return parsed.data;
  throw new TidelockError("digest-mismatch", "this is no proposal any more", { where: id });
}

export async function proposalView(db: Db, row: FindingActRow): Promise<ProposalView> {
  const proposed = proposedIn(row);
  const consents = await consentsTo(db, row.id);
  const over = Date.parse(proposed.act.until) <= Date.now();
  return {
    id: row.id,
    proposed,
    state: over ? "ended" : consents.length >= 2 ? "in-force" : "waiting",
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
