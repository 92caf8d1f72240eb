import type { Parameter } from "../../probing/operation.ts";

/** A path with what looks like an id taken out, and the ids as parameters. */
export interface Templated {
  readonly template: string;
  readonly parameters: readonly Parameter[];
}

const ids: readonly RegExp[] = [
  /^\d{1,19}$/,
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  /^[0-9a-f]{16,64}$/i,
  // Opaque tokens: long, with digits and letters mixed.
  /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_-]{20,}$/,
];

/** `/items/42/parts/7` is `/items/{id}/parts/{id2}`. */
export function templateOf(path: string): Templated {
  const parameters: Parameter[] = [];
  const parts = path.split("/").map((part) => {
    const text = decode(part);
    if (!ids.some((id) => id.test(text))) return part.replaceAll(/[{}]/g, encodeURIComponent);
    const name = parameters.length === 0 ? "id" : `id${parameters.length + 1}`;
    parameters.push({ name, in: "path", value: text, required: true });
    return `{${name}}`;
  });
  return { template: parts.join("/"), parameters };
}

/** Whether a path is one of a template's, as the API's description writes it. */
export function fits(template: string, path: string): boolean {
  const [a, b] = [template.split("/"), path.split("/")];
  return (
    a.length === b.length &&
    a.every((part, index) => (/^\{.+\}$/.test(part) ? b[index] !== "" : part === b[index]))
  );
}

export function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
