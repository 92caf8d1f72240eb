import { digestOf } from "../model/canonical.ts";
import type { Document, Environment, Pipeline } from "../model/pipeline.ts";
import type { Actor, ControlPlane } from "../ports/control-plane.ts";
import { type Problem, TidelockError } from "../model/errors.ts";
import { parseDocuments } from "../pipeline-file/parse.ts";
import { registerDocument, registeredDocuments } from "../store/queries/catalogue.ts";
import { announce } from "../store/queries/events.ts";
import { wakeWaiting } from "../store/queries/promotions.ts";
import { ensureLane } from "../store/queries/lanes.ts";
import { sql } from "kysely";
import type { Db } from "../store/schema.ts";
import { crossServerProblems, type Registry } from "./document-references.ts";
import type { Engine } from "./engine.ts";

type Applied = Awaited<ReturnType<ControlPlane["applyDocuments"]>>;

/**
 * Registers the documents of one file, all or none. Promotions that run keep the versions they were
 * planned with; the next ones use these.
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
  const applied = await engine.db.transaction().execute(async (tx) => {
    // Two operators at once: the second sees what the first has registered.
    await sql`select pg_advisory_xact_lock(7468002)`.execute(tx);
    const registry = await registryWith(tx, parsed.pipelines, parsed.environments);
    refuse(file, crossServerProblems(engine, registry, parsed));
    const results: Applied[number][] = [];
    for (const document of [...parsed.environments, ...parsed.pipelines]) {
      results.push(await apply(tx, actor, file, document));
    }
    return results;
  });
  engine.signals.emit("change");
  for (const pipeline of parsed.pipelines) engine.signals.emit("service", pipeline.metadata.name);
  return applied;
}

/** What would be registered if the file were applied. */
async function registryWith(
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

async function apply(
  tx: Db,
  actor: Actor,
  file: string,
  document: Document,
): Promise<Applied[number]> {
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

function refuse(file: string, problems: readonly Problem[]): void {
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
