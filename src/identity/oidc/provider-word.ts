import type { GroupRole, IdentityProvider, ProviderWord } from "../../model/identity-provider.ts";
import { recentMs } from "../accounts/recent.ts";

/** What a provider says of somebody, as far as it counts here. Everything comes from a token that was verified. */

type Claims = Readonly<Record<string, unknown>>;

/** Why the provider has not looked closely enough, in a sentence; null: it has. */
export function unmetDemand(
  { demand }: Pick<IdentityProvider, "demand">,
  claims: Claims,
): string | null {
  if (demand?.acr !== undefined && !demand.acr.includes(text(claims["acr"]) ?? "")) {
    return "the provider has not asked for as much as is wanted here (`acr`)";
  }
  if (demand?.amr !== undefined && !texts(claims["amr"]).some((one) => demand.amr?.includes(one))) {
    return "the provider has not asked for what is wanted here (`amr`)";
  }
  return null;
}

/** Whether it asked for what we demanded, and just now: as good as a second factor of our own. Milliseconds. */
export function isFresh({ demand }: IdentityProvider, claims: Claims, now: number): boolean {
  const at = claims["auth_time"];
  return demand !== undefined && typeof at === "number" && Math.abs(now - at * 1000) < recentMs;
}

/**
 * @param groupsCount false: groups give nothing, because what a role gives wants two people's signatures
 */
export function wordOf(
  { id, groups }: IdentityProvider,
  claims: Claims,
  groupsCount: boolean,
): ProviderWord {
  const member = new Set(groups === undefined ? [] : texts(claims[groups.claim]));
  const roles = groups === undefined || !groupsCount ? [] : groups.roles;
  const sid = text(claims["sid"]);
  return {
    provider: id,
    ...(sid === null ? {} : { sid }),
    acr: text(claims["acr"]),
    amr: texts(claims["amr"]).slice(0, 20),
    roles: roles.filter(({ group }) => member.has(group)).map(withoutGroup),
  };
}

function withoutGroup({ role, service, environment }: GroupRole) {
  return { role, service, environment };
}

function text(value: unknown): string | null {
  return typeof value === "string" && value.length <= 200 ? value : null;
}

/** A list, or one text that stands for a list of one. */
function texts(value: unknown): readonly string[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.slice(0, 1_000).filter((one) => typeof one === "string");
}

/** What a claim calls somebody; an e-mail address only where the provider says that it is theirs. Null: nothing. */
export function nameIn(claims: Claims, claim: string): string | null {
  if (claim === "email" && claims["email_verified"] !== true) return null;
  return text(claims[claim]);
}

/** Where to come back to: a path of this very server, and nothing that a browser would take for another one. */
export function ownPath(path: string): string {
  const plain = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,500}$/.test(path);
  return plain && !path.startsWith("/api/") ? path : "/";
}
