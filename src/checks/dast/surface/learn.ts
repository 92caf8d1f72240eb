import type { OpenApiSource } from "../schema.ts";
import type { Prober } from "../session/prober.ts";
import { readOpenApi } from "./openapi.ts";
import { keyOf, type Operation, type Parameter } from "./operation.ts";
import type { Surface } from "./surface.ts";

/** The operations that an API's description names. Throws when there is none to be had. */
export async function readDescription(
  source: OpenApiSource,
  prober: Prober,
): Promise<readonly Operation[]> {
  if ("document" in source) return readOpenApi(source.document, "with.openapi.document");
  const answer = await prober.send({ method: "GET", path: source.path, headers: {} }, null);
  if (answer === null || answer.status !== 200) {
    const why = answer === null ? prober.lastFailure : `it answers ${answer.status}`;
    throw new Error(`the API's description cannot be read at ${source.path}: ${why}`);
  }
  return readOpenApi(answer.body, source.path);
}

/** Samples that the service itself showed take the place of made-up ones where those do not work. */
export function withSeenValues(operation: Operation, surface: Surface): Operation {
  const parameters = operation.parameters.map((parameter): Parameter => {
    if (parameter.in !== "path") return parameter;
    const seen = surface.seen(parameter.name);
    const value = String(parameter.value);
    const [first] = seen;
    return first === undefined || seen.includes(value) ? parameter : { ...parameter, value: first };
  });
  return { ...operation, parameters };
}

/** Which operations the configuration wants attacked, of all that are known. */
export function isWanted(operation: Operation, wanted: ReadonlySet<string> | null): boolean {
  return wanted === null || wanted.has(keyOf(operation)) || wanted.has(operation.template);
}
