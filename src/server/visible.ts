import type { FastifyRequest } from "fastify";
import { decideAccess, seesEverything } from "../identity/decide-access.ts";
import type { Reach } from "../model/principal.ts";
import { principalOf } from "./access.ts";

/** Leaves out of answers what whoever asks may not see. */

/** Items that are read at most before some are left out. */
const widest = 500;

type Sees = (item: unknown) => boolean;

/** Null: whoever asks sees every item, and nothing has to be looked at. */
export function visibilityOf(request: FastifyRequest): Sees | null {
  const access = request.routeOptions.config.access;
  if (access === undefined || !("resource" in access) || access.resource.kind !== "listed")
    return null;
  const { permission, resource } = access;
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

/** The query of a list, wide enough that enough is left after what may not be seen is out. */
export function widened(query: unknown): unknown {
  if (typeof query !== "object" || query === null || !("limit" in query)) return query;
  return { ...query, limit: widest };
}

/** What is left of an answer, at most as many as were asked for. */
export function visibleAnswer(request: FastifyRequest, sees: Sees, answer: unknown): unknown {
  if (typeof answer !== "object" || answer === null) return answer;
  const { items } = answer as { readonly items?: unknown };
  if (!Array.isArray(items)) return answer;
  const access = request.routeOptions.config.access;
  const within =
    access && "resource" in access && access.resource.kind === "listed"
      ? access.resource.within
      : undefined;
  const limit = (request.query as { readonly limit?: number } | undefined)?.limit;
  const visible = within === undefined ? items.filter(sees) : items.flatMap(only(within, sees));
  return { ...answer, items: limit === undefined ? visible : visible.slice(0, limit) };
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
