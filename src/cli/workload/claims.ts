import { TidelockError } from "../../model/errors.ts";

/** `--claim name=value`, several of one name: any of them. */
export function readClaims(given: readonly string[]): Record<string, string[]> {
  const claims: Record<string, string[]> = {};
  for (const text of given) {
    const at = text.indexOf("=");
    if (at < 1 || at === text.length - 1) {
      throw new TidelockError("invalid-input", `\`${text}\` names no claim and value`, {
        fault: "operator",
        where: "--claim",
        hint: "write --claim repository_id=424242",
      });
    }
    const name = text.slice(0, at);
    claims[name] = [
      ...(Object.hasOwn(claims, name) ? (claims[name] ?? []) : []),
      text.slice(at + 1),
    ];
  }
  return claims;
}
