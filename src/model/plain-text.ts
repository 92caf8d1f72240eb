/**
 * Text of a stranger as it may reach terminals and pages: no control characters (escape sequences) and no
 * direction marks that make a name read as another.
 */
export function plainText(text: string, limit: number): string {
  const plain = text
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .replaceAll(/[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, "")
    .trim();
  return plain.length <= limit ? plain : `${plain.slice(0, limit - 1)}…`;
}
