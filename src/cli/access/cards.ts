import type { AssignmentView, RoleView, TokenView } from "../../api/routes/access.ts";
import type { IdentityView, VouchingProviderView } from "../../api/routes/federation.ts";
import type { Card } from "../output/print.ts";
import { when } from "../output/words.ts";
import { clean } from "../terminal.ts";

/** Tokens, roles, and who has them. */

export function scopeText(scope: {
  readonly service: string | null;
  readonly environment: string | null;
}): string {
  const { service, environment } = scope;
  if (service === null && environment === null) return "everywhere";
  return `${service ?? "every service"}, ${environment ?? "every environment"}`;
}

export function whoseText({ person, workload }: TokenView): string {
  if (workload !== null) return clean(workload.identity.runUrl ?? workload.identity.subject);
  if (person === null) return "a machine's";
  return person.name === null ? "(erased)" : clean(person.name);
}

export function mayText({ role, person }: TokenView): string {
  if (role !== null) return role;
  return person === null ? "nothing" : "what its person may";
}

/** `token`: only in the answer that made it; then it is what `-o name` prints. */
export function tokenCard(view: TokenView & { readonly token?: string }): Card<typeof view> {
  return {
    item: view,
    name: view.token ?? view.id,
    lines: [
      ["token", view.token ?? null],
      ["id", view.id],
      ["name", clean(view.name)],
      ["whose", whoseText(view)],
      ["may", mayText(view)],
      ["where", scopeText(view)],
      ["until", when(view.expiresAt)],
      ["state", view.state],
      ["last used", view.lastUsedAt === null ? "never" : when(view.lastUsedAt)],
    ],
  };
}

export function roleCard(view: RoleView): Card<RoleView> {
  const held = view.permissions.map(({ name, says }) => [name, says] as const);
  return {
    item: view,
    name: view.name,
    lines: [
      ["role", view.name],
      ["says", clean(view.says)],
      ["comes along", view.builtIn ? "yes" : "no, it was defined here"],
      ...held,
    ],
  };
}

export function identityCard(view: IdentityView): Card<IdentityView> {
  return {
    item: view,
    name: view.id,
    lines: [
      ["id", view.id || null],
      ["person", view.name === null ? "(erased)" : clean(view.name)],
      ["issuer", clean(view.issuer)],
      ["linked by", `${clean(view.addedBy)}, ${when(view.addedAt)}`],
    ],
  };
}

export function vouchingCard(view: VouchingProviderView): Card<VouchingProviderView> {
  const { demand, administrators } = view;
  const wanted = [...(demand?.acr ?? []), ...(demand?.amr ?? [])];
  return {
    item: view,
    name: view.id,
    lines: [
      ["id", view.id || null],
      ["issuer", clean(view.issuer)],
      ["a word counts", `${view.days} days`],
      ["wants", clean(wanted.join(", ")) || "a sign-in of just now"],
      ["administrators", clean(administrators.join(", ")) || "none named"],
      ["let by", `${clean(view.addedBy)}, ${when(view.addedAt)}`],
    ],
  };
}

export function assignmentCard(view: AssignmentView): Card<AssignmentView> {
  return {
    item: view,
    name: view.id,
    lines: [
      ["id", view.id || null],
      ["role", view.role],
      ["to", `${view.to.kind} ${clean(view.to.name ?? view.to.id)}`],
      ["where", scopeText(view)],
      ["given by", clean(view.addedBy)],
    ],
  };
}
