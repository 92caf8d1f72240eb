import type { Permission } from "../../model/permissions.ts";
import type { Holding, SignInMethod } from "../../model/principal.ts";

/** More than something that somebody knows; or the word of an identity provider, which asks for what it asks. */
const enough: ReadonlySet<SignInMethod> = new Set(["totp", "recovery-code", "passkey", "oidc"]);

export function hasSecondFactor(methods: readonly string[]): boolean {
  return methods.some((method) => enough.has(method as SignInMethod));
}

/** Whether a permission changes nothing and starts nothing. */
export function onlyReads(permission: Permission): boolean {
  return /\.(read|list|verify|report|plan)$/.test(permission);
}

/** What is left of a role for whoever signed in with a password alone: it reads. */
export function readingOnly(holding: Holding): Holding {
  const permissions = new Set([...holding.permissions].filter(onlyReads));
  return { ...holding, permissions };
}

/** Whether a role lets somebody change anything, so that a password alone is not enough for it. */
export function writes(holdings: readonly Holding[]): boolean {
  return holdings.some(({ permissions }) => [...permissions].some((one) => !onlyReads(one)));
}
