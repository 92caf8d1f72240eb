import type { FastifyRequest } from "fastify";
import { decideAccess, seesEverything, sightOf } from "../identity/decide-access.ts";
import type { Page, Reach, Sight } from "../model/principal.ts";
import { principalOf } from "./access.ts";

/**
 * What whoever asks may see of lists. The database is asked for that alone (`sightFor`), so that a page is full and what
 * comes behind it is theirs; what is computed and not read by pages, and whatever slips through, is left out of the answer.
 */

type Sees = (item: unknown) => boolean;

/** Everything, where the call lists nothing: then it is decided as a whole whether it may be asked. */
export function sightFor(request: FastifyRequest): Sight {
  const declared = listedBy(request);
  if (declared === null) return "everything";
  const principal = principalOf(request);
  return principal === undefined ? [] : sightOf(principal, declared.permission);
}

/** Null: whoever asks sees every item, and nothing has to be looked at. */
export function visibilityOf(request: FastifyRequest): Sees | null {
  const declared = listedBy(request);
  if (declared === null) return null;
  const { permission, resource } = declared;
  const principal = principalOf(request);
  if (principal === undefined) return () => false;
  if (seesEverything(principal, permission)) return null;
  const { service, environment } = resource.place;
  return (item) =>
    decideAccess(principal, permission, {
      service: sideOf(item, service),
      environment: sideOf(item, environment),
    }).allowed;
}

/** What is left of an answer with `items`. */
export function visibleAnswer(request: FastifyRequest, answer: unknown): unknown {
  const sees = visibilityOf(request);
  if (sees === null || typeof answer !== "object" || answer === null) return answer;
  const { items } = answer as { readonly items?: unknown };
  if (!Array.isArray(items)) return answer;
  const within = listedBy(request)?.resource.within;
  const visible = within === undefined ? items.filter(sees) : items.flatMap(only(within, sees));
  return { ...answer, items: visible };
}

/**
 * One page of a list: one item more is asked for than is shown, which says whether there is another page.
 *
 * @param mark what the page behind an item is asked for by
 */
export async function pageOf<T>(
  { limit, after }: Pick<Page, "limit" | "after">,
  sees: Sight,
  read: (page: Page) => Promise<readonly T[]>,
  mark: (item: T) => string,
): Promise<{ items: T[]; next: string | null }> {
  const found = await read({ sees, after, limit: limit + 1 });
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, next: found.length > limit && last !== undefined ? mark(last) : null };
}

function listedBy(request: FastifyRequest) {
  const { access } = request.routeOptions.config;
  if (access === undefined || !("resource" in access)) return null;
  const { permission, resource } = access;
  return resource.kind === "listed" ? { permission, resource } : null;
}

/** The item with those of its parts that may be seen; none when there are none. */
function only(within: string, sees: Sees) {
  return (item: Readonly<Record<string, unknown>>): readonly unknown[] => {
    const parts = item[within];
    const visible = Array.isArray(parts) ? parts.filter(sees) : [];
    return visible.length === 0 ? [] : [{ ...item, [within]: visible }];
  };
}

/** What names no service is of none: whoever sees such things in one sees it. */
function sideOf(item: unknown, path: string | null): Reach {
  if (path === null) return "any";
  let value: unknown = item;
  for (const part of path.split(".")) {
    value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[part];
  }
  return typeof value === "string" ? { name: value } : "any";
}
