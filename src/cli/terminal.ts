import { stripVTControlCharacters, styleText } from "node:util";
import { printable } from "../model/printable.ts";

type Style = Parameters<typeof styleText>[0];

/** The three streams of a command: data goes to stdout, everything else to stderr. */
export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** A person can answer a question. */
  readonly interactive: boolean;
  /** Lines on stderr may be redrawn. */
  readonly redraws: boolean;
  /** Writes one line of data. */
  print(text: string): void;
  /** Writes one line about what is going on. */
  note(text: string): void;
  /** Colours text for stdout or stderr; nothing where NO_COLOR is set or no terminal is there. */
  style(style: Style, text: string, stream?: "stdout" | "stderr"): string;
}

export function systemTerminal(environment: NodeJS.ProcessEnv = process.env): Terminal {
  const { stdin, stdout, stderr } = process;
  const dumb = environment["TERM"] === "dumb";
  return {
    stdin,
    stdout,
    stderr,
    interactive: stdin.isTTY && stderr.isTTY,
    redraws: stderr.isTTY && !dumb && environment["CI"] === undefined,
    print: (text) => void stdout.write(`${text}\n`),
    note: (text) => void stderr.write(`${text}\n`),
    style: (style, text, stream = "stdout") => {
      const target = stream === "stdout" ? stdout : stderr;
      if (environment["NO_COLOR"] || dumb || !target.isTTY) return text;
      return styleText(style, text, { validateStream: false });
    },
  };
}

/**
 * Text from outside (a server, a service's log, a file) as one line that cannot move the cursor, colour
 * the screen, set the title or answer for us: escape sequences go, other control characters show.
 */
export function clean(text: string, limit = 1_000): string {
  return printable(stripVTControlCharacters(text).replaceAll("\t", "    "), limit);
}
