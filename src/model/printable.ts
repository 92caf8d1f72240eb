/**
 * Makes text from outside safe to show on a terminal, in a log line or in a message: control
 * characters, bidirectional overrides (Trojan Source, CVE-2021-42574), line separators and lone
 * surrogates become visible escapes. `limit` cuts after that many characters.
 */
export function printable(text: string, limit = 200): string {
  if (text.length <= limit && plain.test(text)) return text;
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return cut.toWellFormed().replace(unsafe, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** What nearly everything is, and is as it is. */
const plain = /^[\x20-\x7e]*$/;

/** General categories Cc (control), Cf (format: zero-width and bidirectional), Zl and Zp. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
