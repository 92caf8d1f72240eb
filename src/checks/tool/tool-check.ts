import type { z } from "zod";
import { TidelockError } from "../../model/errors.ts";
import type { CheckReport } from "../../model/verdict.ts";
import type { Check, CheckContext, Touch } from "../../ports/check.ts";
import type { CheckProcess } from "../../ports/host-agent.ts";
import { type Program, untilEnded } from "../agent-run.ts";
import { harnessArgv } from "./bundle.ts";
import type { Plan, ToolDefinition } from "./definition.ts";
import { toolFolders } from "./folders.ts";
import { interpret } from "./interpret.ts";
import { interpretApart } from "./interpret-apart.ts";
import type { Order, Pattern } from "./order.ts";

/** What is kept of a raw report; a longer one is no whole scan. */
export const maxReportBytes = 16 * 1024 * 1024;

export interface ToolCheck<Schema extends z.ZodType = z.ZodType> extends Check<Schema> {
  readonly touch: Touch;
  readonly tool: Pick<
    ToolDefinition<Schema>,
    "programs" | "install" | "proof" | "version" | "network"
  >;
  /** What the end of a run is worth. */
  readonly interpret: (plan: Plan, ended: CheckProcess) => CheckReport;
}

/** Whether a check is an external program. */
export function isToolCheck(check: Check): check is ToolCheck {
  return "tool" in check;
}

/** Makes a check out of what is known of a tool. Its report is judged by its observations. */
export function toolCheck<Schema extends z.ZodType>(
  definition: ToolDefinition<Schema>,
): ToolCheck<Schema> {
  const { id, schema, touch, cost, disturbs, sensitiveTo } = definition;
  const { programs, install, proof, version, network, scans, engine } = definition;
  return {
    id,
    schema,
    touch,
    cost,
    disturbs,
    sensitiveTo,
    judgedBy: "observations",
    ...(scans === undefined ? {} : { scans }),
    ...(engine === undefined ? {} : { engine }),
    tool: { programs, install, proof, version, network },
    interpret: (plan, ended) => interpret(definition, plan, ended),
    run: (context, configuration) => runTool(definition, context, configuration),
  };
}

async function runTool<Schema extends z.ZodType>(
  definition: ToolDefinition<Schema>,
  context: CheckContext,
  configuration: z.output<Schema>,
): Promise<CheckReport> {
  const plan = definition.plan(configuration, context);
  const program = programFor(orderFor(definition, plan, context), context);
  const ended = await untilEnded(context, () => program);
  return interpretApart(definition, plan, ended);
}

function orderFor<Schema extends z.ZodType>(
  definition: ToolDefinition<Schema>,
  plan: Plan,
  context: CheckContext,
): Order {
  const { tree } = definition;
  return {
    programs: definition.programs,
    folders: toolFolders(),
    probes: [definition.version.argv, ...(definition.probes ?? [])],
    tree:
      tree === null
        ? null
        : {
            concerns: pattern(tree.concerns),
            ...(tree.content === undefined ? {} : { content: pattern(tree.content) }),
            exclude: plan.exclude ?? [],
            leaveOut: tree.leaveOut === undefined ? null : pattern(tree.leaveOut),
            defuse: tree.defuse === undefined ? null : everywhere(tree.defuse),
            put: tree.put ?? {},
            askingName: tree.asking.names === undefined ? null : pattern(tree.asking.names),
            askingWords: tree.asking.words === undefined ? null : everywhere(tree.asking.words),
          },
    files: plan.files ?? {},
    argv: plan.argv,
    argvIf: definition.argvIf ?? [],
    tally: definition.tally === undefined ? null : pattern(definition.tally),
    startsIn: definition.startsIn ?? "tree",
    list: definition.listFiles ?? false,
    env: { ...(definition.network === "source" ? {} : deadProxies(context)), ...plan.env },
    report: definition.report.from,
    reportName: definition.report.name ?? "report",
    reportBytes: maxReportBytes,
  };
}

/**
 * A tool that honours these reaches loopback and the tested instances alone: no telemetry, no updates,
 * nobody's other host.
 */
function deadProxies({ instances }: CheckContext): Readonly<Record<string, string>> {
  const reached = [
    "127.0.0.1",
    "localhost",
    "::1",
    ...instances.map((origin) => new URL(origin).hostname),
  ];
  const proxies = ["http_proxy", "https_proxy", "all_proxy"].map((name) => [
    name,
    "http://127.0.0.1:9",
  ]);
  const all = [...proxies, ["no_proxy", [...new Set(reached)].join(",")]];
  return Object.fromEntries([
    ...all,
    ...all.map(([name = "", value = ""]) => [name.toUpperCase(), value]),
  ]);
}

/** One argument or variable of a program is at most this long (MAX_ARG_STRLEN of Linux). */
const maxWordBytes = 128 * 1024;

function programFor(order: Order, context: CheckContext): Program {
  const text = JSON.stringify(order);
  if (Buffer.byteLength(text) >= maxWordBytes) {
    throw new TidelockError("invalid-input", "the configuration is too long to be handed over", {
      fault: "operator",
      where: "with",
      hint: "keep rules in the folder of TIDELOCK_TOOL_RULES shorter than 100 KB",
    });
  }
  return {
    argv: [...harnessArgv()],
    env: { TIDELOCK_TOOL_ORDER: text },
    tree: order.tree === null ? null : context.tree,
    outputBytes: maxReportBytes + 64 * 1024,
  };
}

function pattern({ source, flags }: RegExp): Pattern {
  return { source, flags: flags.replace(/[gy]/g, "") };
}

function everywhere({ source, flags }: RegExp): Pattern {
  return { source, flags: `${flags.replace(/[gy]/g, "")}g` };
}
