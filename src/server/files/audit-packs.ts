import type { FastifyInstance } from "fastify";
import { auditPackPath, AuditPackRequest } from "../../api/audit.ts";
import { at } from "../../model/permissions.ts";
import { actorOf } from "../access.ts";
import { accessTargets } from "../access-log.ts";
import type { ServerParts } from "../app.ts";

/** Audit packs: asked for as JSON, answered as the zip. */
export function registerAuditPacks(app: FastifyInstance, parts: ServerParts): void {
  app.route({
    method: "POST",
    url: auditPackPath,
    // A release's pack tells of all its environments, an environment's of all services in it, a review's of everybody.
    config: {
      access: { permission: "audit.export", resource: at("body.service", "body.environment") },
    },
    schema: { body: AuditPackRequest, tags: ["audit"], operationId: "auditPack" } as object,
    handler: async (request, reply) => {
      const asked = request.body as AuditPackRequest;
      accessTargets.set(
        request,
        asked.kind === "release"
          ? `${asked.service}@${asked.release}`
          : asked.kind === "access-review"
            ? `access review ${asked.review}`
            : `${asked.environment} ${asked.from ?? ""}..${asked.to ?? ""}`,
      );
      const { name, zip } = await parts.controlPlane.exportPack(actorOf(request), asked);
      return reply
        .type("application/zip")
        .header("content-disposition", `attachment; filename="${name}"`)
        .send(Buffer.from(zip.buffer, zip.byteOffset, zip.byteLength));
    },
  });
}
