import { readOpenApi } from "./openapi.ts";
import type { Operation } from "./operation.ts";
import type { Prober } from "./prober.ts";
import type { OpenApiSource } from "./schema.ts";

/** Descriptions of large APIs have a few megabytes. */
const mostBytes = 4_194_304;

/** The operations that an API's description names. Throws when there is none to be had. */
export async function readDescription(
  source: OpenApiSource,
  prober: Prober,
): Promise<readonly Operation[]> {
  if ("document" in source) return readOpenApi(source.document, "with.openapi.document");
  return readOpenApi(await fetchDescription(source.path, prober), source.path);
}

/** The text of a description that the service itself has. Throws when there is none, or it is too long. */
export async function fetchDescription(path: string, prober: Prober): Promise<string> {
  const request = { method: "GET", path, headers: {} };
  const answer = await prober.send(request, null, undefined, mostBytes);
  const why =
    answer === null
      ? prober.lastFailure
      : answer.status !== 200
        ? `it answers ${answer.status}`
        : answer.truncated
          ? `it is longer than ${answer.body.length} characters`
          : null;
  if (answer === null || why !== null) {
    throw new Error(`the API's description cannot be read at ${path}: ${why}`);
  }
  return answer.body;
}
