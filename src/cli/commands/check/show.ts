import { placeName } from "../../../findings/judge.ts";
import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, flag, outputOption } from "../../options.ts";
import { checkCard } from "../../check/card.ts";
import { printOne } from "../../output/print.ts";
import { renderTable } from "../../output/table.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: {
    promotion: argument("promotion", "promotion, see `tidelock promotion list`"),
    name: argument("name", "the check, see `tidelock promotion show`"),
  },
  options: {
    ...connectionOptions,
    ...outputOption,
    raw: flag("--raw", "write the raw report to stdout, exactly as it was kept"),
  },
  async run(context, { args, options }) {
    const { terminal } = context;
    const client = context.connect(options);
    if (options.raw) {
      const params = { id: args.promotion, check: args.name };
      const report = await client.call("checkRaw", { params });
      if (report.truncated) terminal.note("! it was cut when it was kept");
      const content = Buffer.from(report.content, "base64");
      // What a scanned program wrote must not move anybody's cursor.
      if (terminal.stdout.isTTY) for (const line of lines(content)) terminal.print(line);
      else terminal.stdout.write(content);
      return exit.done;
    }
    const { checks } = await client.call("promotionShow", { params: { id: args.promotion } });
    const run = checks.findLast(({ name }) => name === args.name);
    if (run === undefined) {
      const names = [...new Set(checks.map(({ name }) => name))].join(", ");
      throw new TidelockError("not-found", `no check ${args.name} has run in ${args.promotion}`, {
        fault: "operator",
        where: args.name,
        hint: names === "" ? "none has run yet" : `those that have: ${names}`,
      });
    }
    const format = context.format(options);
    await printOne(terminal, format, checkCard(run));
    if (format !== "table" && format !== "wide") return exit.done;
    const { observations = [], results = [], suppressions = [] } = run.report ?? {};
    table(
      terminal,
      ["severity", "rule", "where", "what"],
      observations.map((one) => [
        one.suppressed ? `${one.severity} (suppressed)` : one.severity,
        clean(one.rule),
        clean(placeName(one)),
        clean(one.title),
      ]),
    );
    table(
      terminal,
      ["verdict", "assertion", "message"],
      results.map((one) => [one.verdict, clean(one.name), clean(one.message)]),
    );
    table(
      terminal,
      ["asked to look away", "tool", "words"],
      suppressions.map((one) => [
        clean(one.line === undefined ? one.path : `${one.path}:${one.line}`),
        clean(one.tool),
        clean(one.text),
      ]),
    );
    return exit.done;
  },
});

function lines(content: Buffer): string[] {
  return content
    .toString()
    .split("\n")
    .map((line) => clean(line, 100_000));
}

function table(
  terminal: { print: (line: string) => void },
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  if (rows.length === 0) return;
  terminal.print("");
  for (const line of renderTable(titles, rows)) terminal.print(line);
}
