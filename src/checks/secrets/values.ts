/** Shannon entropy in bits a character: words have about 2.5 to 3.5, random keys 4 and more. */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values())
    bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** What stands where a secret will be put: references, templates, dots, and words that say so. */
export function isPlaceholder(value: string): boolean {
  const text = value.trim();
  if (/^[$%]|\$\{|\{\{|^<.*>$|^\[.*\]$|^%\w+%?$|^\*+$|^\.+$|#\{/.test(text)) return true;
  if (new Set(text.toLowerCase()).size <= 2) return true;
  return /^(?:x{3,}|your[-_ ]?|my[-_ ]?(?:password|secret|token|key)$|insert|replace|put|enter|todo|fixme|placeholder|redacted|example|sample|dummy|<)|(?:placeholder|[-_]here)$/i.test(
    text,
  );
}
