import { TidelockError } from "../../../model/errors.ts";
import { WaivableVerdict, WaiverWish } from "../../../model/waiver.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { findingId } from "../../findings/finding-id.ts";
import { connectionOptions, flag, name, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { signWaiver } from "../../waiver/sign-waiver.ts";
import { waiverCard } from "../../waiver/waiver-card.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    service: required(name("--service <name>", "whose risk it is")),
    environment: required(name("--environment <name>", "where it is accepted, and nowhere else")),
    finding: text("--finding <id>", "one finding: F-42, or 42"),
    check: name("--check <name>", "or one required check, with --verdicts"),
    verdicts: text(
      "--verdicts <words>",
      `what it may say: ${WaivableVerdict.options.join(", ")}; with commas`,
    ),
    release: text("--release <release>", "only for this one (default: while it is the same)"),
    reason: required(text("--reason <text>", "why it can be lived with")),
    control: required(text("--control <text>", "what keeps it from doing harm meanwhile")),
    owner: required(text("--owner <name>", "who answers for it until then")),
    until: required(text("--until <day>", "when it ends: 2026-12-31, or a whole time")),
    key: text("--key <file>", "sign it at once, as the first of two people"),
    yes: flag("--yes", "sign without asking once more"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Accepts one finding, or what one required check says, in one environment, until a day. It counts when two\n" +
    "different people with the right to accept risks have signed it, and ends by itself: on its day, or earlier when\n" +
    "what was accepted becomes worse, moves or is known to be exploited. `fail` accepts only what a run has shown.",
  examples: [
    'tidelock waiver propose --service shop --environment production --finding F-42 --reason "no fix is out" --control "the route is blocked at the edge" --owner maria --until 2026-12-31',
    'tidelock waiver propose --service shop --environment staging --check sast --verdicts fail --reason "false lead, see #118" --control "reviewed by hand" --owner maria --until 2026-12-31 --key maria.pem',
  ],
  async run(context, { options }) {
    const client = context.connect(options);
    const body = wishOf(options);
    const view = await client.call("waiverPropose", { body });
    const { key, yes } = options;
    const signed = key === undefined ? view : await signWaiver(context, client, view, { key, yes });
    await printOne(context.terminal, context.format(options), waiverCard(signed));
    return signed.state === "in-force" ? exit.done : exit.waiting;
  },
});

interface Given {
  readonly service: string;
  readonly environment: string;
  readonly finding: string | undefined;
  readonly check: string | undefined;
  readonly verdicts: string | undefined;
  readonly release: string | undefined;
  readonly reason: string;
  readonly control: string;
  readonly owner: string;
  readonly until: string;
}

function wishOf(given: Given): WaiverWish {
  const { service, environment, release, reason, control, owner, until } = given;
  const end = new Date(until);
  const parsed = WaiverWish.safeParse({
    service,
    environment,
    ...(release === undefined ? {} : { release }),
    of: ofWhat(given),
    reason,
    control,
    owner,
    until: Number.isNaN(end.getTime()) ? until : end.toISOString(),
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String) ?? [];
  const where = path[0] === "of" ? (path[1] ?? "finding") : (path[0] ?? "");
  throw wrong(issue?.message ?? "this does not fit", `--${where}`);
}

function ofWhat({ finding, check, verdicts }: Given): object {
  if ((finding === undefined) === (check === undefined)) {
    throw wrong("name one thing: --finding, or --check with --verdicts", "--finding");
  }
  if (finding !== undefined) {
    if (verdicts !== undefined) throw wrong("verdicts are a check's", "--verdicts");
    return { kind: "finding", finding: findingId(finding) };
  }
  if (verdicts === undefined) {
    throw wrong(`say what it may say: ${WaivableVerdict.options.join(", ")}`, "--verdicts");
  }
  return { kind: "check", check, verdicts: verdicts.split(",").map((word) => word.trim()) };
}

function wrong(message: string, where: string): TidelockError {
  return new TidelockError("invalid-input", message, {
    fault: "operator",
    where,
    hint: "see the examples: tidelock waiver propose --help",
  });
}
