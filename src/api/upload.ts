import { request as plain } from "node:http";
import { request as secure } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { text } from "node:stream/consumers";

export interface UploadOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * `POST`s bytes and waits for the answer as long as it takes: `fetch` gives up on an answer that comes after five
 * minutes, and what a large report comes to may. An answer that comes before all is sent ends the sending. Redirects
 * are answers. Rejects with what the network or `body` throws.
 */
export async function upload(
  url: URL,
  body: AsyncIterable<Uint8Array>,
  { headers, signal }: UploadOptions,
): Promise<Response> {
  const send = url.protocol === "https:" ? secure : plain;
  const request = send(url, {
    method: "POST",
    headers,
    ...(signal === undefined ? {} : { signal }),
  });
  const answered = Promise.withResolvers<Response>();
  let early = false;
  request.once("response", (message) => {
    early = true;
    const status = message.statusCode ?? 500;
    // 204 and its like take no body: none of them is an answer to an upload.
    const keep = (content: string) =>
      new Response(content, { status: status < 200 || status > 599 ? 502 : status });
    text(message)
      .then(keep)
      .then(answered.resolve, answered.reject)
      .finally(() => request.destroy());
  });
  request.on("error", (error) => {
    if (!early) answered.reject(error);
  });
  pipeline(Readable.from(body), request).catch((error: unknown) => {
    if (!early) answered.reject(error);
  });
  return answered.promise;
}
