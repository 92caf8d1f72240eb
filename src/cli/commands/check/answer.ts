import type { ManualRequestView } from "../../../api/routes/manual.ts";
import { encodeBase64 } from "../../../evidence/bytes.ts";
import { encodeEnvelope } from "../../../evidence/dsse.ts";
import {
  answerStatement,
  answerText,
  type AskedOf,
  formDigest,
} from "../../../evidence/predicates/manual-answer.ts";
import { signStatement } from "../../../evidence/statement.ts";
import { TidelockError } from "../../../model/errors.ts";
import { ManualAnswers, sessionHint, sessionProblem } from "../../../model/manual-check.ts";
import { confirm } from "../../confirm.ts";
import { defineCommand } from "../../define-command.ts";
import { signerOf } from "../../evidence/signer.ts";
import { whoseKey } from "../../evidence/whose-key.ts";
import { exit } from "../../exit-codes.ts";
import { answersTemplate, readAnswers, requireFit } from "../../manual/answers-file.ts";
import { askAnswers } from "../../manual/ask-answers.ts";
import { withFiles } from "../../manual/evidence-files.ts";
import { requestCard } from "../../manual/card.ts";
import { argument, connectionOptions, flag, outputOption, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { showToSign } from "../../show-to-sign.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { request: argument("request", "see `tidelock check todo`; or the run") },
  options: {
    key: text("--key <file>", "your private key in PEM: Ed25519, ECDSA P-256 or P-384"),
    file: text("-f, --file <path>", "your answers, YAML or JSON (without it you are asked)"),
    template: flag("--template", "print a file of answers to fill in, and sign nothing"),
    person: text("--person <pseudonym>", "print what this person would sign with --file, and sign nothing"), // prettier-ignore
    yes: flag("--yes", "sign without asking once more"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Shows in words what you are about to sign, and signs it on this machine: the key goes nowhere. The first answer stands; it counts for the time that the check declares. With --person and --file it prints the text and the challenge that a passkey is asked to sign, to be compared with what the dashboard shows.",
  examples: [
    "tidelock check answer 3f2a91c07b1e --template > answers.yaml",
    "tidelock check answer 3f2a91c07b1e --file answers.yaml --key maria.pem",
    "tidelock check answer 3f2a91c07b1e --file answers.json --person person:0a…",
  ],
  async run(context, { args, options }) {
    const { terminal } = context;
    const client = context.connect(options);
    const view = await client.call("manualShow", { body: { request: args.request } });
    if (formDigest(view.form) !== view.formDigest) {
      throw new TidelockError(
        "digest-mismatch",
        "the questions are not those that they claim to be",
        {
          where: view.id,
          hint: "do not sign: what the server sent contradicts itself",
        },
      );
    }
    if (options.template) {
      terminal.stdout.write(answersTemplate(view.form));
      return exit.done;
    }
    if (options.person !== undefined) {
      if (options.file === undefined)
        throw needs("--file", "give the answers: --file answers.json");
      const given = readAnswers(options.file, view.form);
      const asked = askedOf(view, options.person);
      showToSign(
        terminal,
        answerText(asked, view.form, given),
        answerStatement(asked, view.form, given),
      );
      return exit.done;
    }
    requireOpen(view);
    requireTime(view, null);
    if (options.key === undefined) {
      const hint =
        "openssl genpkey -algorithm ed25519 -out maria.pem; its public half is enrolled with `tidelock person add`";
      throw needs("--key", "an answer is signed: give your key", hint);
    }
    const signer = signerOf(options.key);
    const { person, name } = await whoseKey(client, signer.name);
    const given =
      options.file === undefined
        ? withFiles(
            requireFit(
              ManualAnswers.parse(await askAnswers(context, view.form)),
              view.form,
              "your answers",
            ),
            context.folder,
          )
        : readAnswers(options.file, view.form);
    requireTime(view, given);
    const asked = askedOf(view, person);
    for (const line of answerText(asked, view.form, given)) terminal.note(clean(line, 10_000));
    terminal.note(`(${person} is ${clean(name)})`);
    await confirm(context, "Sign this?", options.yes);
    const statement = answerStatement(asked, view.form, given);
    const envelope = encodeBase64(encodeEnvelope(await signStatement(signer, statement)));
    const done = await client.call("manualAnswer", { body: { request: view.id, envelope } });
    await printOne(terminal, context.format(options), requestCard(done));
    return exit.done;
  },
});

function needs(where: string, message: string, hint?: string): TidelockError {
  const more = hint === undefined ? {} : { hint };
  return new TidelockError("invalid-input", message, { fault: "operator", where, ...more });
}

function requireOpen(view: ManualRequestView): void {
  if (view.state === "open") return;
  const why = {
    answered: "it was answered already, and the first answer stands",
    expired: `it is too late: an answer was awaited until ${view.answerUntil}`,
    ended: "its promotion waits for nobody any more",
  }[view.state];
  throw new TidelockError("conflict", why, { fault: "operator", where: view.id });
}

/** What would be inconclusive is not signed: the first answer stands. A server that does not say how long decides. */
function requireTime(view: ManualRequestView, given: ManualAnswers | null): void {
  const ranMs = view.begunAt === null ? null : (view.ranMs ?? Number.POSITIVE_INFINITY);
  const minutes = given?.kind === "session" ? given.minutes : null;
  const problem = sessionProblem(view.form, ranMs, minutes);
  if (problem === null) return;
  throw new TidelockError("conflict", problem, {
    fault: "operator",
    where: view.id,
    hint: sessionHint(view.id, view.promotion, ranMs),
  });
}

function askedOf(view: ManualRequestView, person: string): AskedOf {
  return {
    request: view.id,
    ledger: view.ledger,
    person,
    role: view.role,
    check: view.check,
    service: view.service,
    environment: view.environment,
    colour: view.colour,
    promotion: view.promotion,
    release: view.release.id,
    configuration: view.configuration,
    plan: view.plan,
    form: view.formDigest,
  };
}
