import type { CatalogueEntry } from "./catalogue-entry.ts";
import { catalogue, entriesBelow, findCommand } from "./catalogue.ts";
import type { Surroundings } from "./context.ts";
import { exit, type ExitCode } from "./exit-codes.ts";
import { environmentHelp, groupHelp, overview } from "./help.ts";
import { reportError } from "./output/report-error.ts";
import { parseArguments } from "./parse-arguments.ts";
import { clean, systemTerminal, type Terminal } from "./terminal.ts";

/** Runs one command line in this process and ends it with the command's exit code. */
export async function main(words: readonly string[]): Promise<void> {
  const terminal = systemTerminal();
  endWithReader(terminal);
  if (process.platform === "win32") {
    terminal.note(
      "tidelock runs on Linux and macOS; on Windows, use it inside WSL2 (`wsl --install`)",
    );
    process.exit(exit.failed);
  }
  const interrupt = interruption();
  const code = await run(
    { terminal, environment: process.env, folder: process.cwd(), signal: interrupt },
    words,
  );
  process.exitCode = code;
  // Idle connections must not keep us, and nothing that was printed may get lost.
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(code);
}

/** Finds, parses and runs a command. Never throws; says on stderr what went wrong. */
export async function run(surroundings: Surroundings, words: readonly string[]): Promise<ExitCode> {
  const { terminal, signal } = surroundings;
  const found = findCommand(words);
  if (found === null) return withoutCommand(terminal, words);
  const path = found.entry.words.join(" ");
  let sources: ReadonlyMap<string, string> = new Map();
  try {
    const command = await found.entry.load();
    const parsed = parseArguments(path, found.entry.summary, command, found.rest);
    if (parsed.kind === "help") {
      terminal.print(parsed.text);
      return exit.done;
    }
    if (parsed.kind === "usage") return usage(terminal, parsed.message, `tidelock ${path} --help`);
    // Help and mistakes need none of this.
    const { CommandContext } = await import("./context.ts");
    const context = new CommandContext(surroundings);
    sources = context.sources;
    return await command.run(context, parsed);
  } catch (error) {
    if (signal.aborted) return exit.interrupted;
    return reportError(terminal, error, sources);
  }
}

function withoutCommand(terminal: Terminal, words: readonly string[]): ExitCode {
  const [first] = words;
  const asked = first === "help" || first === "--help" || first === "-h";
  const rest = words.filter((word) => !["help", "--help", "-h"].includes(word));
  if (rest.length === 0 && (asked || first === undefined)) {
    terminal.print(overview(catalogue));
    return first === undefined ? exit.usage : exit.done;
  }
  if (asked && rest[0] === "environment") {
    terminal.print(environmentHelp());
    return exit.done;
  }
  const below: readonly CatalogueEntry[] = entriesBelow(rest[0] ?? "");
  if (below.length > 0 && (rest.length === 1 || asked)) {
    terminal.print(groupHelp(rest[0] ?? "", below));
    return asked || words.length > rest.length ? exit.done : exit.usage;
  }
  const near = below.length > 0 ? `tidelock ${rest[0]} --help` : "tidelock --help";
  return usage(terminal, `there is no command \`${clean(rest.slice(0, 2).join(" "), 60)}\``, near);
}

function usage(terminal: Terminal, message: string, help: string): ExitCode {
  terminal.note(`${terminal.style("red", "error:", "stderr")} ${clean(message)}`);
  terminal.note(`${terminal.style("cyan", "hint:", "stderr")} ${help}`);
  return exit.usage;
}

/** The first Ctrl-C asks the command to end well; a second one ends it now. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(exit.interrupted);
    controller.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return controller.signal;
}

/** `tidelock … | head`: whoever reads has seen enough. */
function endWithReader(terminal: Terminal): void {
  for (const stream of [terminal.stdout, terminal.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      process.exit(error.code === "EPIPE" ? exit.done : exit.failed);
    });
  }
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0) resolve();
    else stream.once("drain", resolve);
  });
}
