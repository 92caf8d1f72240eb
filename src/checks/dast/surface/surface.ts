import type { Exchange } from "../../exchange.ts";
import { nodeOf } from "../../probing/node.ts";
import { type Json, keyOf, type Operation, type Parameter } from "../../probing/operation.ts";
import { decode, fits, templateOf } from "./template.ts";

const mostSamples = 20;
const mostOperations = 3_000;

/** Everything that is known of what the service can be asked, grown by the crawl and the API's description. */
export class Surface {
  readonly #operations = new Map<string, Operation>();
  /** Values that the service itself showed, by the name of the field: better samples than made-up ones. */
  readonly #seen = new Map<string, Set<string>>();
  /** Operation to the identities that reached it. */
  readonly reachedBy = new Map<string, Set<string>>();
  /** Who was led to which paths by links. */
  readonly visits = new Map<string, Set<string>>();
  /** Paths that were visited or given, as they are. */
  readonly paths = new Set<string>();

  get operations(): readonly Operation[] {
    return [...this.#operations.values()];
  }

  /** One of the same shape is merged. */
  add(operation: Operation): Operation {
    const described = this.describe(operation);
    const key = shapeOf(described);
    const known = this.#operations.get(key);
    if (known === undefined) {
      if (this.#operations.size < mostOperations) this.#operations.set(key, described);
      return described;
    }
    const news = described.parameters.filter(
      (one) => !known.parameters.some((old) => old.name === one.name && old.in === one.in),
    );
    const newer = known.parameters.map(
      (old) =>
        described.parameters.find(
          (one) => one.name === old.name && one.in === old.in && described.source === "openapi",
        ) ?? old,
    );
    const merged = {
      ...known,
      parameters: [...newer, ...news],
      body: known.body === "none" ? described.body : known.body,
      secured: known.secured ?? described.secured,
    };
    this.#operations.set(key, merged);
    return merged;
  }

  keepOnly(wanted: (operation: Operation) => boolean): void {
    for (const [key, operation] of this.#operations) {
      if (!wanted(operation)) this.#operations.delete(key);
    }
  }

  /** A link: the query's parameters are its own operation's when the page depends on which of them there are. */
  addLink(path: string, source: Operation["source"]): Operation {
    const [plain = "/", query = ""] = split(path);
    const { template, parameters } = templateOf(plain);
    const named = new URLSearchParams(query);
    const seen = new Set<string>();
    const ofQuery: Parameter[] = [];
    for (const [name, value] of named) {
      if (name === "" || seen.has(name)) continue;
      seen.add(name);
      ofQuery.push({ name, in: "query", value, required: false });
    }
    return {
      method: "GET",
      template,
      parameters: [...parameters, ...ofQuery],
      body: "none",
      source,
      secured: null,
    };
  }

  /** Remembers what a JSON answer shows, by the names of its fields. */
  harvest(answer: Exchange): void {
    if (!/json/i.test(answer.headers["content-type"] ?? "")) return;
    try {
      this.#remember("", JSON.parse(answer.body), 0);
    } catch {
      // Not JSON after all.
    }
  }

  seen(name: string): readonly string[] {
    return [...(this.#seen.get(name.toLowerCase()) ?? [])];
  }

  reached(operation: Operation, by: string): void {
    const key = keyOf(operation);
    this.reachedBy.set(key, (this.reachedBy.get(key) ?? new Set()).add(by));
  }

  #remember(name: string, value: unknown, depth: number): void {
    if (depth > 6) return;
    if (Array.isArray(value)) {
      for (const one of value.slice(0, mostSamples)) this.#remember(name, one, depth + 1);
    } else if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(nodeOf(value)).slice(0, 100)) {
        this.#remember(key, inner, depth + 1);
      }
    } else if ((typeof value === "string" && value !== "") || typeof value === "number") {
      const text = String(value);
      const set = this.#seen.get(name.toLowerCase()) ?? new Set<string>();
      if (text.length <= 200 && set.size < mostSamples) set.add(text);
      this.#seen.set(name.toLowerCase(), set);
    }
  }

  /** The description's template wins over one that was guessed from a path. */
  describe(operation: Operation): Operation {
    if (operation.source === "openapi") return operation;
    const path = operation.parameters
      .filter((one) => one.in === "path")
      .reduce(
        (text, one) => text.replace(`{${one.name}}`, () => String(one.value)),
        operation.template,
      );
    const known = [...this.#operations.values()].find(
      (one) =>
        one.source === "openapi" && one.method === operation.method && fits(one.template, path),
    );
    if (known === undefined) return operation;
    return {
      ...operation,
      template: known.template,
      parameters: operation.parameters.filter((one) => one.in !== "path"),
    };
  }
}

/**
 * A page may do another thing for each set of parameters (`/?id=1`, `/?comment=`): each set is an operation of
 * its own, unless the API's description says what belongs together.
 */
export function shapeOf(operation: Operation): string {
  if (operation.source === "openapi") return keyOf(operation);
  const names = operation.parameters.map((one) => `${one.in}:${one.name}`).sort();
  return `${keyOf(operation)} ${names.join("&")}`;
}

/** Path and query, without a fragment. */
export function split(path: string): readonly [string, string] {
  const plain = path.replace(/#.*$/s, "");
  const at = plain.indexOf("?");
  return at === -1 ? [plain, ""] : [plain.slice(0, at), plain.slice(at + 1)];
}

/** A path parameter's values in an address that was seen. */
export function valuesIn(template: string, path: string): ReadonlyMap<string, Json> {
  const values = new Map<string, Json>();
  const parts = split(path)[0].split("/");
  template.split("/").forEach((part, index) => {
    const name = /^\{(.+)\}$/.exec(part)?.[1];
    if (name !== undefined) values.set(name, decode(parts[index] ?? ""));
  });
  return values;
}
