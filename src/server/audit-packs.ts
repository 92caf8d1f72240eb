import type { FastifyInstance } from "fastify";
import { auditPackPath, AuditPackRequest } from "../api/audit.ts";
import { accessTargets } from "./access-log.ts";
import type { ServerParts } from "./app.ts";
import { operator } from "./token-check.ts";

/** Audit packs: asked for as JSON, answered as the zip. */
export function registerAuditPacks(app: FastifyInstance, parts: ServerParts): void {
  app.route({
    method: "POST",
    url: auditPackPath,
    schema: { body: AuditPackRequest, tags: ["audit"], operationId: "auditPack" } as object,
    handler: async (request, reply) => {
      const asked = request.body as AuditPackRequest;
      accessTargets.set(
        request,
        asked.kind === "release"
          ? `${asked.service}@${asked.release}`
          : `${asked.environment} ${asked.from ?? ""}..${asked.to ?? ""}`,
      );
      const { name, zip } = await parts.controlPlane.exportPack(operator, asked);
      return reply
        .type("application/zip")
        .header("content-disposition", `attachment; filename="${name}"`)
        .send(Buffer.from(zip.buffer, zip.byteOffset, zip.byteLength));
    },
  });
}
