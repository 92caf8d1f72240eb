import { digestOf } from "../../model/canonical.ts";
import type { Document } from "../../model/pipeline.ts";
import type { ProposedDocument } from "../../model/policy-proposal.ts";
import type { Lane } from "../../model/primitives.ts";
import { environmentPolicy, lanePolicy, type PolicyPart } from "../../policy/policy-of.ts";
import { policyDiff } from "../../policy/policy-diff.ts";
import type { Db } from "../../store/schema.ts";

/** What documents change, against the last version of each that ever was: removed ones included. */
export interface DocumentChange {
  readonly document: Document;
  readonly proposed: ProposedDocument;
  /** Whether that last version is in force; one that was removed is not. */
  readonly standing: boolean;
  /** In words; empty: nothing of it is policy. */
  readonly words: readonly string[];
  /** Where it changes what lets releases through. Of an environment: for every service, an empty name. */
  readonly lanes: readonly Lane[];
}

export async function changesOf(
  db: Db,
  documents: readonly Document[],
): Promise<readonly DocumentChange[]> {
  const changes: DocumentChange[] = [];
  for (const document of documents) {
    const { kind, metadata } = document;
    const row = await db
      .selectFrom("documents")
      .select(["digest", "content", "removed_at"])
      .where("kind", "=", kind)
      .where("name", "=", metadata.name)
      .orderBy("version", "desc")
      .limit(1)
      .executeTakeFirst();
    const after = digestOf(document);
    const standing = row !== undefined && row.removed_at === null;
    if (standing && row.digest === after) continue;
    const proposed = { kind, name: metadata.name, before: row?.digest ?? null, after };
    changes.push({ document, proposed, standing, ...policyChange(row?.content ?? null, document) });
  }
  return changes;
}

function policyChange(
  before: Document | null,
  after: Document,
): Pick<DocumentChange, "words" | "lanes"> {
  const { name } = after.metadata;
  if (after.kind === "Environment") {
    const old = before?.kind === "Environment" ? environmentPolicy(before) : null;
    const words = policyDiff(`environment ${name}`, old, environmentPolicy(after));
    return { words, lanes: words.length === 0 ? [] : [{ service: "", environment: name }] };
  }
  const old = before?.kind === "Pipeline" ? before : null;
  const environments = [...(old?.spec.environments ?? []), ...after.spec.environments];
  const words: string[] = [];
  const lanes: Lane[] = [];
  for (const environment of new Set(environments.map((lane) => lane.name))) {
    const was: PolicyPart | null = old && lanePolicy(old, environment);
    const lines = policyDiff(`${name} in ${environment}`, was, lanePolicy(after, environment));
    words.push(...lines);
    if (lines.length > 0) lanes.push({ service: name, environment });
  }
  return { words, lanes };
}
