import { platforms } from "../../identity/workload/platforms.ts";
import { readSignedToken } from "../../identity/oidc/signed-token.ts";

/** Claims that rules are about, of any platform; nobody's login, name or address is among them. */
const asked = new Set([
  "iss",
  "aud",
  "sub",
  ...Object.values(platforms).flatMap(({ immutable, protections, workflows, started }) => [
    ...immutable,
    ...protections.flat(),
    ...workflows,
    ...(started === null ? [] : [started.by]),
  ]),
]);

/**
 * What a platform's token says of itself, line by line, for whoever was refused with it: they compare it with what they told
 * whoever keeps the rules. Nothing of a rule is in it, and nothing that could be used in the token's place.
 */
export function tokenText(token: string): readonly string[] {
  const read = readSignedToken(token);
  if (!read.ok) return [];
  const { claims } = read.value;
  const said = [...asked].flatMap((name) => {
    const value = claims[name];
    return typeof value === "string" || typeof value === "number" || Array.isArray(value)
      ? [`  ${name}: ${Array.isArray(value) ? value.join(", ") : String(value)}`]
      : [];
  });
  const times = (["iat", "exp"] as const).flatMap((name) => {
    const at = new Date(Number(claims[name]) * 1_000);
    return Number.isNaN(at.getTime()) ? [] : [`  ${name}: ${at.toISOString()}`];
  });
  return ["the token says:", ...said, ...times];
}
