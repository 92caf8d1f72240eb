import { Transform } from "node:stream";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { TidelockError } from "../model/errors.ts";
import { Digest } from "../model/primitives.ts";
import type { ServerParts } from "./app.ts";

/** Largest artifact by default: 8 GiB. */
const defaultLimitBytes = 8 * 1024 ** 3;
const params = z.object({ digest: Digest });
const path = "/api/v1/blobs/:digest";

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
    { schema: { params, tags: ["blobs"], operationId: "blobHas" } as object },
    async (request, reply) => {
      const { digest } = request.params as z.output<typeof params>;
      const there = await parts.content.has(digest);
      return reply.code(there ? 200 : 404).send();
    },
  );

  app.put(
    path,
    {
      schema: { params, tags: ["blobs"], operationId: "blobPut" } as object,
      bodyLimit: limit,
    },
    async (request, reply) => {
      const { digest } = request.params as z.output<typeof params>;
      const stored = await parts.content.put(limited(request, limit), digest);
      return reply.code(201).send(stored);
    },
  );
}

/** The body, cut with an error when it grows past the limit or ends before its declared length. */
function limited(request: FastifyRequest, limit: number): Transform {
  const declared = request.headers["content-length"];
  const expected = declared === undefined ? null : Number(declared);
  if (expected !== null && expected > limit) throw tooLarge(limit);
  let seen = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      done(seen > limit ? tooLarge(limit) : null, chunk);
    },
  });
  // The store reads it only after it has looked at its disk: an error until then is nobody's, and would end
  // the server. Whoever reads later is told all the same.
  counter.on("error", () => undefined);
  // `pipe` forwards no errors: an upload that breaks off must break the store's reading too.
  request.raw.once("error", (error) => counter.destroy(brokenOff(seen, error)));
  request.raw.once("close", () => {
    if (!request.raw.complete) counter.destroy(brokenOff(seen));
  });
  return request.raw.pipe(counter);
}

function tooLarge(limit: number): TidelockError {
  return new TidelockError(
    "invalid-input",
    `the artifact is larger than this server takes (${limit} bytes)`,
    {
      fault: "operator",
      where: "request body",
      hint: "leave build leftovers out with `exclude` in tidelock.yaml, or raise the server's --blob-limit",
    },
  );
}

function brokenOff(seen: number, cause?: Error): TidelockError {
  return new TidelockError("unavailable", `the upload broke off after ${seen} bytes`, {
    retryable: true,
    where: "request body",
    hint: "send it again; nothing was kept",
    cause,
  });
}
