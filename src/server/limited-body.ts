import { Transform } from "node:stream";
import type { FastifyRequest } from "fastify";
import { TidelockError } from "../model/errors.ts";

/** How many bytes an upload may have, what it is, and what helps somebody who has more. */
export interface BodyLimit {
  readonly bytes: number;
  /** `artifact`, `report` */
  readonly what: string;
  readonly hint: string;
}

/** An upload that sends nothing for so long is over. Milliseconds. */
const silenceMs = 60_000;

/** The body, cut with an error when it grows past the limit or ends before its declared length. */
export function limitedBody(request: FastifyRequest, limit: BodyLimit): Transform {
  const declared = request.headers["content-length"];
  const expected = declared === undefined ? null : Number(declared);
  if (expected !== null && expected > limit.bytes) throw tooLarge(limit);
  let seen = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      done(seen > limit.bytes ? tooLarge(limit) : null, chunk);
    },
  });
  // A disk that is slow holds the sender up, and that is no fault of theirs.
  let heard = 0;
  const listening = setInterval(() => {
    const silent = heard === seen && !request.raw.complete && !request.raw.isPaused();
    if (silent) counter.destroy(brokenOff(seen));
    if (silent) request.raw.destroy();
    heard = seen;
  }, silenceMs).unref();
  counter.once("close", () => clearInterval(listening));
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

function tooLarge({ what, bytes, hint }: BodyLimit): TidelockError {
  return new TidelockError(
    "invalid-input",
    `the ${what} is larger than this server takes (${bytes} bytes)`,
    { fault: "operator", where: "request body", hint },
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
