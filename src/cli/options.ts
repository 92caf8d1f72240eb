import { Duration, Name } from "../model/primitives.ts";
import type { ArgumentSpec, OptionSpec } from "./define-command.ts";

/** Builders for the declarations of commands, and the groups that several share. */

const base = { required: false, repeatable: false };

export function flag(flags: string, description: string): OptionSpec<boolean> {
  return { ...base, flags, description, parse: () => true, fallback: false };
}

export function text(flags: string, description: string): OptionSpec<string | undefined> {
  return { ...base, flags, description, parse: (given) => given, fallback: undefined };
}

/** May be given several times; the values arrive in order. */
export function texts(flags: string, description: string): OptionSpec<readonly string[]> {
  return {
    ...base,
    flags,
    description,
    repeatable: true,
    parse: (given) => [given],
    fallback: [],
  };
}

export function choice<const C extends readonly string[]>(
  flags: string,
  description: string,
  choices: C,
): OptionSpec<C[number] | undefined> {
  return { ...base, flags, description, choices, parse: (given) => given, fallback: undefined };
}

export function whole(
  flags: string,
  description: string,
  { least, most }: { least: number; most: number },
): OptionSpec<number | undefined> {
  return {
    ...base,
    flags,
    description,
    parse: (given) => {
      const value = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
      if (value >= least && value <= most) return value;
      throw new Error(`write a whole number from ${least} to ${most}`);
    },
    fallback: undefined,
  };
}

/** `30s`, `5m`; the value is milliseconds. */
export function duration(flags: string, description: string): OptionSpec<number | undefined> {
  return {
    ...base,
    flags,
    description,
    parse: (given) => {
      const parsed = Duration.safeParse(given);
      if (parsed.success) return parsed.data;
      throw new Error("write a whole number and a unit: 500ms, 30s, 5m, 2h, 7d");
    },
    fallback: undefined,
  };
}

export function name(flags: string, description: string): OptionSpec<string | undefined> {
  return {
    ...base,
    flags,
    description,
    parse: (given) => {
      const parsed = Name.safeParse(given);
      if (parsed.success) return parsed.data;
      throw new Error("use lower-case letters, digits and dashes, starting with a letter");
    },
    fallback: undefined,
  };
}

export function required<T>(option: OptionSpec<T | undefined>): OptionSpec<T> {
  return { ...(option as OptionSpec<T>), required: true };
}

export function argument(argumentName: string, description: string): ArgumentSpec<string> {
  return { name: `<${argumentName}>`, description, kind: "required" };
}

export function optionalArgument(
  argumentName: string,
  description: string,
): ArgumentSpec<string | undefined> {
  return { name: `[${argumentName}]`, description, kind: "optional" };
}

/** None, one or several. */
export function anyArguments(
  argumentName: string,
  description: string,
): ArgumentSpec<readonly string[]> {
  return { name: `[${argumentName}...]`, description, kind: "many" };
}

export const outputFormats = ["table", "wide", "json", "yaml", "name"] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** For every command that talks to a server. */
export const connectionOptions = {
  url: text("--url <address>", "server to talk to (TIDELOCK_URL)"),
  tokenFile: text("--token-file <file>", "file with the token for --url (or TIDELOCK_TOKEN)"),
  context: text("--context <name>", "context to use (TIDELOCK_CONTEXT)"),
  dataDir: text("--data-dir <folder>", "data directory of a local server (TIDELOCK_DATA_DIR)"),
  ca: text("--ca <file>", "further authorities for https, PEM (TIDELOCK_CA)"),
} as const;

/** For lists that are read page by page. */
export const pageOptions = {
  limit: whole("--limit <n>", "how many (default 50)", { least: 1, most: 500 }),
  after: text("--after <mark>", "go on behind a page: the mark that it ended with"),
} as const;

/** For every command that shows data. */
export const outputOption = {
  output: choice("-o, --output <format>", "how to print (TIDELOCK_OUTPUT)", outputFormats),
} as const;

/** Where one service is meant: the folder's own when it holds a tidelock.yaml. */
export const serviceOption = {
  service: name("--service <name>", "service (default: the one of ./tidelock.yaml)"),
} as const;
