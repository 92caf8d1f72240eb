import type { FastifyInstance } from "fastify";
import type { ServerParts } from "./app.ts";
import { actorOf } from "./access.ts";
import { accessOf, schemaOf } from "./routes.ts";
import { dropSession } from "./session-cookie.ts";
import { routes } from "../api/routes.ts";

/** Signing out: what the database says, and what the browser has. */
export function registerSessions(app: FastifyInstance, { controlPlane }: ServerParts): void {
  const { accounts } = controlPlane;
  app.route({
    method: routes.sessionEnd.method,
    url: routes.sessionEnd.path,
    schema: schemaOf("sessionEnd"),
    config: accessOf("sessionEnd"),
    handler: async (request, reply) => {
      const actor = actorOf(request);
      const { kind, credential } = actor.principal ?? {};
      const here = kind === "session" ? credential?.id : undefined;
      if (here !== undefined) await accounts.endSession(actor, null, here);
      dropSession(request, reply);
      return { ended: here === undefined ? 0 : 1 };
    },
  });
  app.route({
    method: routes.sessionsEnd.method,
    url: routes.sessionsEnd.path,
    schema: schemaOf("sessionsEnd"),
    config: accessOf("sessionsEnd"),
    handler: async (request, reply) => {
      const ended = await accounts.endSessions(actorOf(request), null);
      dropSession(request, reply);
      return { ended };
    },
  });
}
