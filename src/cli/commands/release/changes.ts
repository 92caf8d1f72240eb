import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printDocument } from "../../output/print.ts";
import { when } from "../../output/words.ts";
import { releaseReference } from "../../release-reference.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { release: argument("release", "shop@1.4.2, or shop@ and the beginning of an id") },
  options: { ...connectionOptions, ...outputOption },
  details:
    "The change log of a release, from records: commits since what was live, what the configuration of each\n" +
    "environment would change, and every promotion with its checks and decisions.",
  async run(context, { args, options }) {
    const params = await releaseReference(context, args.release, options);
    const changes = await context.connect(options).call("releaseChanges", { params });
    const format = context.format(options);
    if (format === "json" || format === "yaml") {
      await printDocument(context.terminal, format, changes);
      return exit.done;
    }
    const say = (line: string): void => context.terminal.print(clean(line));
    const { source } = changes;
    say(
      `${changes.service}@${changes.version}, ${when(changes.createdAt)} by ${changes.createdBy}`,
    );
    if (source.kind === "none") say("  from no version control: what changed is not known");
    else {
      for (const { revision, subject, author } of source.commits) {
        say(`  ${revision.slice(0, 12)} ${subject} (${author.name})`);
      }
      if (source.truncated) say("  and more: history was cut");
      if (source.dirty) say("  and changes that are in no revision");
    }
    for (const { environment, live, newest, added, removed, changed } of changes.configuration) {
      const parts = [
        ...added.map((key) => `+${key}`),
        ...removed.map((key) => `-${key}`),
        ...changed.map((key) => `~${key}`),
      ];
      if (parts.length === 0) continue;
      say(`configuration of ${environment}, version ${live} to ${newest}: ${parts.join(" ")}`);
    }
    for (const { at, kind, environment, state, by, checks, decisions } of changes.promotions) {
      say(`${when(at)} ${kind} to ${environment} by ${by}: ${state}`);
      for (const { name, verdict, summary } of checks) {
        say(`  check ${name}: ${verdict ?? "no report"}${summary ? `: ${summary}` : ""}`);
      }
      for (const { decision } of decisions) {
        const why = decision.reasons.map(({ message }) => message).join("; ");
        say(`  ${decision.outcome}${why ? `: ${why}` : ""}`);
      }
    }
    return exit.done;
  },
});
