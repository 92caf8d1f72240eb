import type { FastifyInstance, FastifySchema } from "fastify";
import type { z } from "zod";
import { routes, type RouteName, type Routes } from "../api/routes.ts";
import { ErrorView } from "../api/views.ts";
import type { Access } from "../model/permissions.ts";
import type { Actor } from "../ports/control-plane.ts";
import { actorOf } from "./access.ts";
import type { Sight } from "../model/principal.ts";
import { sightFor, visibleAnswer } from "./visible.ts";

/** Answered as streams, see streams.ts. */
export type StreamName = "events" | "logs";
/** Answered with a cookie, see session-routes.ts. */
export type CookieName =
  | "sessionEnd"
  | "sessionsEnd"
  | "signIn"
  | "welcomeShow"
  | "welcome"
  | "accountPassword"
  | "accountTotpConfirm"
  | "loginBegin"
  | "loginPoll";
/** Answered by name and browser, see passkey-routes.ts. */
export type PasskeyName = "passkeyOffer" | "passkeyAdd" | "passkeySignInOffer" | "passkeySignIn";
export type CallName = Exclude<RouteName, StreamName | CookieName | PasskeyName>;

type Part<R, K extends string> =
  R extends Record<K, infer S extends z.ZodType> ? z.output<S> : undefined;

/** What a handler gets: already parsed and typed by the table. */
export interface CallInput<N extends RouteName> {
  readonly params: Part<Routes[N], "params">;
  readonly query: Part<Routes[N], "query">;
  readonly body: Part<Routes[N], "body">;
  readonly actor: Actor;
  /** Of what is listed, all that whoever asks may see: a condition of what the database is asked. */
  readonly sees: Sight;
}

export type CallAnswer<N extends RouteName> = z.output<Routes[N]["response"]>;

export type Handlers = {
  readonly [N in CallName]: (input: CallInput<N>) => Promise<CallAnswer<N>>;
};

type RouteEntry = Access & {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly response: z.ZodType;
};

/** The table's entry of `name` as Fastify wants it; shared by calls and streams. */
export function schemaOf(name: RouteName, extra: FastifySchema = {}): FastifySchema {
  const route: RouteEntry = routes[name];
  return {
    ...(route.params === undefined ? {} : { params: route.params }),
    ...(route.query === undefined ? {} : { querystring: route.query }),
    ...(route.body === undefined ? {} : { body: route.body }),
    response: { 200: route.response, default: ErrorView },
    ...({ operationId: name, tags: [route.path.split("/")[3] ?? "server"] } as object),
    ...extra,
  };
}

/** Every entry says who may ask for it: one that does not is no entry. */
routes satisfies Readonly<Record<string, RouteEntry>>;

/** What the table's entry of `name` declares, as Fastify carries it to where it is decided. */
export function accessOf(name: RouteName): { readonly access: Access } {
  const route = routes[name] as RouteEntry;
  if ("permission" in route) {
    return { access: { permission: route.permission, resource: route.resource } };
  }
  return { access: "own" in route ? { own: route.own } : { public: route.public } };
}

/** Registers the whole table: parse by its schemas, call the handler of the same name, serialise by its schema. */
export function registerRoutes(app: FastifyInstance, handlers: Handlers): void {
  for (const name of Object.keys(handlers) as CallName[]) {
    const route: RouteEntry = routes[name];
    const handler = handlers[name] as (input: CallInput<RouteName>) => Promise<unknown>;
    app.route({
      method: route.method,
      url: route.path,
      schema: schemaOf(name),
      config: accessOf(name),
      handler: async (request) =>
        visibleAnswer(
          request,
          await handler({
            params: request.params,
            query: request.query,
            body: request.body,
            actor: actorOf(request),
            sees: sightFor(request),
          } as unknown as CallInput<RouteName>),
        ),
    });
  }
}
