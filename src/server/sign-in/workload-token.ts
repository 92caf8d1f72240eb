import type { FastifyInstance } from "fastify";
import {
  WorkloadExchange,
  WorkloadTokenView,
  workloadTokenPath,
} from "../../api/routes/federation.ts";
import { ErrorView } from "../../api/views.ts";
import { TidelockError } from "../../model/errors.ts";
import type { ServerParts } from "../app.ts";

/** A platform's token and little else. Bytes. */
const bodyLimit = 32 * 1024;
/** Refusals that are written to the log in a minute; more are only counted. */
const mostLogged = 30;

/**
 * `POST /api/v1/workload/token`: one of our tokens for a platform's. Whoever asks has none of ours yet; what they bring
 * says who they are. Not in the access log, which a stranger could fill: what was given is an entry of the ledger.
 */
export function registerWorkloadToken(
  app: FastifyInstance,
  { controlPlane, log }: Pick<ServerParts, "controlPlane" | "log">,
): void {
  let minute = 0;
  let logged = 0;
  app.post(
    workloadTokenPath,
    {
      bodyLimit,
      schema: {
        body: WorkloadExchange,
        response: { 200: WorkloadTokenView, default: ErrorView },
        ...({ operationId: "workloadToken", tags: ["workload"], security: [] } as object),
      },
      config: {
        access: { public: "whoever asks for a token has none yet: the platform's says who" },
      },
    },
    async (request) => {
      try {
        return await controlPlane.workload.exchange(request.body as WorkloadExchange);
      } catch (error) {
        const now = Math.floor(Date.now() / 60_000);
        logged = now === minute ? logged + 1 : 1;
        minute = now;
        if (error instanceof TidelockError && logged <= mostLogged) {
          log.info("workload refused", { id: request.id, message: error.message });
        }
        throw error;
      }
    },
  );
}
