import type { Exchange } from "../../exchange.ts";

const mostText = 20_000;

/** Lines that name an error in the usual languages: its type, and what it says. */
const errors: readonly RegExp[] = [
  /\b((?:[A-Za-z_]\w{0,60}[.:]{1,2}){0,6}[A-Z]\w{0,60}(?:Error|Exception|Fault|Panic|Warning))\b(?::[ \t]{0,3}([^\n<"]{0,160}))?/,
  /\b(panic): ([^\n]{0,160})/,
  /thread '[^']{1,100}' (panicked) at ([^\n]{0,160})/,
];

/** Frames: file and function, without the line, which moves. */
const frames: readonly RegExp[] = [
  /File "([^"\n]{1,300})", line \d+, in ([\w<>.]{1,100})/g,
  /\bat (?:async )?([\w$.<>[\] ]{1,120}) \(([^()\n]{1,300}):\d+:\d+\)/g,
  /\bat ([\w$.]{1,200})\(([\w$]{1,100}\.(?:java|kt|scala)):\d+\)/g,
  /^\t?([^\s:]{1,300}\.go):\d+()/gm,
];

export interface Signature {
  readonly text: string;
  /** Whether it names an error, so that two flaws of one operation can be told apart by it. */
  readonly telling: boolean;
}

/**
 * What of an answer stays the same when the same flaw answers again: the error's type and place, or else its words
 * without numbers, ids, times and whatever was quoted.
 */
export function signatureOf({ status, body }: Pick<Exchange, "status" | "body">): Signature {
  const text = plainText(body.slice(0, mostText));
  const named = errorIn(text);
  if (named !== null) return { text: `${status} ${named}`.slice(0, 400), telling: true };
  return { text: `${status} ${normalise(text).slice(0, 120)}`.trim(), telling: false };
}

/** Type, message and innermost own frame of the error that a text shows; null when it shows none. */
export function errorIn(text: string): string | null {
  const found = errors.map((one) => one.exec(text)).find((one) => one !== null);
  const frame = innermost(text);
  if (found === undefined || found === null) return frame === null ? null : `error${frame}`;
  // Python writes the error below its frames: the last one named is the one.
  const last = text.includes("Traceback (most recent call last)") ? lastError(text) : null;
  const [type, message] = last ?? [found[1] ?? "", found[2] ?? ""];
  return `${type}: ${normalise(message).slice(0, 100)}${frame ?? ""}`;
}

function lastError(text: string): readonly [string, string] | null {
  const all = [
    ...text.matchAll(
      /^([A-Za-z_][\w.]{0,120}(?:Error|Exception|Warning|Interrupt)): ?([^\n]{0,160})$/gm,
    ),
  ];
  const last = all.at(-1);
  return last === undefined ? null : [last[1] ?? "", last[2] ?? ""];
}

function innermost(text: string): string | null {
  for (const pattern of frames) {
    const all = [...text.matchAll(pattern)].map(([, a = "", b = ""]) =>
      `${short(a)} ${short(b)}`.trim(),
    );
    const own = all.filter(
      (one) =>
        !/node_modules|node:|site-packages|dist-packages|\/lib\/python|werkzeug|flask\/app/.test(
          one,
        ),
    );
    const python = text.includes('File "');
    const one = python ? own.at(-1) : own[0];
    if (one !== undefined) return ` (${one})`;
  }
  return null;
}

/** A path without the folders in front of it, which differ from deployment to deployment. */
function short(text: string): string {
  return /node_modules|site-packages|dist-packages|^node:/.test(text)
    ? text
    : text.replace(/^.*\/([^/]+\/[^/]+)$/, "$1");
}

function plainText(body: string): string {
  return withoutScripts(body)
    .replaceAll(/<[^<>]{1,500}>/g, " ")
    .replaceAll("&quot;", '"')
    .replaceAll(/&#(39|x27);/g, "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("\\n", "\n")
    .replaceAll('\\"', '"');
}

export function normalise(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, "ID")
    .replaceAll(/0x[0-9a-f]+/gi, "N")
    .replaceAll(/'[^'\n]{0,300}'|"[^"\n]{0,300}"|`[^`\n]{0,300}`/g, "Q")
    .replaceAll(/\b[A-Za-z0-9_-]{24,}\b/g, "ID")
    .replaceAll(/-?\d+([.:,]\d+)*/g, "N")
    .replaceAll(/[^\x20-\x7e]+/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** One without an end stays; then no other of its kind has one either, and none is looked for again. */
function withoutScripts(body: string): string {
  const parts: string[] = [];
  const endless = new Set<string>();
  let from = 0;
  for (const begin of body.matchAll(/<(style|script)\b[^>]{0,500}>/gi)) {
    const tag = (begin[1] ?? "").toLowerCase();
    if (begin.index < from || endless.has(tag)) continue;
    const end = new RegExp(`</${tag}>`, "gi");
    end.lastIndex = begin.index + begin[0].length;
    if (end.exec(body) === null) endless.add(tag);
    else {
      parts.push(body.slice(from, begin.index), " ");
      from = end.lastIndex;
    }
  }
  return parts.join("") + body.slice(from);
}
