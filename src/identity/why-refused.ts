import { type Permission, permissions } from "../model/permissions.ts";
import type { Holding, Principal } from "../model/principal.ts";
import { hasSecondFactor, onlyReads } from "./accounts/second-factor.ts";
import { builtInRoles } from "./roles.ts";

type Asking = Pick<Principal, "kind" | "id" | "person" | "holdings" | "within" | "session">;

/**
 * Why somebody may not do something, and the way out: what is missing (a role at all, more than a password, a role that
 * holds it, the place), and who gives it. What the permission lets happen comes last, because it is not the reason.
 */
export function whyRefused(asking: Asking, permission: Permission): string {
  const { holdings, within, session } = asking;
  const what = `It lets somebody: ${lowerFirst(permissions[permission])}`;
  if (holdings.length === 0)
    return `you have no role here yet. ${wayTo(asking, permission)} ${what}`;
  const here = holdings.filter((one) => one.permissions.has(permission));
  if (within !== null && !within.permissions.has(permission)) {
    return `this token may no more than ${roleText(within)}: ask with a session (tidelock login) or another token. ${what}`;
  }
  if (here.length > 0) {
    return `you may so as ${here.map(roleText).join(", ")}, and nowhere else: name what is there (a list takes --service). ${wayTo(asking, permission)}`;
  }
  if (session && !hasSecondFactor(session.methods) && !onlyReads(permission)) {
    return `you signed in with no more than a password or a link, and that reads: sign out, and sign in with a passkey or an authenticator app's code (both are set up at Account). tidelock access whoami shows your roles. ${what}`;
  }
  return `you are ${holdings.map(roleText).join(", ")}. ${wayTo(asking, permission)} ${what}`;
}

/** Who holds it, and the command of whoever gives roles. */
function wayTo({ kind, id, person }: Asking, permission: Permission): string {
  const roles = [...builtInRoles.values()].filter((one) => one.permissions.has(permission));
  const names = roles.map(({ name }) => name).join(", ");
  const to = kind === "token" && person === null ? "--token <id>" : person === null ? "<name>" : id;
  return `Held by the role${roles.length === 1 ? "" : "s"} ${names}; somebody who gives roles does it: tidelock role assign <role> ${to} --service <service>.`;
}

function roleText({
  role,
  service,
  environment,
}: Pick<Holding, "role" | "service" | "environment">): string {
  if (service === null && environment === null) return `${role} (everywhere)`;
  return `${role} (${service ?? "every service"}, ${environment ?? "every environment"})`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
