import { digestOf } from "../../model/canonical.ts";
import type { Document, Environment, Pipeline } from "../../model/pipeline.ts";
import type { Actor, ControlPlane } from "../../ports/control-plane.ts";
import { type Problem, TidelockError } from "../../model/errors.ts";
import { parseDocuments } from "../../pipeline-file/parse.ts";
import { registerDocument, registeredDocuments } from "../../store/queries/catalogue.ts";
import { announce } from "../../store/queries/events.ts";
import { wakeWaiting } from "../../store/queries/promotions.ts";
import { ensureLane } from "../../store/queries/lanes.ts";
import type { Db } from "../../store/schema.ts";
import { crossServerProblems } from "./document-references.ts";
import type { Registry } from "../../policy/demand-problems.ts";
import { whatIfText } from "../../policy/what-if.ts";
import type { Engine } from "../engine.ts";
import { isPolicy, noteEffect, proposeDocuments, replayOf } from "../policy/apply.ts";
import { changesOf, type DocumentChange } from "../policy/changed.ts";
import { governanceMode, modeByRecord } from "../policy/governance.ts";
import { lockPolicy } from "../policy/lock.ts";
import { proposalView, voidProposals } from "../policy/proposal.ts";

type Applied = Awaited<ReturnType<ControlPlane["applyDocuments"]>>;
type Line = Applied["applied"][number];

/** How often everything is looked at anew because somebody else was quicker. */
const looks = 5;

/**
 * Registers the documents of one file, all or none. Promotions that run keep the versions they were
 * planned with; the next ones use these. What changes policy is governed: in `team` mode the file becomes a proposal
 * that two people have to sign, in `solo` mode it applies at once, and the log says so.
 *
 * Throws `invalid-input` with every problem of the file, or of the file beside what is registered.
 */
export async function applyDocuments(
  engine: Engine,
  actor: Actor,
  file: string,
  text: string,
): Promise<Applied> {
  const parsed = parseDocuments(file, text, { checks: engine.checks });
  const documents = [...parsed.environments, ...parsed.pipelines];
  for (let look = 1; ; look += 1) {
    // Looking back takes seconds, and nobody else is to wait for it.
    const seen = await changesOf(engine.db, documents);
    const replay = isPolicy(seen) ? await replayOf(engine, seen) : null;
    const mode = replay === null ? "solo" : await modeByRecord(engine);
    const done = await engine.db.transaction().execute(async (tx) => {
      await lockPolicy(tx);
      const registry = await registryWith(tx, parsed.pipelines, parsed.environments);
      refuse(file, crossServerProblems(engine, registry, parsed));
      const changes = await changesOf(tx, documents);
      // Two operators at once: the second looks at what the first has registered.
      const stale = !sameChanges(changes, seen) || (await governanceMode(tx)) !== mode;
      if (stale && (replay !== null || isPolicy(changes))) {
        if (look < looks) return null;
        throw busy(file);
      }
      if (replay !== null && mode === "team") {
        const row = await proposeDocuments(tx, actor, file, changes, replay);
        return { proposal: row, applied: documents.map((one) => unchanged(one)) };
      }
      const applied: Line[] = [];
      for (const document of documents) applied.push(await register(tx, actor, file, document));
      const fresh = changes.map(({ proposed }) => proposed);
      await voidProposals(tx, fresh, actor.id);
      if (replay !== null) await noteEffect(tx, actor, changes, replay, "solo");
      return { proposal: null, applied };
    });
    if (done === null) continue;
    engine.signals.emit("change");
    for (const pipeline of parsed.pipelines) engine.signals.emit("service", pipeline.metadata.name);
    const { applied, proposal } = done;
    return {
      applied,
      proposal: proposal && (await proposalView(engine.db, proposal)),
      policy: replay && {
        governance: mode,
        changes: seen.flatMap(({ words }) => [...words]),
        replay: whatIfText(replay.counts),
      },
    };
  }
}

function sameChanges(some: readonly DocumentChange[], others: readonly DocumentChange[]): boolean {
  const keys = (changes: readonly DocumentChange[]): string =>
    JSON.stringify(changes.map(({ proposed, standing }) => [proposed, standing]));
  return keys(some) === keys(others);
}

function busy(file: string): TidelockError {
  return new TidelockError("conflict", "somebody else is changing the same documents", {
    fault: "operator",
    where: file,
    hint: "look at what is registered now, and apply it again: tidelock policy show",
  });
}

function unchanged(document: Document): Line {
  const { kind, metadata } = document;
  return { kind, name: metadata.name, digest: digestOf(document), changed: false };
}

/** What would be registered if the file were applied. */
export async function registryWith(
  tx: Db,
  pipelines: readonly Pipeline[],
  environments: readonly Environment[],
): Promise<Registry> {
  const [knownPipelines, knownEnvironments] = await Promise.all([
    registeredDocuments(tx, "Pipeline"),
    registeredDocuments(tx, "Environment"),
  ]);
  const byName = <D extends Document>(
    rows: readonly { content: Document }[],
    fresh: readonly D[],
  ) =>
    new Map(
      [...rows.map((row) => row.content as D), ...fresh].map((one) => [one.metadata.name, one]),
    );
  return {
    pipelines: byName(knownPipelines, pipelines),
    environments: byName(knownEnvironments, environments),
  };
}

/** Within whatever transaction decided that it may. */
export async function register(
  tx: Db,
  actor: Actor,
  file: string,
  document: Document,
): Promise<Line> {
  const digest = digestOf(document);
  const { kind, metadata } = document;
  const registered = await registerDocument(tx, { document, digest, file, actor: actor.id });
  if (document.kind === "Pipeline") {
    for (const environment of document.spec.environments) {
      await ensureLane(tx, { service: metadata.name, environment: environment.name });
    }
  }
  if (registered) {
    // Windows and freezes are those of now: who waits for one asks again.
    const service = kind === "Pipeline" ? metadata.name : null;
    await wakeWaiting(tx, { service, environment: service === null ? metadata.name : null });
    await announce(tx, {
      kind: "document.registered",
      ...(kind === "Pipeline" ? { service: metadata.name } : { environment: metadata.name }),
      message: `${actor.id} registered ${kind.toLowerCase()} ${metadata.name}, version ${registered.version}`,
    });
  }
  return { kind, name: metadata.name, digest, changed: registered !== null };
}

export function refuse(file: string, problems: readonly Problem[]): void {
  const [first] = problems;
  if (!first) return;
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  throw new TidelockError("invalid-input", `${file} has ${count}; nothing was applied`, {
    fault: "operator",
    where: first.where,
    ...(first.hint === undefined ? {} : { hint: first.hint }),
    problems,
  });
}

export async function listPipelines(engine: Engine): ReturnType<ControlPlane["listPipelines"]> {
  const rows = await registeredDocuments(engine.db, "Pipeline");
  return rows.map((row) => ({
    name: row.name,
    digest: row.digest,
    version: row.version,
    environments: (row.content as Pipeline).spec.environments.map(
      (environment) => environment.name,
    ),
  }));
}
