import type { FastifyInstance } from "fastify";
import type { ControlPlane } from "../ports/control-plane.ts";

/** `/healthz`: this process answers. `/readyz`: it can work, because database and agent answer too. */
export function registerHealth(app: FastifyInstance, controlPlane: ControlPlane): void {
  const hidden = {
    schema: { hide: true } as object,
    config: { access: { public: "whoever watches the process has no token" } },
  };
  app.get("/healthz", hidden, async () => ({ alive: true }));
  app.get("/readyz", hidden, async (_request, reply) => {
    const health = await controlPlane.health().catch(() => null);
    const database = health?.database ?? false;
    const agent = health?.agent.connected ?? false;
    const ready = database && agent;
    return reply.code(ready ? 200 : 503).send({ ready, database, agent });
  });
}
