import type { FastifyRequest } from "fastify";
import { routes } from "../api/routes.ts";
import { decideAccess, seesEverything } from "../identity/decide-access.ts";
import type { Reach } from "../model/principal.ts";
import { principalOf } from "./access.ts";

/** Leaves out of answers what whoever asks may not see. */

/** Items that are read first, and how many times as many when too few of them may be seen. */
const firstReach = 500;
const further = 8;

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

/** Lists in which everything is of a service: a filter by it leaves nothing out that somebody of that service sees. */
const ofServices: ReadonlySet<string> = new Set([
  routes.releaseList.path,
  routes.promotionList.path,
  routes.deploymentList.path,
]);

/**
 * What is left of a list, as many as were asked for: it is read on, further and further, until so many are found that may
 * be seen or there are no more. Who sees one service alone has the database look for that.
 */
export async function visibleAnswer(
  request: FastifyRequest,
  sees: Sees,
  ask: (query: unknown) => Promise<unknown>,
): Promise<unknown> {
  const access = request.routeOptions.config.access;
  const within =
    access && "resource" in access && access.resource.kind === "listed"
      ? access.resource.within
      : undefined;
  const query = narrowed(request);
  const limit = (query as { readonly limit?: number } | undefined)?.limit;
  for (let reach = firstReach; ; reach *= further) {
    const answer = await ask(limit === undefined ? query : { ...query, limit: reach });
    if (typeof answer !== "object" || answer === null) return answer;
    const { items } = answer as { readonly items?: unknown };
    if (!Array.isArray(items)) return answer;
    const visible = within === undefined ? items.filter(sees) : items.flatMap(only(within, sees));
    if (limit === undefined) return { ...answer, items: visible };
    if (visible.length >= limit || items.length < reach) {
      return { ...answer, items: visible.slice(0, limit) };
    }
  }
}

function narrowed(request: FastifyRequest): Readonly<Record<string, unknown>> | undefined {
  const query = request.query as Readonly<Record<string, unknown>> | undefined;
  const { url = "", config } = request.routeOptions;
  const principal = principalOf(request);
  if (!ofServices.has(url) || query?.["service"] !== undefined || !principal) return query;
  if (!config.access || !("permission" in config.access)) return query;
  const { permission } = config.access;
  const holdings = principal.holdings.filter(({ permissions }) => permissions.has(permission));
  const services = new Set(holdings.map(({ service }) => service));
  const [service] = services;
  return services.size === 1 && typeof service === "string" ? { ...query, service } : query;
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
