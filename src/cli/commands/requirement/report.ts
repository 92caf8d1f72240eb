import type { RequirementReport } from "../../../api/views/gate.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, flag, outputOption } from "../../options.ts";
import { printDocument, printList } from "../../output/print.ts";
import { when } from "../../output/words.ts";
import { releaseReference } from "../../release-reference.ts";
import { clean } from "../../terminal.ts";

const words = { pass: "✓ pass", fail: "✗ fail", "not-run": "· not run" } as const;

export const command = defineCommand({
  arguments: {
    of: argument("of", "a promotion: as its gate decided; or a release (shop@1.4.2): as it is now"),
  },
  options: {
    json: flag("--json", "the same as -o json"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Each requirement, and each threat of the threat model, that a gate asks for: passed, failed or not run, by the gate's\n" +
    "own rules. A fail stays, whatever is run afterwards; `not run` is all that shows nothing: no run, one that is too\n" +
    "old, inconclusive or exercised nothing. Exit code 3 when something failed or the threat model\n" +
    "is of another attack surface, 5 when something has not run.",
  examples: ["tidelock requirement report pk3x9a0b2m4q", "tidelock requirement report shop@1.4.2"],
  async run(context, { args, options }) {
    const { terminal } = context;
    const client = context.connect(options);
    const report = args.of.includes("@")
      ? await client.call("releaseRequirements", {
          params: await releaseReference(context, args.of, options),
        })
      : await client.call("promotionRequirements", { params: { id: args.of } });
    const format = options.json ? "json" : context.format(options);
    if (format === "json" || format === "yaml") await printDocument(terminal, format, report);
    else {
      await printList(terminal, format, {
        items: report.environments.flatMap(({ environment, items }) =>
          items.map((item) => ({ environment, ...item })),
        ),
        columns: [
          { title: "environment", value: (item) => item.environment },
          { title: "result", value: (item) => words[item.state] },
          { title: "kind", value: (item) => item.kind },
          { title: "id", value: (item) => item.id },
          { title: "from", wide: true, value: (item) => item.from },
          { title: "text", value: (item) => item.text },
          { title: "why", value: (item) => item.why ?? shownText(item.proofs) },
        ],
        name: (item) => `${item.environment}/${item.id}`,
        empty: "no gate asks for a requirement of it",
      });
      if (format !== "name") for (const line of footOf(report)) terminal.print(clean(line, 2_000));
    }
    const { fail, notRun } = report.counts;
    // Its gate denies for that too.
    const stale = report.environments.some(({ threatModel }) => threatModel?.stale === true);
    return fail > 0 || stale ? exit.denied : notRun > 0 ? exit.waiting : exit.done;
  },
});

type Place = RequirementReport["environments"][number];

/** What showed it, each run once. */
function shownText(proofs: Place["items"][number]["proofs"]): string {
  const runs = proofs.flatMap(({ run, environment }) =>
    run === null ? [] : [`${run.check} in ${environment}, ${when(run.at)}`],
  );
  return [...new Set(runs)].join("; ") || "-";
}

function footOf({ counts, environments }: RequirementReport): readonly string[] {
  if (environments.length === 0) return [];
  const { pass, fail, notRun } = counts;
  return [
    ...environments.flatMap(modelText),
    ...environments.map(({ environment, about, at }) =>
      about === "decision"
        ? `${environment}: as it was decided ${when(at)}`
        : `${environment}: as it is now`,
    ),
    `${pass} passed, ${fail} failed, ${notRun} not run`,
  ];
}

function modelText({ environment, threatModel }: Place): readonly string[] {
  if (threatModel === null) return [];
  const { reviewed, stale, added, removed } = threatModel;
  if (!stale) return [`${environment}: the threat model of ${reviewed} is of this attack surface`];
  const differing = [...added.map((line) => `+ ${line}`), ...removed.map((line) => `- ${line}`)];
  return [
    `${environment}: the threat model of ${reviewed} is of another attack surface (${differing.join("; ")}): tidelock threat-model review`,
  ];
}
