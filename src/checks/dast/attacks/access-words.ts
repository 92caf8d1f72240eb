import type { Exchange } from "../../exchange.ts";
import { isPage } from "../../header-rules.ts";
import type { Operation, Parameter } from "../../probing/operation.ts";
import { readElements } from "../../probing/html.ts";

/** Fields that are an owner's by their name. */
export const sensitive =
  /secret|private|token|ssn|card|iban|account_?number|salary|balance|address|phone|birth|medical|diagnos|note|message/i;

/** Fields that say what somebody may do, with what somebody who may not would set. */
export const words: Readonly<Record<string, boolean | string | number>> = {
  admin: true,
  is_admin: true,
  isAdmin: true,
  administrator: true,
  superuser: true,
  is_superuser: true,
  is_staff: true,
  isStaff: true,
  role: "admin",
  roles: "admin",
  user_type: "admin",
  userType: "admin",
  verified: true,
  is_verified: true,
  approved: true,
  credit: 99_999,
  balance: 99_999,
};

/** Sign-in, registration and the like: not what users make things with. */
export function isAccountRoute(template: string): boolean {
  return /(log|sign)-?_?(in|up|on)\b|register|registration|password|token|session|auth/i.test(
    template,
  );
}

export function passwordField(operation: Operation): Parameter | null {
  return (
    operation.parameters.find(
      (one) => (one.in === "json" || one.in === "form") && /pass(word|wd)?$|pwd$/i.test(one.name),
    ) ?? null
  );
}

/** An answer that does what was asked; a page that asks for a password is none. */
export function ok(answer: Exchange): boolean {
  if (answer.status < 200 || answer.status >= 300) return false;
  return !isPage(answer) || !asksForPassword(answer);
}

export function asksForPassword(answer: Exchange): boolean {
  return readElements(answer.body).some(
    ({ name, attributes }) =>
      name === "input" && (attributes.get("type") ?? "").toLowerCase() === "password",
  );
}
