import { Command as Commander, CommanderError, InvalidArgumentError, Option } from "commander";
import type { AnyCommand, OptionSpec } from "./define-command.ts";

export type Parsed =
  | {
      readonly kind: "run";
      readonly args: Readonly<Record<string, unknown>>;
      readonly options: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "usage"; readonly message: string };

/** Line breaks of the source inside a paragraph are none of the terminal's: it has a width of its own. */
function flowing(text: string | undefined): string | undefined {
  return text?.replaceAll(/(?<!\n)\n(?!\n)/g, " ");
}

/**
 * Reads the words after a command's name with commander. Nothing is printed and nothing exits here.
 *
 * @param path the command's words, e.g. `release create`
 */
export function parseArguments(
  path: string,
  summary: string,
  command: AnyCommand,
  words: readonly string[],
): Parsed {
  let out = "";
  let problem = "";
  const program = new Commander(`tidelock ${path}`)
    .description([summary, flowing(command.details)].filter(Boolean).join("\n\n"))
    .exitOverride()
    .allowExcessArguments(false)
    .configureOutput({
      writeOut: (text) => (out += text),
      writeErr: (text) => (out += text),
      outputError: (text) => (problem += text),
    })
    .helpOption("-h, --help", "show this help");
  for (const argument of Object.values(command.arguments)) {
    program.argument(argument.name, argument.description);
  }
  const attributes = new Map<string, string>();
  for (const [key, spec] of Object.entries(command.options)) {
    const option = commanderOption(spec);
    attributes.set(key, option.attributeName());
    program.addOption(option);
  }
  if (command.examples !== undefined) {
    program.addHelpText("after", `\nExamples:\n${indent(command.examples)}`);
  }
  try {
    program.parse([...words], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return { kind: "help", text: out.trimEnd() };
    const message = (problem || error.message).replace(/^error: /, "").trim();
    // Commander puts "(Did you mean …?)" on a line of its own.
    return { kind: "usage", message: message.replaceAll("\n", " ") };
  }
  const values = program.opts<Record<string, unknown>>();
  return {
    kind: "run",
    args: Object.fromEntries(
      Object.keys(command.arguments).map((key, index) => [key, program.processedArgs[index]]),
    ),
    options: Object.fromEntries(
      Object.entries(command.options).map(([key, spec]) => [
        key,
        values[attributes.get(key) ?? key] ?? spec.fallback,
      ]),
    ),
  };
}

function commanderOption(spec: OptionSpec<unknown>): Option {
  const option = new Option(spec.flags, spec.description).makeOptionMandatory(spec.required);
  if (spec.choices !== undefined) return option.choices([...spec.choices]);
  const takesValue = spec.flags.includes("<");
  if (!takesValue) return option;
  return option.argParser((given: string, earlier: unknown) => {
    try {
      const value = spec.parse(given);
      if (!spec.repeatable) return value;
      return [...(Array.isArray(earlier) ? earlier : []), ...(value as unknown[])];
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
    }
  });
}

function indent(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join("\n");
}
