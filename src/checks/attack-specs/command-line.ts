import { broken } from "./outcome.ts";

/** What a shell would make something of. Passed on as it stands it would be nothing that its author meant. */
function isForShells(text: string, at: number): boolean {
  const character = text.charAt(at);
  return character === "$"
    ? /[({A-Za-z_]/.test(text.charAt(at + 1))
    : /[|&;<>`\n\r]/.test(character);
}

/** `<name>` of a profile: a value, and no redirection. */
export const placeholder = /<([A-Za-z][\w-]{0,60})>/g;
const placeholderHere = /<[A-Za-z][\w-]{0,60}>/y;

const shells = [
  "sh",
  "bash",
  "dash",
  "zsh",
  "ksh",
  "fish",
  "busybox",
  "env",
  "sudo",
  "su",
  "xargs",
  "eval",
  "exec",
  "nohup",
  "ssh",
];

/**
 * Splits a command line as a shell would, and does nothing else that a shell does: quotes and backslashes are
 * understood; pipes, redirections, variables and several commands are refused. There is no shell.
 */
export function splitCommand(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  const text = line.trim();
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === "\0") broken("a command line has no NUL");
    placeholderHere.lastIndex = at;
    const named = placeholderHere.exec(text)?.[0];
    if (named !== undefined) {
      word = (word ?? "") + named;
      at += named.length - 1;
      continue;
    }
    if (quote !== null) {
      if (character === quote) quote = null;
      else if (quote === '"' && character === "\\" && /["\\$`]/.test(text.charAt(at + 1))) {
        at += 1;
        word += text.charAt(at);
      } else if (quote === '"' && /[`$]/.test(character) && isForShells(text, at)) {
        refuse(text, at);
      } else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= "";
    } else if (character === "\\" && at + 1 < text.length && !/[\r\n]/.test(text.charAt(at + 1))) {
      at += 1;
      word = (word ?? "") + text.charAt(at);
    } else if (isForShells(text, at)) {
      refuse(text, at);
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + character;
  }
  if (quote !== null) broken(`a quote (${quote}) is opened and not closed`);
  if (word !== null) words.push(word);
  const [program = ""] = words;
  if (program === "") broken("the command line is empty");
  if (shells.includes(program))
    broken(`${program} would start what it is told to; name the program itself`);
  return words;
}

function refuse(text: string, at: number): never {
  const sign = /[\r\n]/.test(text.charAt(at))
    ? "a second line"
    : `\`${text.slice(at, at + 2).trim()}\``;
  return broken(
    `there is no shell, so ${sign} is not understood: one command, without pipes, redirections and variables; put quotes around what is meant as it stands`,
  );
}

/** Endings of files that programs write and read; no top-level domain is called so. */
const fileEndings = /\.(?:xml|json|txt|html|csv|log|lst|conf|nse|pem|crt|gnmap)$/i;

/**
 * The first word that names another host than the tested one, or null. It keeps a specification from being
 * pointed elsewhere by mistake; a program that goes elsewhere by itself is not held by it.
 */
export function otherHost(words: readonly string[], own: readonly string[]): string | null {
  const mine = new Set(own.map((host) => host.toLowerCase()));
  for (const word of words.slice(1)) {
    for (const host of hostsIn(word)) if (!mine.has(host.toLowerCase())) return host;
  }
  return null;
}

function hostsIn(word: string): readonly string[] {
  const urls = [
    ...word.matchAll(/\b[a-z][a-z0-9+.-]*:\/\/(?:[^\s/?#@]*@)?(\[[^\]]*\]|[^\s/?#:,'"]*)/gi),
  ];
  if (urls.length > 0) return urls.map(([, host = ""]) => host.replace(/^\[|\]$/g, ""));
  const value = word.replace(/^--?[\w-]+=/, "");
  if (/^\[?[0-9a-f]*:[0-9a-f:]+\]?(?:\/\d+)?$/i.test(value) && value.includes("::")) {
    return [value.replace(/^\[|\]$/g, "")];
  }
  if (/^\d{1,3}(?:\.(?:\d{1,3}|\*|\d+-\d+)){3}(?:\/\d+)?(?::\d+)?$/.test(value))
    return [value.replace(/:\d+$/, "")];
  if (/^localhost(?::\d+)?$/i.test(value)) return ["localhost"];
  const name = /^((?:[a-z0-9_-]+\.)+[a-z]{2,24})(?::\d+)?(?:\/.*)?$/i.exec(value)?.[1];
  return name === undefined || fileEndings.test(value) ? [] : [name];
}
