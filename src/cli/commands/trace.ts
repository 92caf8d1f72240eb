import type { TraceView } from "../../api/views.ts";
import { TidelockError } from "../../model/errors.ts";
import { defineCommand } from "../define-command.ts";
import { exit } from "../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../options.ts";
import { printList } from "../output/print.ts";
import { when } from "../output/words.ts";

interface Row {
  readonly commit: TraceView;
  readonly release: TraceView["releases"][number] | null;
  readonly place: TraceView["releases"][number]["environments"][number] | null;
}

export const command = defineCommand({
  arguments: { commit: argument("commit", "revision, at least 7 hex digits") },
  options: { ...connectionOptions, ...outputOption },
  details: "Which releases carry a commit, and which environments it has reached.",
  async run(context, { args, options }) {
    const revision = args.commit.toLowerCase();
    if (!/^[0-9a-f]{7,64}$/.test(revision)) {
      throw new TidelockError("invalid-input", `${args.commit} is not a revision`, {
        fault: "operator",
        hint: "give at least 7 hex digits, e.g. from `git rev-parse HEAD`",
      });
    }
    const format = context.format(options);
    const { items } = await context.connect(options).call("trace", { params: { revision } });
    if (format === "json" || format === "yaml") {
      await printList(context.terminal, format, {
        items,
        columns: [],
        name: (item) => item.revision,
        empty: "",
      });
    } else {
      await printList(context.terminal, format, {
        items: items.flatMap(rowsOf),
        columns: [
          { title: "commit", value: ({ commit }) => commit.revision.slice(0, 12) },
          { title: "subject", value: ({ commit }) => commit.subject },
          { title: "author", wide: true, value: ({ commit }) => commit.author },
          {
            title: "release",
            value: ({ release }) => (release ? `${release.service}@${release.version}` : "-"),
          },
          { title: "environment", value: ({ place }) => place?.environment ?? "-" },
          { title: "live", value: ({ place }) => (place?.live ? "live" : "-") },
          { title: "first there", value: ({ place }) => when(place?.first ?? null) },
          { title: "until", wide: true, value: ({ place }) => when(place?.until ?? null) },
        ],
        name: ({ commit }) => commit.revision,
        empty: "",
      });
    }
    if (items.length > 0) return exit.done;
    context.terminal.note(`no release carries ${revision}`);
    return exit.failed;
  },
});

function rowsOf(commit: TraceView): Row[] {
  if (commit.releases.length === 0) return [{ commit, release: null, place: null }];
  return commit.releases.flatMap((release): Row[] =>
    release.environments.length === 0
      ? [{ commit, release, place: null }]
      : release.environments.map((place) => ({ commit, release, place })),
  );
}
