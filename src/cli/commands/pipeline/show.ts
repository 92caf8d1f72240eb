import { checkKinds } from "../../../compose-local.ts";
import { parseDocuments } from "../../../pipeline-file/parse.ts";
import { peopleProfiles } from "../../../pipeline-file/people-profiles.ts";
import { profiles } from "../../../pipeline-file/profiles.ts";
import { touchOf } from "../../../pipeline-file/where-users-are.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { outputOption, text } from "../../options.ts";
import { type Column, printList } from "../../output/print.ts";

interface Shown {
  readonly environment: string;
  readonly check: string;
  readonly uses: string;
  readonly phase: string;
  readonly touch: string;
  readonly cost: string;
  /** `profile development`, `pipeline` or `floor`. */
  readonly from: string;
  /** The condition of a rule; checks have none. */
  readonly require?: string;
}

const columns: readonly Column<Shown>[] = [
  { title: "environment", value: (item) => item.environment },
  { title: "check", value: (item) => item.check },
  { title: "uses", value: (item) => item.uses },
  { title: "phase", value: (item) => item.phase },
  { title: "touch", value: (item) => item.touch },
  { title: "cost", value: (item) => item.cost },
  { title: "from", value: (item) => item.from },
  {
    title: "require",
    wide: true,
    value: (item) => (item.require ?? "").replace(/\s+/g, " ").trim(),
  },
];

export const command = defineCommand({
  arguments: {},
  options: {
    ...outputOption,
    file: text("-f, --file <path>", "the file (default: ./tidelock.yaml)"),
  },
  details: "Needs no server. A floor is shown where the file has its environment's document.",
  async run(context, { options }) {
    const file = context.projectFile(options.file);
    const kinds = await checkKinds();
    const { pipelines, environments } = parseDocuments(file.path, file.text, { checks: kinds });
    const shown = (environment: string, from: string) => {
      return (demand: { name: string; uses: string; phase: string; with: unknown }): Shown => {
        const kind = kinds.get(demand.uses);
        return {
          environment,
          check: demand.name,
          uses: demand.uses,
          phase: demand.phase,
          touch: kind ? touchOf(kind, kind.schema.parse(demand.with)) : "unknown",
          cost: kind?.cost ?? "unknown",
          from,
        };
      };
    };
    const items = pipelines.flatMap(({ spec }) =>
      spec.environments.flatMap((lane) => {
        const floor = environments.find(({ metadata }) => metadata.name === lane.name)?.spec.floor;
        const defaults =
          lane.profile === undefined
            ? []
            : [
                ...profiles[lane.profile].map((one) => ({ ...one, with: one.with ?? {} })),
                ...peopleProfiles[lane.profile].map((one) => ({ ...one, uses: "manual" })),
              ];
        const ruled = (name: string, require: string, from: string): Shown => ({
          environment: lane.name,
          check: name,
          uses: "rule",
          phase: "gate",
          touch: "reads",
          cost: "none",
          from,
          require,
        });
        return [
          ...(floor?.checks ?? []).map(shown(lane.name, "floor")),
          ...lane.checks.map((check) => {
            const isDefault = defaults.some(
              (one) =>
                one.name === check.name &&
                one.uses === check.uses &&
                JSON.stringify(one.with) === JSON.stringify(check.with),
            );
            return shown(lane.name, isDefault ? `profile ${lane.profile}` : "pipeline")(check);
          }),
          ...(floor?.rules ?? []).map((one) => ruled(one.name, one.require, "floor")),
          ...(lane.rules ?? []).map((one) => ruled(one.name, one.require, "pipeline")),
        ];
      }),
    );
    await printList(context.terminal, context.format(options), {
      items,
      columns,
      name: (item) => `${item.environment}/${item.check}`,
      empty: "no environment demands a check, or has a rule",
    });
    for (const { spec } of pipelines) {
      for (const { name, profile, people } of spec.environments) {
        const asked = profile === undefined || people === true ? [] : peopleProfiles[profile];
        if (asked.length === 0) continue;
        const names = asked.map((one) => one.name).join(", ");
        context.terminal.note(
          `${name} asks nobody: with \`people: true\` its profile has ${names} as well`,
        );
      }
    }
    return exit.done;
  },
});
