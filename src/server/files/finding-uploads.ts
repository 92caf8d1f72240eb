import type { FastifyInstance } from "fastify";
import type { z } from "zod";
import { ImportOptions, ImportView } from "../../api/views/finding.ts";
import { findingRoutes } from "../../api/routes/findings.ts";
import { ofService } from "../../model/permissions.ts";
import { actorOf } from "../access.ts";
import type { ServerParts } from "../app.ts";
import { limitedBody } from "../limited-body.ts";

/** Largest report by default: 8 GiB. */
const defaultLimitBytes = 8 * 1024 ** 3;

const params = findingRoutes.findingImports.params;

/** Reports of scanners: bytes in, streamed to whoever reads them; answered by what they came to. */
export async function registerFindingUploads(
  app: FastifyInstance,
  parts: ServerParts,
): Promise<void> {
  const limit = parts.blobLimitBytes ?? defaultLimitBytes;
  // The body stays a stream: no parser may collect it. No other media type is taken here.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/octet-stream", (_request, _payload, done) => done(null));

  app.route({
    method: "POST",
    url: findingRoutes.findingImports.path,
    config: { access: { permission: "finding.import", resource: ofService } },
    schema: {
      params,
      querystring: ImportOptions,
      response: { 200: ImportView },
      tags: ["services"],
      operationId: "findingImport",
    } as object,
    bodyLimit: limit,
    handler: async (request) => {
      const { service } = request.params as z.output<typeof params>;
      const options = request.query as z.output<typeof ImportOptions>;
      const body = limitedBody(request, {
        bytes: limit,
        what: "report",
        hint: "split it by scan, or raise the server's --blob-limit",
      });
      return parts.controlPlane.findings.importReport(actorOf(request), service, options, body);
    },
  });
}
