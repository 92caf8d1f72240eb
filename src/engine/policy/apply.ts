import { digestOf } from "../../model/canonical.ts";
import type { Document, Environment, Pipeline } from "../../model/pipeline.ts";
import { type GovernanceMode, replayedMs } from "../../model/policy-proposal.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { type WhatIfCounts, whatIfText } from "../../policy/what-if.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { registeredDocuments } from "../../store/queries/catalogue.ts";
import { insertPolicyAct } from "../../store/queries/policy.ts";
import type { PolicyActRow } from "../../store/schema-policy.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { newActId } from "../ids.ts";
import type { DocumentChange } from "./changed.ts";
import { type Base, propose } from "./proposal.ts";
import { type NewDocuments, replayPast } from "./replay.ts";

/** What past decisions say of a change: shown before it is signed, and written down with it. */
export interface ChangeReplay {
  readonly since: string;
  readonly digest: string & `sha256:${string}`;
  readonly counts: WhatIfCounts;
}

/** Whether any of it is policy, and so governed. */
export function isPolicy(changes: readonly DocumentChange[]): boolean {
  return changes.some(({ words }) => words.length > 0);
}

/** Every decision of the last 90 days, made again under the documents as they would be. */
export async function replayOf(
  engine: Engine,
  changes: readonly DocumentChange[],
): Promise<ChangeReplay> {
  const since = new Date(Date.parse(await databaseTime(engine.db)) - replayedMs);
  const differing: unknown[] = [];
  const fresh = asDocuments(changes.map(({ document }) => document));
  const counts = await replayPast(engine, engine.db, fresh, { since }, (past, found) => {
    if (found.kind !== "outcome") return;
    const { promotion, step } = past;
    const { was, wouldBe, notAsked } = found;
    differing.push({ decision: `${promotion}/${step}`, was, wouldBe, notAsked });
  });
  return {
    since: since.toISOString(),
    digest: digestOf({ counts, differing }) as ChangeReplay["digest"],
    counts,
  };
}

export function asDocuments(documents: readonly Document[]): NewDocuments {
  return {
    pipelines: documents.filter((one): one is Pipeline => one.kind === "Pipeline"),
    environments: documents.filter((one): one is Environment => one.kind === "Environment"),
  };
}

/** In team mode: the whole file waits for two people. */
export async function proposeDocuments(
  tx: Db,
  actor: Actor,
  file: string,
  changes: readonly DocumentChange[],
  replay: ChangeReplay,
): Promise<PolicyActRow> {
  const documents = changes.map(({ document }) => document);
  return propose(
    tx,
    actor,
    {
      kind: "documents",
      documents: changes.map(({ proposed }) => proposed),
      changes: changes.flatMap(({ words }) => words).slice(0, 200),
      replay: { since: replay.since, digest: replay.digest, text: whatIfText(replay.counts) },
    },
    {
      documents,
      file,
      base: await baseOf(tx, documents),
      lanes: changes.flatMap(({ lanes }) => lanes),
    },
  );
}

/** What they replace, and the environments that their pipelines lean on. */
export async function baseOf(tx: Db, documents: readonly Document[]): Promise<Base[]> {
  const named = new Map<string, Pick<Base, "kind" | "name">>();
  const name = (kind: Base["kind"], of: string): void => {
    named.set(`${kind}/${of}`, { kind, name: of });
  };
  for (const document of documents) {
    name(document.kind, document.metadata.name);
    if (document.kind !== "Pipeline") continue;
    for (const lane of document.spec.environments) name("Environment", lane.name);
  }
  const rows = [
    ...(await registeredDocuments(tx, "Pipeline")),
    ...(await registeredDocuments(tx, "Environment")),
  ];
  return [...named.values()].map((one) => ({
    ...one,
    digest: rows.find((row) => row.kind === one.kind && row.name === one.name)?.digest ?? null,
  }));
}

/** That policy has changed, on whose word, and what past decisions say of it. */
export async function noteEffect(
  tx: Db,
  actor: Actor,
  changes: readonly Pick<DocumentChange, "proposed">[],
  replay: ChangeReplay,
  governance: GovernanceMode,
): Promise<void> {
  const id = newActId();
  const { decisions, differ, stricter, looser, unknown } = replay.counts;
  const replayed = { decisions, differ, stricter, looser, unknown };
  const content = {
    governance,
    documents: changes.map(({ proposed }) => proposed),
    replay: { since: replay.since, digest: replay.digest, ...replayed },
  };
  await insertPolicyAct(
    tx,
    { id, kind: "effect", proposal: id, content: JSON.stringify(content), acted_by: actor.id },
    { governance, replay: replayed },
  );
}
