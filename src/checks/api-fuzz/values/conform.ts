import { isDeepStrictEqual } from "node:util";
import { follow, listOf, type Node, nodeOf } from "../../probing/node.ts";
import { isPattern, safeMatch } from "../../safe-match.ts";
import { boundsOf, numberOf, typesOf } from "./combine.ts";

/** Enough for a page of a large answer; what is beyond is taken for right. */
const mostSteps = 20_000;
const mostPatterns = 20;
/** One answer holds up everything else for so long, whatever its description says. Milliseconds. */
const mostMs = 250;
/** Patterns of one description are tried for so long altogether: they may take exponential time. Milliseconds. */
const mostPatternMs = 2_000;
const patternMs = 50;
/** A try that takes no longer costs nothing. Milliseconds. */
const freeMs = 5;
const spentOn = new WeakMap<Node, number>();

/**
 * What of a value its schema does not allow, as `field: reason`; null when nothing is wrong, or it cannot be told.
 * Errs on the side of allowing: formats, and keywords that are not known, are not judged.
 *
 * @param writing whether the value is sent (fields for reading only do not count as missing)
 */
export function violation(
  root: Node,
  schema: unknown,
  value: unknown,
  writing = false,
): string | null {
  return new Judge(root, writing).judge(schema, value, "", 0);
}

class Judge {
  readonly #root: Node;
  readonly #writing: boolean;
  #steps = 0;
  #patterns = 0;
  readonly #ends = performance.now() + mostMs;

  constructor(root: Node, writing: boolean) {
    this.#root = root;
    this.#writing = writing;
  }

  judge(raw: unknown, value: unknown, at: string, depth: number): string | null {
    if ((this.#steps += 1) > mostSteps || depth > 40 || raw === undefined || raw === true)
      return null;
    if (performance.now() > this.#ends) return null;
    if (raw === false) return `${at || "it"}: nothing is allowed here`;
    const schema = nodeOf(follow(this.#root, raw));
    const wrong =
      this.#type(schema, value, at) ??
      this.#fixed(schema, value, at) ??
      this.#combined(schema, value, at, depth);
    if (wrong !== null || value === null) return wrong;
    if (typeof value === "string") return this.#text(schema, value, at);
    if (typeof value === "number") return this.#number(schema, value, at);
    if (Array.isArray(value)) return this.#list(schema, value, at, depth);
    return typeof value === "object" ? this.#object(schema, nodeOf(value), at, depth) : null;
  }

  #type(schema: Node, value: unknown, at: string): string | null {
    const said = schema["type"] === undefined ? null : typesOf(schema);
    if (said === null || said.length === 0) return null;
    const is = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
    const fits = said.some(
      (type) => type === is || (type === "integer" && Number.isInteger(value)),
    );
    return fits || (is === "string" && said.includes("file"))
      ? null
      : `${at || "it"}: is ${is}, not ${said.join(" or ")}`;
  }

  #fixed(schema: Node, value: unknown, at: string): string | null {
    const choices = listOf(schema["enum"]);
    if (choices.length > 0 && !choices.some((one) => isDeepStrictEqual(one, value))) {
      return value === null && schema["nullable"] === true
        ? null
        : `${at || "it"}: is none of its enum`;
    }
    return schema["const"] !== undefined && !isDeepStrictEqual(schema["const"], value)
      ? `${at || "it"}: is not its const`
      : null;
  }

  #combined(schema: Node, value: unknown, at: string, depth: number): string | null {
    for (const part of listOf(schema["allOf"])) {
      const wrong = this.judge(part, value, at, depth + 1);
      if (wrong !== null) return wrong;
    }
    if (value === null && schema["nullable"] === true) return null;
    for (const name of ["oneOf", "anyOf"]) {
      const list = listOf(schema[name]);
      if (list.length > 0 && !list.some((one) => this.judge(one, value, at, depth + 1) === null)) {
        return `${at || "it"}: fits none of its ${name}`;
      }
    }
    return null;
  }

  #text(schema: Node, value: string, at: string): string | null {
    const [least, most] = [numberOf(schema["minLength"]), numberOf(schema["maxLength"])];
    const length = Array.from(value.slice(0, 100_000)).length;
    if (least !== null && length < least) return `${at || "it"}: is shorter than ${least}`;
    if (most !== null && length > most) return `${at || "it"}: is longer than ${most}`;
    const pattern = schema["pattern"];
    if (typeof pattern !== "string" || !isPattern(pattern)) return null;
    if ((this.#patterns += 1) > mostPatterns) return null;
    const spent = spentOn.get(this.#root) ?? 0;
    if (spent > mostPatternMs) return null;
    const began = performance.now();
    const result = safeMatch(pattern, value, patternMs);
    spentOn.set(this.#root, spent + Math.max(0, performance.now() - began - freeMs));
    return result === "no-match" ? `${at || "it"}: does not match its pattern` : null;
  }

  #number(schema: Node, value: number, at: string): string | null {
    const [plainLeast, plainMost] = [numberOf(schema["minimum"]), numberOf(schema["maximum"])];
    if (plainLeast !== null && value < plainLeast) return `${at || "it"}: is below ${plainLeast}`;
    if (plainMost !== null && value > plainMost) return `${at || "it"}: is above ${plainMost}`;
    if (!Number.isInteger(value)) return null;
    const { least, most } = boundsOf({ ...schema, type: "integer" });
    if (least !== null && value < least) return `${at || "it"}: is below ${least}`;
    return most !== null && value > most ? `${at || "it"}: is above ${most}` : null;
  }

  #list(schema: Node, value: readonly unknown[], at: string, depth: number): string | null {
    const [least, most] = [numberOf(schema["minItems"]), numberOf(schema["maxItems"])];
    if (least !== null && value.length < least)
      return `${at || "it"}: has fewer than ${least} items`;
    if (most !== null && value.length > most) return `${at || "it"}: has more than ${most} items`;
    for (const [index, one] of value.slice(0, 1_000).entries()) {
      const wrong = this.judge(schema["items"], one, `${at}[${index}]`, depth + 1);
      if (wrong !== null) return wrong;
    }
    return null;
  }

  #object(schema: Node, value: Node, at: string, depth: number): string | null {
    const properties = nodeOf(schema["properties"]);
    const only = this.#writing ? "readOnly" : "writeOnly";
    for (const name of listOf(schema["required"])) {
      if (typeof name !== "string" || Object.hasOwn(value, name)) continue;
      const property = Object.hasOwn(properties, name)
        ? nodeOf(follow(this.#root, properties[name]))
        : {};
      if (property[only] !== true) return `${at || "it"}: has no ${name}`;
    }
    for (const [name, inner] of Object.entries(value)) {
      const where = at === "" ? name : `${at}.${name}`;
      if (Object.hasOwn(properties, name)) {
        const wrong = this.judge(properties[name], inner, where, depth + 1);
        if (wrong !== null) return wrong;
        continue;
      }
      if (schema["patternProperties"] !== undefined) continue;
      const extra = schema["additionalProperties"];
      if (extra === false && schema["allOf"] === undefined) return `${where}: is not declared`;
      const wrong = typeof extra === "object" ? this.judge(extra, inner, where, depth + 1) : null;
      if (wrong !== null) return wrong;
    }
    return null;
  }
}
