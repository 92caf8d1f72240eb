import type { ExplainedPart } from "../../api/views/gate.ts";
import type { ImportTrust } from "../../model/finding.ts";
import type { Digest } from "../../model/primitives.ts";
import type { Part } from "../../policy/explain.ts";
import { attestationsOf } from "../../store/queries/attestations.ts";
import { scannedImports } from "../../store/queries/finding-open.ts";
import { listRequests } from "../../store/queries/check-requests.ts";
import { readPromotion } from "../../store/queries/promotions.ts";
import type { Engine } from "../engine.ts";

type Leaning = ExplainedPart["leansOn"][number];

/** What of a release may be named as evidence, read once for all parts. */
export interface Known {
  readonly attestations: Awaited<ReturnType<typeof attestationsOf>>;
  readonly imports: Awaited<ReturnType<typeof scannedImports>>;
  readonly requests: Awaited<ReturnType<typeof listRequests>>;
}

export async function knownAbout(
  { db }: Engine,
  release: Digest,
  environment: string,
  promotion: string | null,
): Promise<Known> {
  const [attestations, imports, requests] = await Promise.all([
    attestationsOf(db, release),
    scannedImports(db, environment, release),
    promotion === null ? [] : listRequests(db, { promotion }),
  ]);
  return { attestations, imports, requests };
}

/** The records by which somebody finds again what a part leaned on, each with its age. */
export async function leaningsOf(
  { db }: Engine,
  known: Known,
  part: Part,
): Promise<readonly Leaning[]> {
  const { reason, run, promotion, read } = part;
  const reads = (root: string) =>
    reason.rule.startsWith("rule.") && read.some(({ name }) => name.split(".")[0] === root);
  const leanings: Leaning[] = [];
  if (run) {
    const text = `${run.verdict}: ${run.summary}`.slice(0, 200);
    leanings.push({ kind: "check-run", id: run.run ?? run.check, at: run.at, text });
  }
  for (const one of known.requests) {
    if (!one.answer || (one.run !== run?.run && !reads("approvals"))) continue;
    const at = one.answered_at?.toISOString() ?? null;
    leanings.push({ kind: "answer", id: one.id, at, text: `signed by ${one.person ?? "nobody"}` });
  }
  if (promotion !== null) {
    const row = await readPromotion(db, promotion);
    const at = row?.ended_at?.toISOString() ?? null;
    leanings.push({ kind: "promotion", id: promotion, at, text: `${row?.state ?? "gone"} there` });
  }
  if (reads("findings")) leanings.push(...known.imports.map(importLeaning));
  for (const { digest, format, added_at: at, origin } of known.attestations) {
    const made = reads("sbom") && origin === "made";
    if (origin === "own" || (!made && !names(reason.message, digest))) continue;
    leanings.push({ kind: "attestation", id: digest, at: at.toISOString(), text: format });
  }
  const waiver = /; accepted by (\S+) until/.exec(reason.message)?.[1];
  if (waiver) leanings.push({ kind: "waiver", id: waiver, at: null, text: "an accepted risk" });
  return leanings;
}

/** Messages name a piece by the beginning of its digest. */
function names(message: string, digest: Digest): boolean {
  return message.includes(digest.slice(0, "sha256:".length + 12));
}

const trustText: Readonly<Record<ImportTrust, string>> = {
  own: "a run of Tidelock's own",
  signed: "signed by somebody who counts here",
  bound: "nobody vouches for it",
  unbound: "nobody vouches for it",
};

function importLeaning({ id, tool, trust, at }: Known["imports"][number]): Leaning {
  return { kind: "import", id, at: at.toISOString(), text: `${tool}, ${trustText[trust]}` };
}
