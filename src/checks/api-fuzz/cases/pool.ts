import type { Json } from "../../probing/operation.ts";
import type { FuzzOperation } from "../describe/operation.ts";
import type { Step } from "../reproduce/reproduction.ts";
import { listOf, nodeOf } from "../../probing/node.ts";

/** A value that the service showed, and how to make it show one again. */
export interface Known {
  /** What its placeholder is called. */
  readonly name: string;
  readonly value: Json;
  /** The last one takes it; none when it takes too many. */
  readonly steps: readonly Step[];
}

interface Field {
  readonly name: string;
  readonly value: string | number;
  /** Where it stands in the answer; null when it was in the request. */
  readonly from: readonly (string | number)[] | null;
}

interface Shown {
  readonly template: string;
  readonly creates: boolean;
  readonly fields: readonly Field[];
  readonly steps: readonly Step[];
}

const mostShown = 30;
const mostSteps = 6;
const mostFields = 200;

/** What answers showed: ids that later requests of a sequence need. */
export class Pool {
  readonly #shown = new Map<string, Shown[]>();
  readonly #gone = new Set<string>();
  /** The same value of the same request keeps its name, so that a request can be told from another one. */
  readonly #names = new Map<string, Known>();

  /** Of an answer below 300. `steps` are all that led to it, the request itself last. */
  learn(
    operation: FuzzOperation,
    steps: readonly Step[],
    sent: Json,
    answer: unknown,
    location?: string,
  ): void {
    const fields = [...fieldsOf(answer)];
    const last = location?.split(/[?#]/)[0]?.split("/").filter(Boolean).at(-1);
    if (last !== undefined) fields.push({ name: "id", value: last, from: null });
    const creates = operation.method === "POST" || operation.method === "PUT";
    if (creates) fields.push(...[...fieldsOf(sent)].map((field) => ({ ...field, from: null })));
    if (fields.length === 0) return;
    const list = this.#shown.get(operation.key) ?? [];
    list.unshift({
      template: operation.template,
      creates,
      fields: fields.slice(0, mostFields),
      steps,
    });
    this.#shown.set(operation.key, list.slice(0, mostShown));
  }

  /** Something that what was made before it can be reached by: `/items/{id}` after `POST /items`. */
  forPath(operation: FuzzOperation, parameter: string): Known | undefined {
    const prefix = operation.template.split(`/{${parameter}}`)[0] ?? "";
    const noun = singular(
      prefix
        .split("/")
        .filter((part) => !part.startsWith("{"))
        .at(-1) ?? "",
    );
    const all = [...this.#shown.values()].flat();
    const near = all.filter(
      ({ template }) => template === prefix || template.startsWith(`${prefix}/{`),
    );
    const made = near.filter(({ creates }) => creates);
    for (const list of [made, near, all]) {
      for (const shown of list) {
        const field = this.#pick(shown, parameter, noun, list !== all);
        if (field !== undefined) return this.#known(shown, field);
      }
    }
    return undefined;
  }

  /** For `userId` of a body, the `id` that `/users` showed. */
  forField(name: string): Known | undefined {
    const noun = /^(.{2,60}?)_?(id|uuid)$/i.exec(name)?.[1]?.toLowerCase();
    if (noun === undefined) return undefined;
    for (const shown of [...this.#shown.values()].flat()) {
      const last =
        shown.template
          .split("/")
          .filter((part) => !part.startsWith("{"))
          .at(-1) ?? "";
      if (singular(last).toLowerCase() !== noun) continue;
      const field = this.#pick(shown, "id", noun, true);
      if (field !== undefined) return this.#known(shown, field);
    }
    return undefined;
  }

  /** After the service was started again: what it kept in memory is gone. */
  clear(): void {
    this.#shown.clear();
  }

  /** After it was deleted. */
  forget(value: Json): void {
    this.#gone.add(JSON.stringify(value));
  }

  #pick(shown: Shown, parameter: string, noun: string, near: boolean): Field | undefined {
    const there = shown.fields.filter(({ value }) => !this.#gone.has(JSON.stringify(value)));
    const wanted = plain(parameter);
    const exact = there.find(({ name }) => plain(name) === wanted);
    if (exact !== undefined && (near || wanted !== "id")) return exact;
    if (!near) return undefined;
    const also = [`${plain(noun)}id`, "id", "uuid", `${plain(noun)}name`, `${plain(noun)}title`];
    const isId = /(^|_|-)(id|uuid|key)$|[a-z]Id$/.test(parameter) || wanted === plain(noun);
    return isId
      ? also
          .map((name) => there.find((field) => plain(field.name) === name))
          .find((one) => one !== undefined)
      : undefined;
  }

  #known({ steps }: Shown, { value, from }: Field): Known {
    const key = JSON.stringify([steps, value, from]);
    const before = this.#names.get(key);
    if (before !== undefined) return before;
    const name = `v${this.#names.size}`;
    const known: Known = {
      name,
      value,
      steps: steps.length > mostSteps ? [] : takingFrom(steps, name, value, from),
    };
    this.#names.set(key, known);
    return known;
  }
}

function takingFrom(
  steps: readonly Step[],
  name: string,
  value: Json,
  from: Field["from"],
): readonly Step[] {
  const last = steps.at(-1);
  if (last === undefined) return [];
  const take = { name, from: from === null ? null : [...from], otherwise: value as never };
  return [...steps.slice(0, -1), { ...last, take }];
}

/** Scalars by the names of their fields, the outermost first. */
function* fieldsOf(value: unknown): Generator<Field> {
  const queue: { name: string; value: unknown; from: (string | number)[] }[] = [
    { name: "", value, from: [] },
  ];
  for (let at = 0; at < queue.length && at < 1_000; at += 1) {
    const one = queue[at];
    if (one === undefined) return;
    const { name, from } = one;
    if (typeof one.value === "string" || typeof one.value === "number") {
      if (name !== "" && one.value !== "" && String(one.value).length <= 200)
        yield { name, value: one.value, from };
    } else if (Array.isArray(one.value)) {
      for (const [index, inner] of listOf(one.value).slice(0, 5).entries())
        queue.push({ name, value: inner, from: [...from, index] });
    } else if (from.length < 6) {
      for (const [key, inner] of Object.entries(nodeOf(one.value)).slice(0, 60))
        queue.push({ name: key, value: inner, from: [...from, key] });
    }
  }
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, "");
}

function singular(noun: string): string {
  return noun
    .replace(/ies$/i, "y")
    .replace(/(ss|x|ch|sh)es$/i, "$1")
    .replace(/([^s])s$/i, "$1");
}
