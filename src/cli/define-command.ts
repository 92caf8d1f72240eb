import type { CommandContext } from "./context.ts";
import type { ExitCode } from "./exit-codes.ts";

/**
 * A command is data and a function. The type of every option and argument follows from its declaration;
 * whoever adds a command writes one file and one line in catalogue.ts.
 */
export interface OptionSpec<T> {
  /** As people write it: `-w, --watch` or `--to <environment>`. */
  readonly flags: string;
  readonly description: string;
  readonly required: boolean;
  readonly repeatable: boolean;
  readonly choices?: readonly string[];
  /** Throws an Error whose message says what would be right. */
  readonly parse: (text: string) => T;
  readonly fallback: T;
}

export interface ArgumentSpec<T> {
  /** `<release>`, `[service]`, `[pairs...]` */
  readonly name: string;
  readonly description: string;
  /** Only for the type; arguments are text. */
  readonly kind: "required" | "optional" | "many";
  readonly type?: T;
}

type Options = Readonly<Record<string, OptionSpec<unknown>>>;
type Arguments = Readonly<Record<string, ArgumentSpec<unknown>>>;
export type OptionValues<O extends Options> = {
  readonly [K in keyof O]: O[K] extends OptionSpec<infer T> ? T : never;
};
export type ArgumentValues<A extends Arguments> = {
  readonly [K in keyof A]: A[K] extends ArgumentSpec<infer T> ? T : never;
};

export interface Command<A extends Arguments = Arguments, O extends Options = Options> {
  readonly arguments: A;
  readonly options: O;
  /** More than the one line of the catalogue: shown by `--help`. */
  readonly details?: string;
  readonly examples?: readonly string[];
  run(
    context: CommandContext,
    input: { readonly args: ArgumentValues<A>; readonly options: OptionValues<O> },
  ): Promise<ExitCode>;
}

/** The same with its types forgotten: what the runner holds. */
export type AnyCommand = Omit<Command, "run"> & {
  run(
    context: CommandContext,
    input: {
      readonly args: Readonly<Record<string, unknown>>;
      readonly options: Readonly<Record<string, unknown>>;
    },
  ): Promise<ExitCode>;
};

export function defineCommand<A extends Arguments, O extends Options>(
  command: Command<A, O>,
): AnyCommand {
  return command as unknown as AnyCommand;
}
