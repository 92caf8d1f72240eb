import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { Digest } from "../../model/primitives.ts";
import { anywhere } from "../../model/permissions.ts";
import type { ServerParts } from "../app.ts";
import { limitedBody } from "../limited-body.ts";

/** Largest artifact by default: 8 GiB. */
const defaultLimitBytes = 8 * 1024 ** 3;
const params = z.object({ digest: Digest });
const path = "/api/v1/blobs/:digest";
const config = { access: { permission: "content.write", resource: anywhere } } as const;

/**
 * Bytes of artifacts, addressed by what they are. `PUT` streams to the content store, which makes a blob
 * visible only when the digest is right; `HEAD` spares an upload of what is already there.
 */
export async function registerBlobs(app: FastifyInstance, parts: ServerParts): Promise<void> {
  const limit = parts.blobLimitBytes ?? defaultLimitBytes;
  // The body stays a stream: no parser may collect it. No other media type is taken here.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/octet-stream", (_request, _payload, done) => done(null));

  app.head(
    path,
    { config, schema: { params, tags: ["blobs"], operationId: "blobHas" } as object },
    async (request, reply) => {
      const { digest } = request.params as z.output<typeof params>;
      const there = await parts.content.has(digest);
      return reply.code(there ? 200 : 404).send();
    },
  );

  app.put(
    path,
    {
      config,
      schema: { params, tags: ["blobs"], operationId: "blobPut" } as object,
      bodyLimit: limit,
    },
    async (request, reply) => {
      const { digest } = request.params as z.output<typeof params>;
      const stored = await parts.content.put(
        limitedBody(request, {
          bytes: limit,
          what: "artifact",
          hint: "leave build leftovers out with `exclude` in tidelock.yaml, or raise the server's --blob-limit",
        }),
        digest,
      );
      return reply.code(201).send(stored);
    },
  );
}
