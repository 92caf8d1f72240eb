/**
 * Whether a word stands in a script as code, and not inside a text or a comment. Enough of JavaScript's
 * lexical grammar for that; regular expressions are taken for divisions, which errs on neither side here.
 */
export function isCode(script: string, word: string): boolean {
  let at = 0;
  const length = Math.min(script.length, 500_000);
  while (at < length) {
    const character = script[at];
    if (character === '"' || character === "'") {
      at = endOfText(script, at, character);
    } else if (character === "`") {
      const end = endOfText(script, at, "`");
      const inside = script.slice(at, end);
      if (new RegExp(`\\$\\{[^}]{0,200}\\b${word}\\b`).test(inside)) return true;
      at = end;
    } else if (script.startsWith("//", at)) {
      const end = script.indexOf("\n", at);
      at = end === -1 ? length : end;
    } else if (script.startsWith("/*", at)) {
      const end = script.indexOf("*/", at + 2);
      at = end === -1 ? length : end + 2;
    } else if (script.startsWith(word, at)) return true;
    else at += 1;
  }
  return false;
}

/** Behind the closing quote; a line break ends a broken text, as it does for a parser. */
function endOfText(script: string, from: number, quote: string): number {
  for (let at = from + 1; at < script.length; at += 1) {
    const character = script[at];
    if (character === "\\") at += 1;
    else if (character === quote) return at + 1;
    else if (character === "\n" && quote !== "`") return at + 1;
  }
  return script.length;
}
