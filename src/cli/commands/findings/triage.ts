import { FindingAct } from "../../../model/finding-act.ts";
import { TidelockError } from "../../../model/errors.ts";
import { Severity } from "../../../model/observation.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { findingId } from "../../findings/finding-id.ts";
import { asSeen, seenOption } from "../../findings/seen-option.ts";
import { argument, choice, connectionOptions, text } from "../../options.ts";
import { clean } from "../../terminal.ts";

const kinds = [
  "triage",
  "start",
  "fix",
  "reopen",
  "note",
  "pause",
  "resume",
  "raise",
  "false-positive",
  "lower",
] as const;

export const command = defineCommand({
  arguments: { id: argument("id", "F-42, or 42") },
  options: {
    as: choice("--as <word>", "what is said of it (default: triage, somebody has looked)", kinds),
    reason: text("--reason <text>", "why; needed for all but triage, start, fix and resume"),
    severity: choice("--severity <word>", "with raise and lower", Severity.options),
    until: text("--until <day>", "with false-positive and lower: when it ends (2026-12-31)"),
    ...seenOption,
    ...connectionOptions,
  },
  details:
    "What could unblock a gate (false-positive, lower) is only proposed: two different people have to sign it, and it\n" +
    "ends by itself. `fix` is somebody's word: a complete, trusted scan shows whether it is true.",
  examples: [
    "tidelock findings triage F-42",
    'tidelock findings triage F-42 --as fix --reason "upgraded in #118"',
    'tidelock findings triage F-42 --as false-positive --reason "test data" --until 2026-12-31',
  ],
  async run(context, { args, options }) {
    const id = findingId(args.id);
    const kind = options.as ?? "triage";
    const { proposal } = await context.connect(options).call("findingAct", {
      params: { id },
      body: { act: actOf(kind, options), ...asSeen(options.seen) },
    });
    if (proposal === null) {
      context.terminal.print(`${id}: ${kind} is written down`);
      return exit.done;
    }
    context.terminal.print(clean(proposal.id));
    context.terminal.note(
      `${id} stays as it is until two different people have signed this proposal: tidelock findings confirm ${clean(proposal.id)} --key <file>`,
    );
    return exit.waiting;
  },
});

interface Said {
  readonly reason: string | undefined;
  readonly severity: string | undefined;
  readonly until: string | undefined;
}

function actOf(kind: (typeof kinds)[number], { reason, severity, until }: Said): FindingAct {
  const end = until === undefined ? undefined : new Date(until);
  const parsed = FindingAct.safeParse({
    kind,
    ...(reason === undefined ? {} : { [wordOf(kind)]: reason }),
    ...(severity === undefined ? {} : { severity }),
    ...(end === undefined
      ? {}
      : { until: Number.isNaN(end.getTime()) ? until : end.toISOString() }),
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join(".") ?? "";
  const option = ["note", "text"].includes(where) ? "reason" : where || "as";
  const given = { reason, severity, until, as: kind }[option];
  const what = given === undefined ? `say --${option}` : (issue?.message ?? "this does not fit");
  throw new TidelockError("invalid-input", `${kind}: ${what}`, {
    fault: "operator",
    where: `--${option}`,
    hint: "see the examples: tidelock findings triage --help",
  });
}

/** By what name an act takes the words that are said with it. */
function wordOf(kind: (typeof kinds)[number]): "note" | "text" | "reason" {
  if (kind === "note") return "text";
  return ["triage", "start", "fix", "resume"].includes(kind) ? "note" : "reason";
}
