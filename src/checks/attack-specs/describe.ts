import { library } from "./library.ts";

/** The step library as tables in Markdown, for docs/checks/attack-specs.md; a test compares the two. */
export function describeSteps(): string {
  const groups = [...new Set(library.map(({ group }) => group))];
  return groups
    .map((group) => {
      const rows = library
        .filter((step) => step.group === group)
        .map(({ expression, does, takes, safe }) => {
          const marks = [
            takes === "nothing" ? "" : `a ${takes} below`,
            safe === true ? "" : safe === false ? "not passive" : "passive with GET, HEAD, OPTIONS",
          ].filter((mark) => mark !== "");
          const more = marks.length === 0 ? "" : ` (${marks.join("; ")})`;
          const what = `${does}${more}`.trim().replaceAll("|", "\\|");
          return `| \`${expression.source}\` | ${what} |`;
        });
      return `#### ${group}\n\n| step | |\n| --- | --- |\n${rows.join("\n")}`;
    })
    .join("\n\n");
}
