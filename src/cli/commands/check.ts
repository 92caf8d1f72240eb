import { resolve } from "node:path";
import { checkKinds, runFileChecks } from "../../compose-local.ts";
import { prepareRelease } from "../../intake/create.ts";
import { TidelockError } from "../../model/errors.ts";
import { digestOf } from "../../model/canonical.ts";
import type { CheckDemand, Environment, Pipeline } from "../../model/pipeline.ts";
import type { CheckReport } from "../../model/verdict.ts";
import { parseDocuments } from "../../pipeline-file/parse.ts";
import { demandDigest } from "../../policy/evidence.ts";
import { applyFloor } from "../../policy/floor.ts";
import { decideGate } from "../../policy/gate.ts";
import type { CommandContext } from "../context.ts";
import { defineCommand } from "../define-command.ts";
import { exit } from "../exit-codes.ts";
import { connectionOptions, flag, outputOption, text } from "../options.ts";
import { type Column, printList } from "../output/print.ts";
import type { ConnectionFlags } from "../settings.ts";
import { clean } from "../terminal.ts";

/** One demanded check and what is known about it here. */
interface Foreseen {
  readonly check: string;
  readonly phase: string;
  /** Null where this machine cannot know. */
  readonly report: CheckReport | null;
  readonly why: string;
}

const columns: readonly Column<Foreseen>[] = [
  { title: "check", value: (item) => item.check },
  { title: "phase", value: (item) => item.phase },
  { title: "verdict", value: (item) => item.report?.verdict ?? "not predicted" },
  { title: "summary", value: (item) => clean(item.report?.summary ?? item.why) },
];

export const command = defineCommand({
  arguments: {},
  options: {
    ...outputOption,
    env: text("--env <name>", "the environment (default: the last one of the file)"),
    from: text("--from <folder>", "a finished folder (default: the service's own)"),
    file: text("-f, --file <path>", "the file (default: ./tidelock.yaml)"),
    server: flag(
      "--server",
      "ask a server what is demanded: its registered pipeline and the floor",
    ),
    ...connectionOptions,
    dataDir: text("--data-dir <folder>", "where imported advisories are (TIDELOCK_DATA_DIR)"),
  },
  details:
    "Needs no server, but then a floor counts only where the file has its environment's document. Runs the checks that read files only, on the tree that a release would have, and decides by the same rules as the gate; says which checks cannot be predicted here. Exit code 3 when the gate would deny.",
  async run(context, { options }) {
    const file = context.projectFile(options.file);
    const parsed = parseDocuments(file.path, file.text, { checks: await checkKinds() });
    const { pipeline, name } = laneOf(parsed.pipelines, options.env);
    const demands = options.server
      ? await registeredDemands(context, options, pipeline.metadata.name, name)
      : demandsOf(pipeline, name, parsed.environments);
    const prepared = await prepareRelease({
      pipelineFile: file.path,
      pipeline,
      version: "0.0.0-check",
      from: {
        kind: "folder",
        ...(options.from === undefined ? {} : { path: resolve(options.from) }),
      },
      allowDirty: true,
    });
    try {
      const { digest, path } = prepared.blobs[0] ?? { digest: prepared.id, path: "" };
      const tree = { release: prepared.id, name: pipeline.metadata.name, digest, path };
      const files = demands.filter(({ phase }) => phase === "static");
      const reports = await runFileChecks(tree, files, {
        dataDir: context.settings({ dataDir: options.dataDir }).dataDir.value,
        signal: context.signal,
      });
      if (context.signal.aborted) return exit.interrupted;
      const items = demands.map((demand): Foreseen => {
        const report = reports.get(demand.name) ?? null;
        const why =
          demand.phase === "static"
            ? "it runs a program as a user of its own: a server's host agent does that"
            : "it tests what is deployed";
        return { check: demand.name, phase: demand.phase, report, why };
      });
      const empty = `${name} demands no check`;
      await printList(context.terminal, context.format(options), {
        items,
        columns,
        name: (item) => item.check,
        empty,
      });
      return verdict(context.terminal, { pipeline, name, release: prepared.id }, demands, items);
    } finally {
      await prepared.dispose();
    }
  },
});

function laneOf(pipelines: readonly Pipeline[], env: string | undefined) {
  const [pipeline] = pipelines;
  const names = pipeline?.spec.environments.map(({ name }) => name) ?? [];
  const name = env ?? names.at(-1);
  if (pipeline && name !== undefined && names.includes(name)) return { pipeline, name };
  throw new TidelockError("not-found", `the file has no environment ${env ?? ""}`, {
    fault: "operator",
    where: env ?? "tidelock.yaml",
    hint: names.length === 0 ? "it has no pipeline" : `its pipeline names ${names.join(", ")}`,
  });
}

/** What the server would put into a plan now, whatever the file says. Only reads. */
async function registeredDemands(
  context: CommandContext,
  flags: ConnectionFlags,
  service: string,
  environment: string,
): Promise<readonly CheckDemand[]> {
  const client = context.connect(flags);
  const { pipeline, floor, checks } = await client.call("checkDemands", {
    params: { service, environment },
  });
  const added = floor.length === 0 ? "no floor" : `the floor's ${floor.join(", ")}`;
  context.terminal.note(
    clean(`demanded by version ${pipeline} of the pipeline on ${client.url} and ${added}`),
  );
  return checks;
}

/** With the floor, where the file has its environment's document. */
function demandsOf(
  pipeline: Pipeline,
  name: string,
  environments: readonly Environment[],
): readonly CheckDemand[] {
  const lane = pipeline.spec.environments.find((one) => one.name === name);
  const floor = environments.find(({ metadata }) => metadata.name === name)?.spec.floor;
  if (!lane) return [];
  return floor ? applyFloor(lane, floor).checks : lane.checks;
}

/** The gate's own rules over what could be run; nothing is said about the rest. */
function verdict(
  terminal: { note: (line: string) => void },
  of: { readonly pipeline: Pipeline; readonly name: string; readonly release: string },
  demands: readonly CheckDemand[],
  items: readonly Foreseen[],
): 0 | 3 {
  const known = demands.filter(({ name }) => items.some((one) => one.check === name && one.report));
  const subject = {
    service: of.pipeline.metadata.name,
    environment: of.name,
    release: of.release,
    configuration: digestOf("not known here"),
    colour: "blue" as const,
  };
  const now = new Date().toISOString();
  const { decision } = decideGate("baseline", {
    subject,
    now,
    checks: known,
    evidence: known.flatMap((demand) => {
      const report = items.find(({ check }) => check === demand.name)?.report;
      if (!report) return [];
      const { service, environment, release } = subject;
      return [
        {
          check: demand.name,
          demand: demandDigest(demand),
          service,
          environment,
          release,
          configuration: null,
          colour: null,
          verdict: report.verdict,
          exercised: report.exercised,
          summary: report.summary,
          at: now,
          expiresAt: null,
        },
      ];
    }),
    predecessors: [],
    requirements: [],
    minimumIsolation: "none",
    grades: { isolation: "none", identity: "none", governance: "solo" },
    ledger: null,
  });
  const unknown = items.filter(({ report }) => report === null).length;
  const rest = unknown === 0 ? "" : `; ${unknown} cannot be predicted here`;
  const denied = decision.reasons.filter(({ outcome }) => outcome === "deny");
  if (denied.length === 0) {
    terminal.note(`${of.name} would not be denied by what was run here (${known.length})${rest}`);
    return exit.done;
  }
  terminal.note(
    `${of.name} would deny: ${denied.map(({ message }) => clean(message)).join("; ")}${rest}`,
  );
  return exit.denied;
}
