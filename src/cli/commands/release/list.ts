import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, name, outputOption, pageOptions } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { pageQuery } from "../../page-query.ts";
import { bytesText, shortDigest, when } from "../../output/words.ts";
import { sourceText } from "../../release-text.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    service: name("--service <name>", "only this service"),
    ...pageOptions,
    ...connectionOptions,
    ...outputOption,
  },
  async run(context, { options }) {
    const { items, next } = await context
      .connect(options)
      .call("releaseList", { query: { service: options.service, ...pageQuery(options) } });
    await printList(context.terminal, context.format(options), {
      items,
      next,
      columns: [
        { title: "release", value: (item) => `${item.service}@${item.version}` },
        { title: "id", value: (item) => shortDigest(item.id) },
        { title: "created", value: (item) => when(item.createdAt) },
        { title: "by", wide: true, value: (item) => item.createdBy },
        { title: "source", value: (item) => sourceText(item.source) },
        {
          title: "size",
          wide: true,
          value: (item) => bytesText(item.artifacts.reduce((sum, { size }) => sum + size, 0)),
        },
        {
          title: "live in",
          value: (item) =>
            item.environments
              .filter((place) => place.live)
              .map((place) => place.environment)
              .join(", ") || "-",
        },
        {
          title: "banned",
          value: ({ banned }) => (banned === undefined ? "-" : `${banned.id}: ${banned.reason}`),
        },
      ],
      name: (item) => `${item.service}@${item.version}`,
      empty: "there are no releases yet; `tidelock release create` makes one",
    });
    return exit.done;
  },
});
