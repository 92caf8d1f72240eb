import { keyOf, type Operation, type Parameter } from "../../probing/operation.ts";
import type { Surface } from "./surface.ts";

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
