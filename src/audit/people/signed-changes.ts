import { paths } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { PolicyAct, PolicyEffectBlob, PolicyProposalBlob } from "../payloads-people.ts";
import { parsedJson } from "../checks/blobs.ts";

/** Changes of who somebody is or what they may, that two people have signed: what they propose lies among the blobs. */

/** Kinds of changes that make or strengthen an identity. */
export const enrolling: ReadonlySet<string> = new Set(["grant", "key", "role", "enrolment"]);

export interface SignedChange {
  readonly proposal: string;
  /** Operation of the entry that it brought about; null: whoever asked for it did that, with the proposal's name. */
  readonly made: string | null;
  /** Keys that a right was given for. */
  readonly keys: readonly string[];
  /** In the order of signing. */
  readonly signers: readonly string[];
}

export function signedChanges(
  before: readonly LogEntry[],
  files: ReadonlyMap<string, Uint8Array>,
): readonly SignedChange[] {
  const changes: SignedChange[] = [];
  const proposals = new Map<string, PolicyProposalBlob>();
  const signers = new Map<string, string[]>();
  for (const { leaf, payload } of before) {
    if (!leaf.kind.startsWith("policy.")) continue;
    const act = PolicyAct.safeParse(payload).data;
    if (act === undefined) continue;
    const bytes = files.get(paths.blob(act.content));
    const content = bytes && parsedJson(bytes);
    if (leaf.kind === "policy.proposed") {
      const proposal = PolicyProposalBlob.safeParse(content).data;
      if (proposal) proposals.set(act.proposal, proposal);
    } else if (leaf.kind === "policy.signed" && act.person !== undefined) {
      signers.set(act.proposal, [...(signers.get(act.proposal) ?? []), act.person]);
    } else if (leaf.kind === "policy.changed") {
      const change = proposals.get(act.proposal)?.proposed.change;
      const effect = PolicyEffectBlob.safeParse(content).data;
      if (!effect || !change || !enrolling.has(change.kind)) continue;
      const { keys = [] } = change;
      const by = signers.get(act.proposal) ?? [];
      const made = madeBy(effect);
      changes.push({ proposal: act.proposal, made, keys, signers: by });
    }
  }
  return changes;
}

function madeBy({ key, grant, assignment }: PolicyEffectBlob): string | null {
  if (key !== undefined) return `person-key/${key}/1`;
  if (grant !== undefined) return `grant/${grant}/1`;
  return assignment === undefined ? null : `role-assignment/${assignment}/1`;
}
