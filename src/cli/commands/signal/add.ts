import { Severity } from "../../../model/observation.ts";
import { TidelockError } from "../../../model/errors.ts";
import { SignalInput } from "../../../model/signal.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, name, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { signalCard } from "../../signal-card.ts";

export const command = defineCommand({
  arguments: { service: argument("service", "the service that it was seen of") },
  options: {
    environment: required(name("--environment <name>", "where it ran")),
    source: required(text("--source <name>", "who saw it: waf, falco, errors …")),
    id: required(text("--id <id>", "the source's own number: the same one twice is one signal")),
    kind: required(
      text("--kind <word>", "what was seen; `heartbeat`: the source is there and looks"),
    ),
    severity: text("--severity <word>", `${Severity.options.join(", ")} (default: info)`),
    message: text("--message <text>", "in a sentence, for people (default: the kind)"),
    release: text("--release <release>", "version or digest (default: what is live there now)"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "For runtime controls: what they saw is bound to the release and recorded in the ledger. The check `signals` of a promotion that is under way reads it within a second.",
  examples: [
    "tidelock signal add shop --environment production --source waf --id 4711 --kind sql-injection --severity high --message 'a query left the login form'",
    "tidelock signal add shop --environment production --source falco --id beat-1 --kind heartbeat",
  ],
  async run(context, { args, options }) {
    const given = SignalInput.safeParse({
      source: options.source,
      id: options.id,
      kind: options.kind,
      severity: options.severity ?? "info",
      message: options.message ?? options.kind,
    });
    if (!given.success) {
      const [issue] = given.error.issues;
      throw new TidelockError("invalid-input", issue?.message ?? "not a signal", {
        fault: "operator",
        where: `--${issue?.path.join(".") ?? ""}`,
      });
    }
    const view = await context.connect(options).call("signalAdd", {
      params: { service: args.service, environment: options.environment },
      body: {
        signal: given.data,
        ...(options.release === undefined ? {} : { release: options.release }),
      },
    });
    await printOne(context.terminal, context.format(options), signalCard(view));
    return exit.done;
  },
});
