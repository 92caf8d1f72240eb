import { z } from "zod";
import { type Fault, type ErrorCode, TidelockError, asTidelockError } from "../../model/errors.ts";
import { maxFrameBytes } from "../../ports/host-agent.ts";

export const RequestFrame = z.object({
  id: z.int().nonnegative(),
  method: z.string(),
  params: z.unknown(),
});
export type RequestFrame = z.infer<typeof RequestFrame>;

const WireError = z.object({
  code: z.string(),
  message: z.string(),
  retryable: z.boolean().default(false),
  fault: z.string().optional(),
  where: z.string().nullish(),
  hint: z.string().nullish(),
});
export type WireError = z.infer<typeof WireError>;

export const AnswerFrame = z.object({
  /** Null when the request could not be understood well enough to have one. */
  id: z.int().nonnegative().nullable(),
  result: z.unknown().optional(),
  error: WireError.optional(),
});
export type AnswerFrame = z.infer<typeof AnswerFrame>;

/** What of an error goes over the wire: never its cause, never a stack. */
export function toWire(thrown: unknown): WireError {
  const error = asTidelockError(thrown);
  return {
    code: error.code,
    message: error.message,
    retryable: error.retryable,
    fault: error.fault,
    where: error.where ?? null,
    hint: error.hint ?? null,
  };
}

export function fromWire(error: WireError): TidelockError {
  return new TidelockError(error.code as ErrorCode, error.message, {
    retryable: error.retryable,
    ...(error.fault === undefined ? {} : { fault: error.fault as Fault }),
    ...(!error.where ? {} : { where: error.where }),
    ...(!error.hint ? {} : { hint: error.hint }),
  });
}

/**
 * Cuts a byte stream into newline-delimited frames. Give it every chunk; it calls back once for every
 * whole line. Throws `invalid-input` when a line grows past the limit, whether or not it ever ends.
 */
export class FrameReader {
  #chunks: Buffer[] = [];
  #length = 0;
  readonly #onFrame: (line: string) => void;
  readonly #limit: number;

  constructor(onFrame: (line: string) => void, limit: number = maxFrameBytes) {
    this.#onFrame = onFrame;
    this.#limit = limit;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    for (;;) {
      const end = rest.indexOf(0x0a);
      const part = end === -1 ? rest : rest.subarray(0, end);
      if (this.#length + part.length > this.#limit) {
        throw new TidelockError("invalid-input", `a frame is longer than ${this.#limit} bytes`, {
          hint: "send less in one call",
        });
      }
      this.#chunks.push(part);
      this.#length += part.length;
      if (end === -1) return;
      const line = Buffer.concat(this.#chunks).toString("utf8");
      this.#chunks = [];
      this.#length = 0;
      if (line.trim() !== "") this.#onFrame(line);
      rest = rest.subarray(end + 1);
    }
  }
}

/** One frame with its newline. Throws `invalid-input` when it would be longer than the protocol allows. */
export function encodeFrame(frame: unknown, limit: number = maxFrameBytes): Buffer {
  const bytes = Buffer.from(`${JSON.stringify(frame)}\n`);
  if (bytes.length > limit) {
    throw new TidelockError(
      "invalid-input",
      `a frame of ${bytes.length} bytes is longer than the ${limit} that the protocol allows`,
    );
  }
  return bytes;
}
