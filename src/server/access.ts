import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { decideAccess, seesEverything } from "../identity/decide-access.ts";
import { whyRefused } from "../identity/why-refused.ts";
import { TidelockError } from "../model/errors.ts";
import {
  type Access,
  type Permission,
  permissions,
  type ReachFrom,
  type ResourceFrom,
} from "../model/permissions.ts";
import type { Principal, Reach, Resource } from "../model/principal.ts";
import type { AccessControl } from "../ports/access-control.ts";
import type { Actor } from "../ports/control-plane.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    access?: Access;
  }
}

const principals = new WeakMap<FastifyRequest, Principal>();

/** Who asks. Undefined before they are known, and where nobody has to be. */
export function principalOf(request: FastifyRequest): Principal | undefined {
  return principals.get(request);
}

const again = new WeakMap<FastifyRequest, () => Promise<void>>();

/**
 * What is answered for hours is asked for more than once: a token that was revoked, or a role that was taken away, ends it.
 *
 * @throws TidelockError `unauthenticated`, `forbidden`, `not-found`
 */
export async function requireStill(request: FastifyRequest): Promise<void> {
  await again.get(request)?.();
}

/** Who asks, for records. */
export function actorOf(request: FastifyRequest): Actor {
  const principal = principals.get(request);
  if (principal) return { id: principal.id, principal };
  throw new TidelockError("internal", "a call was served before it was known who asks", {
    fault: "bug",
  });
}

/**
 * Nothing is served that does not say who may ask for it: a route without `config.access` throws here, at the start.
 * Who asks is proven before the body is read, and that they may is decided once it is parsed.
 */
export function registerAccess(
  app: FastifyInstance,
  access: Pick<AccessControl, "placesOf" | "usedPermission">,
  authenticate: (request: FastifyRequest, reply: FastifyReply) => Promise<Principal>,
): void {
  app.addHook("onRoute", ({ method, url, config }) => {
    const declared = config?.access;
    if (
      declared &&
      (!("permission" in declared) || Object.hasOwn(permissions, declared.permission))
    )
      return;
    throw new TidelockError(
      "internal",
      `${String(method)} ${url} does not say who may ask for it`,
      {
        fault: "bug",
        hint: "declare `permission` and `resource` (src/model/permissions.ts)",
      },
    );
  });
  app.addHook("onRequest", async (request, reply) => {
    const declared = declaredBy(request);
    if (declared === null || "public" in declared) return;
    const principal = await authenticate(request, reply);
    principals.set(request, principal);
    again.set(request, async () => {
      const now = await authenticate(request, reply);
      principals.set(request, now);
      if ("permission" in declared) await authorise(access, now, declared, request);
    });
    if ("own" in declared) return;
    // Who may do this nowhere need not send a body first.
    const anywhere = { service: "any", environment: "any" } as const;
    if (!decideAccess(principal, declared.permission, anywhere).allowed) {
      throw refused(principal, declared.permission, null);
    }
  });
  app.addHook("preHandler", async (request) => {
    const declared = declaredBy(request);
    if (declared === null || !("permission" in declared)) return;
    const principal = principals.get(request);
    if (!principal) {
      throw new TidelockError("internal", "nobody was asked who they are", { fault: "bug" });
    }
    await authorise(access, principal, declared, request);
    access.usedPermission(principal, declared.permission);
  });
}

/** Null: there is no such route, and the answer says so. */
function declaredBy(request: FastifyRequest): Access | null {
  if (request.is404) return null;
  const { access } = request.routeOptions.config;
  if (access) return access;
  throw new TidelockError("internal", "this route does not say who may ask for it", {
    fault: "bug",
  });
}

async function authorise(
  access: Pick<AccessControl, "placesOf">,
  principal: Principal,
  { permission, resource }: { readonly permission: Permission; readonly resource: ResourceFrom },
  request: FastifyRequest,
): Promise<void> {
  // Answers are filtered item by item.
  if (resource.kind === "listed" || seesEverything(principal, permission)) return;
  if (resource.kind === "at") {
    const place = {
      service: reach(request, resource.service),
      environment: reach(request, resource.environment),
    };
    if (!decideAccess(principal, permission, place).allowed)
      throw refused(principal, permission, place);
    return;
  }
  const reference = field(request, resource.by);
  const places =
    typeof reference === "string" ? await access.placesOf(resource.thing, reference) : null;
  // What is not there and what is somebody else's are answered alike, so that nobody counts what they may not see.
  if (resource.thing === "documents" || resource.thing === "line") {
    for (const place of places ?? []) {
      if (!decideAccess(principal, permission, place).allowed)
        throw refused(principal, permission, place);
    }
    if (places !== null) return;
  } else if (places?.every((place) => decideAccess(principal, permission, place).allowed)) {
    return;
  }
  throw new TidelockError(
    "not-found",
    `there is no such ${resource.thing} among those you may see`,
    {
      fault: "operator",
      where: resource.by,
      hint: "tidelock access whoami shows your roles",
    },
  );
}

function reach(request: FastifyRequest, from: ReachFrom): Reach {
  if (from === "any" || from === "all") return from;
  const name = field(request, from);
  return typeof name === "string" && name !== "" ? { name } : "all";
}

function field(request: FastifyRequest, path: string): unknown {
  let value: unknown = request;
  for (const part of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  return value;
}

function refused(
  principal: Principal,
  permission: Permission,
  place: Resource | null,
): TidelockError {
  const where = place === null ? "anywhere" : `in ${placeText(place)}`;
  return new TidelockError("forbidden", `nothing lets you do this ${where}: ${permission}`, {
    fault: "operator",
    where: permission,
    hint: whyRefused(principal, permission),
  });
}

function placeText({ service, environment }: Resource): string {
  const side = (reach: Reach, what: string) =>
    reach === "all" ? `every ${what}` : reach === "any" ? `any ${what}` : reach.name;
  return `${side(service, "service")}, ${side(environment, "environment")}`;
}
