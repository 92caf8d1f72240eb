import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, name, outputOption, pageOptions, text } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { pageQuery } from "../../page-query.ts";
import { when } from "../../output/words.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    service: name("--service <name>", "only this service"),
    environment: name("--environment <name>", "only this environment"),
    at: text("--at <time>", "only what ran at that moment, e.g. 2026-11-01T12:00Z"),
    ...pageOptions,
    ...connectionOptions,
    ...outputOption,
  },
  examples: ["tidelock deployment list --environment production --at 2026-11-01T12:00Z"],
  async run(context, { options }) {
    const { items, next } = await context.connect(options).call("deploymentList", {
      query: {
        service: options.service,
        environment: options.environment,
        at: options.at === undefined ? undefined : moment(options.at),
        ...pageQuery(options),
      },
    });
    await printList(context.terminal, context.format(options), {
      items,
      next,
      columns: [
        { title: "service", value: (item) => item.service },
        { title: "environment", value: (item) => item.environment },
        { title: "version", value: (item) => item.release.version },
        { title: "release", wide: true, value: (item) => item.release.id },
        { title: "colour", value: (item) => item.colour },
        { title: "kind", value: (item) => item.kind },
        { title: "from", value: (item) => when(item.from) },
        { title: "until", value: (item) => (item.until === null ? "live" : when(item.until)) },
        { title: "by", wide: true, value: (item) => item.by },
        { title: "configuration", wide: true, value: (item) => String(item.configuration) },
        { title: "promotion", value: (item) => item.promotion },
      ],
      name: (item) => item.promotion,
      empty: options.at === undefined ? "nothing was deployed yet" : "nothing ran at that moment",
    });
    return exit.done;
  },
});

/** RFC 3339, seconds and a date alone allowed to be left out as people do; without a zone it would mean two moments. */
function moment(given: string): string {
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?)?(Z|[+-]\d{2}:\d{2})?$/i.exec(
      given,
    );
  const [, day, minute, second, zone] = match ?? [];
  const full = `${day}T${minute ?? "00:00"}${second ?? ":00"}${(zone ?? "Z").toUpperCase()}`;
  if (
    match !== null &&
    (zone !== undefined || minute === undefined) &&
    !Number.isNaN(Date.parse(full))
  ) {
    return full;
  }
  throw new TidelockError("invalid-input", `${given} is not a moment`, {
    fault: "operator",
    where: "--at",
    hint: "write date, time and zone: 2026-11-01T12:00Z or 2026-11-01T13:00+01:00",
  });
}
