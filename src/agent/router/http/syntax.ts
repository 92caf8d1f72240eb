/**
 * The few rules of HTTP/1.1's grammar (RFC 9110 section 5, RFC 9112) that requests and responses share. Text is
 * latin1: one character is one byte, so that what passes through passes unchanged.
 */

/** A control character, or a CR or LF that is not part of CRLF: refused wherever it stands in a header. */
export const brokenHead = /[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n)|(?<!\r)\n/;

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export function isToken(text: string): boolean {
  return token.test(text);
}

/** Optional whitespace is space and tab (RFC 9110 section 5.6.3); `trim` would eat bytes of UTF-8 text too. */
export function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9;
}

/** The members of a comma-separated list, lower-cased, without empty ones. */
export function listMembers(value: string): string[] {
  return value
    .toLowerCase()
    .split(",")
    .map(trimSpace)
    .filter((member) => member !== "");
}

/**
 * Field names as peers spell them, with what each means to the caller. Bounded, because peers choose the
 * spellings; a name that is not a token is `null` and never remembered.
 */
export class FieldNames<Kind extends number> {
  readonly #classify: (lower: string) => Kind;
  readonly #known = new Map<string, Kind>();

  constructor(classify: (lower: string) => Kind) {
    this.#classify = classify;
  }

  kindOf(name: string): Kind | null {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    if (!isToken(name)) return null;
    const kind = this.#classify(name.toLowerCase());
    if (this.#known.size < 2_000 && name.length <= 64) this.#known.set(name, kind);
    return kind;
  }
}

/** Field lines (each ending in CRLF) without those whose lower-case name is in `names`. */
export function withoutFields(lines: string, names: ReadonlySet<string>): string {
  let kept = "";
  for (const line of lines.split("\r\n")) {
    if (line === "") continue;
    if (!names.has(line.slice(0, line.indexOf(":")).toLowerCase())) kept += `${line}\r\n`;
  }
  return kept;
}

const notInTrailers = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "transfer-encoding",
  "upgrade",
  "content-length",
  "host",
  "trailer",
  "content-encoding",
  "content-type",
  "content-range",
  "authorization",
  "cookie",
  "set-cookie",
  "cache-control",
  "expect",
  "max-forwards",
  "range",
  "forwarded",
  "x-real-ip",
  "x-tidelock-tester",
  "x-tidelock-scan",
  "x-request-id",
  "via",
]);

/**
 * Those trailer lines that may travel on: never framing, routing, authentication or what we vouch for
 * (RFC 9110 section 6.5.1). Answers lines that end in CRLF.
 */
export function allowedTrailers(lines: readonly string[]): string {
  let allowed = "";
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(":")).toLowerCase().replaceAll("_", "-");
    if (!notInTrailers.has(name) && !name.startsWith("x-forwarded-")) allowed += `${line}\r\n`;
  }
  return allowed;
}
