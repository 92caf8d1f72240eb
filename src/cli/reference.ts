import { catalogue } from "./catalogue.ts";
import { groups } from "./catalogue-entry.ts";
import type { AnyCommand } from "./define-command.ts";
import { variables } from "./environment.ts";
import { connectionOptions, outputOption } from "./options.ts";

/** docs/commands.md, from the same declarations that the commands run by. */
export async function commandReference(): Promise<string> {
  const parts = [
    "# Commands",
    "Made from the program by `node scripts/commands.ts`; a test compares the two.",
    "Every command: data on stdout, everything else on stderr; no question without a terminal; `NO_COLOR`. A setting comes from the flag, else the environment, else the folder's `tidelock.yaml` (the service's name only), else the user's file; `tidelock context show` says where each one came from.",
    exitCodeTable,
    "Commands that talk to a server also take:",
    table(["", ""], optionRows({ ...connectionOptions, ...outputOption })),
  ];
  for (const group of groups) {
    parts.push(`## ${group}`);
    for (const { words, summary, load } of catalogue.filter((entry) => entry.group === group)) {
      parts.push(section(words.join(" "), summary, await load()));
    }
  }
  parts.push(
    "## Environment variables",
    table(
      ["variable", "meaning"],
      Object.entries(variables).map(([name, text]) => [`\`${name}\``, text]),
    ),
  );
  return `${parts.join("\n\n")}\n`;
}

const exitCodeTable = table(
  ["exit code", "meaning"],
  [
    ["0", "done"],
    ["1", "failed"],
    ["2", "usage, or input that cannot be understood"],
    ["3", "a gate denied it"],
    ["4", "not allowed: no token, a wrong one, or the wrong person"],
    ["5", "waiting for an approval"],
    ["6", "drift found"],
    ["7", "verification failed: bytes are not what they should be"],
    ["124", "out of time"],
    ["130", "interrupted (Ctrl-C)"],
  ],
);

function section(path: string, summary: string, command: AnyCommand): string {
  const names = Object.values(command.arguments).map(({ name }) => ` ${name}`);
  const own = Object.entries(command.options).filter(([key, spec]) => shared[key] !== spec);
  const rows = [
    ...Object.values(command.arguments).map(({ name, description }) => [
      `\`${name}\``,
      description,
    ]),
    ...optionRows(Object.fromEntries(own)),
  ];
  return [
    `### \`tidelock ${path}${names.join("")}\``,
    `${summary}.`,
    command.details,
    rows.length === 0 ? undefined : table(["", ""], rows),
    command.examples === undefined ? undefined : `\`\`\`\n${command.examples.join("\n")}\n\`\`\``,
  ]
    .filter((part) => part !== undefined)
    .join("\n\n");
}

const shared: AnyCommand["options"] = { ...connectionOptions, ...outputOption };

function optionRows(options: AnyCommand["options"]): string[][] {
  return Object.values(options).map(({ flags, description, choices, required }) => [
    `\`${flags}\``,
    [
      description,
      choices === undefined ? "" : `: ${choices.join(", ")}`,
      required ? " (required)" : "",
    ].join(""),
  ]);
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(titles), line(titles.map(() => "---")), ...rows.map(line)].join("\n");
}
