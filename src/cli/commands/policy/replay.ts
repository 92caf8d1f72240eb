import type { PolicyReplayView } from "../../../api/routes/policy.ts";
import { checkKinds } from "../../../compose-local.ts";
import { parseDocuments } from "../../../pipeline-file/parse.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import {
  connectionOptions,
  duration,
  flag,
  name,
  outputOption,
  required,
  text,
} from "../../options.ts";
import { printDocument } from "../../output/print.ts";
import { when } from "../../output/words.ts";
import { clean } from "../../terminal.ts";

const ninetyDays = 90 * 86_400_000;

export const command = defineCommand({
  arguments: {},
  options: {
    with: required(text("--with <file>", "Environment and Pipeline documents as they would be")),
    since: duration("--since <time>", "how far back: 90d (the default), 12h …"),
    environment: name("--env, --environment <name>", "only decisions of this environment"),
    service: name("--service <name>", "only decisions about this service"),
    json: flag("--json", "the same as -o json"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Makes past decisions once more, from the inputs that were kept of each, as if the file's documents had been in force.\n" +
    "What the file does not have is as it was; what is in force already since then is counted apart. Nothing is changed. Evidence that a new demand asks for and nobody was\n" +
    "asked for then is missing, and is said apart; what cannot be made again is counted with its reason.",
  examples: [
    "tidelock policy replay --since 90d --with new.yaml",
    "tidelock policy replay --with new.yaml --env production --json",
  ],
  async run(context, { options }) {
    const { terminal } = context;
    const file = context.projectFile(options.with, "--with");
    parseDocuments(file.path, file.text, { checks: await checkKinds() });
    const found = await context.connect(options).call("policyReplay", {
      body: {
        file: file.path,
        text: file.text,
        sinceMs: options.since ?? ninetyDays,
        ...(options.environment === undefined ? {} : { environment: options.environment }),
        ...(options.service === undefined ? {} : { service: options.service }),
      },
    });
    const format = options.json ? "json" : context.format(options);
    if (format === "json" || format === "yaml") {
      await printDocument(terminal, format, found);
    } else if (format === "name") {
      for (const { decision } of found.differing) terminal.print(clean(decision));
    } else for (const line of linesOf(found)) terminal.print(clean(line, 2_000));
    return exit.done;
  },
});

function linesOf({
  since,
  changes,
  counts,
  differing,
  more,
  moreUnknown,
}: PolicyReplayView): readonly string[] {
  const { decisions, same, reasons, differ, stricter, looser, notAsked, already, unknown } = counts;
  return [
    ...(changes.length === 0 ? ["nothing of the file changes policy"] : changes),
    "",
    ...differing.flatMap((one) => [
      `${one.decision}  ${one.service} in ${one.environment}, ${when(one.at)}: was ${one.was}, would be ${one.wouldBe}${noteOn(one)}`,
      ...one.added.map(({ outcome, message }) => `    + ${outcome}: ${message}`),
      ...one.gone.map(({ outcome, message }) => `    - ${outcome}: ${message}`),
      ...(one.notAsked.length === 0 ? [] : [`    had not been asked: ${one.notAsked.join("; ")}`]),
    ]),
    ...(more > 0
      ? [`and ${more} more that would have differed (--env, --service, --since narrow it)`]
      : []),
    "",
    `${decisions} decisions since ${when(since)}: ${differ} would differ from what was decided then, ${reasons} come to the same for other reasons, ${same} are the same, ${unknown} could not be made again`,
    ...(differ === 0
      ? []
      : [
          `of those, ${already} already differ under the policy in force now, ${differ - already} only under this file`,
          `of those that differ, ${stricter} were let through and would not have been (${notAsked} only for evidence that had not been asked for), ${looser} were held and would have been let through`,
        ]),
    ...(counts.otherRules === 0
      ? []
      : [
          `${counts.otherRules} were made by another version of the rules; both sides here are by this one's`,
        ]),
    ...Object.entries(counts.why).map(
      ([why, count]) => `could not be made again: ${count}: ${why}`,
    ),
    ...(moreUnknown > 0 ? [`(${moreUnknown} more of these than -o json lists)`] : []),
  ];
}

function noteOn({ onlyNotAsked, already }: PolicyReplayView["differing"][number]): string {
  const notes = [
    ...(onlyNotAsked ? ["had not been asked"] : []),
    ...(already ? ["differs already under the policy in force now"] : []),
  ];
  return notes.length === 0 ? "" : ` (${notes.join("; ")})`;
}
