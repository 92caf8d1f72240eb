import { encode } from "../../probing/operation.ts";
import type { Step } from "./reproduction.ts";

/** The place that must stay changed, and the names that must stay there. */
export interface Keeping {
  /** `body`, `query`, `path` … */
  readonly part: string;
  readonly field: string;
  readonly required: ReadonlySet<string>;
}

/**
 * Makes the last step of an example smaller as long as it shows the same: greedily, largest cuts first, within a
 * number of tries. Deterministic: the same answers lead to the same example.
 */
export async function shrink(
  steps: readonly Step[],
  most: number,
  keeping: Keeping | null,
  shows: (steps: readonly Step[]) => Promise<boolean>,
): Promise<readonly Step[]> {
  let best = steps;
  let tries = 0;
  for (let again = true; again && tries < most;) {
    again = false;
    const last = best.at(-1);
    if (last === undefined) return best;
    for (const smaller of keeping === null ? candidates(last) : careful(last, keeping)) {
      if (tries >= most) break;
      if (sizeOf(smaller) >= sizeOf(last)) continue;
      tries += 1;
      const changed = [...best.slice(0, -1), smaller];
      if (!(await shows(changed))) continue;
      best = changed;
      again = true;
      break;
    }
  }
  return best;
}

function sizeOf({ path, headers, body, base64 }: Step): number {
  return JSON.stringify([path, headers, body, base64]).length;
}

function* candidates(step: Step): Generator<Step> {
  yield* withoutBody(step);
  yield* smallerJson(step);
  yield* smallerText(step);
  yield* withoutQuery(step);
  yield* shorterQuery(step, null);
  yield* withoutHeaders(step);
}

/** Only what was changed gets smaller, and only what nobody needs is left out: another flaw must not slip in. */
function* careful(step: Step, keeping: Keeping): Generator<Step> {
  const free = (name: string) => name !== keeping.field && !keeping.required.has(name);
  const value = jsonOf(step);
  if (value !== null) {
    const names = Object.keys(value);
    const write = (changed: object): Step => ({ ...step, body: JSON.stringify(changed) });
    for (const name of names.filter(free)) {
      yield write(Object.fromEntries(Object.entries(value).filter(([other]) => other !== name)));
    }
    if (keeping.part === "body" && Object.hasOwn(value, keeping.field)) {
      for (const smaller of smallerValues(value[keeping.field], 0)) {
        yield write(
          Object.fromEntries(
            Object.entries(value).map(([key, old]) => [key, key === keeping.field ? smaller : old]),
          ),
        );
      }
    }
  }
  yield* withoutQuery(step, free);
  if (keeping.part === "query") yield* shorterQuery(step, keeping.field);
  if (keeping.part !== "header" && keeping.part !== "cookie") yield* withoutHeaders(step);
}

function jsonOf({ body }: Step): Readonly<Record<string, unknown>> | null {
  if (body === undefined || body.length > 200_000) return null;
  try {
    const value: unknown = JSON.parse(body);
    const plain = typeof value === "object" && value !== null && !Array.isArray(value);
    // Writing it again would repair what only looks like JSON: numbers beyond all bounds, names that stand twice.
    return plain && JSON.stringify(value) === body ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function* withoutBody(step: Step): Generator<Step> {
  if (step.body === undefined && step.base64 === undefined) return;
  const { body: _body, base64: _base64, ...rest } = step;
  yield rest;
}

/** Fields left out, lists and texts cut; the rest as it is. */
function* smallerJson(step: Step): Generator<Step> {
  if (step.body === undefined || step.body.length > 200_000) return;
  let value: unknown;
  try {
    value = JSON.parse(step.body);
  } catch {
    return;
  }
  // Writing it again would repair what only looks like JSON: numbers beyond all bounds, names that stand twice.
  if (JSON.stringify(value) !== step.body) return;
  for (const smaller of smallerValues(value, 0)) yield { ...step, body: JSON.stringify(smaller) };
}

function* smallerValues(value: unknown, depth: number): Generator {
  if (depth > 8) return;
  if (typeof value === "string") {
    if (value.length > 1) yield value.slice(0, Math.floor(value.length / 2));
    return;
  }
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value;
    if (list.length > 1) yield list.slice(0, Math.floor(list.length / 2));
    if (list.length > 0) yield list.slice(1);
    for (const [index, inner] of list.slice(0, 5).entries()) {
      for (const smaller of smallerValues(inner, depth + 1)) yield list.with(index, smaller);
    }
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const entries = Object.entries(value);
  if (entries.length > 3) {
    const half = Math.floor(entries.length / 2);
    yield Object.fromEntries(entries.slice(half));
    yield Object.fromEntries(entries.slice(0, half));
  }
  for (const [name] of entries.slice(0, 40))
    yield Object.fromEntries(entries.filter(([other]) => other !== name));
  for (const [name, inner] of entries.slice(0, 40)) {
    for (const smaller of smallerValues(inner, depth + 1)) {
      yield Object.fromEntries(entries.map(([key, old]) => [key, key === name ? smaller : old]));
    }
  }
}

function* smallerText(step: Step): Generator<Step> {
  if (step.base64 !== undefined) {
    const bytes = Buffer.from(step.base64, "base64");
    for (const part of halves(bytes.length))
      yield { ...step, base64: bytes.subarray(...part).toString("base64") };
  } else if (step.body !== undefined && step.body.length > 1) {
    for (const part of halves(step.body.length)) yield { ...step, body: step.body.slice(...part) };
  }
}

function halves(length: number): readonly (readonly [number, number])[] {
  const half = Math.floor(length / 2);
  return length < 2
    ? []
    : [
        [0, half],
        [half, length],
        [0, length - 1],
      ];
}

function* withoutQuery(step: Step, free: (name: string) => boolean = () => true): Generator<Step> {
  const [path = "", query] = step.path.split("?");
  if (query === undefined) return;
  const pairs = query.split("&");
  const to = (left: readonly string[]): Step => ({
    ...step,
    path: left.length === 0 ? path : `${path}?${left.join("&")}`,
  });
  const kept = pairs.filter((pair) => !free(decode(pair.split("=")[0] ?? "") ?? ""));
  yield to(kept);
  if (kept.length === 0 && pairs.length > 20)
    yield to(pairs.slice(0, Math.floor(pairs.length / 2)));
  for (const [index, pair] of pairs.slice(0, 20).entries()) {
    if (!kept.includes(pair)) yield to(pairs.toSpliced(index, 1));
  }
}

function* shorterQuery(step: Step, field: string | null): Generator<Step> {
  const [path = "", query] = step.path.split("?");
  if (query === undefined) return;
  const pairs = query.split("&");
  for (const [index, pair] of pairs.slice(0, 20).entries()) {
    const [name = "", value = ""] = pair.split("=");
    const plain = decode(value);
    if (plain === null || plain.length < 2 || (field !== null && decode(name) !== field)) continue;
    const half = encode(plain.slice(0, Math.ceil(plain.length / 2)));
    yield { ...step, path: `${path}?${pairs.with(index, `${name}=${half}`).join("&")}` };
  }
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function* withoutHeaders(step: Step): Generator<Step> {
  for (const name of Object.keys(step.headers)) {
    if (name === "content-type") continue;
    yield {
      ...step,
      headers: Object.fromEntries(Object.entries(step.headers).filter(([other]) => other !== name)),
    };
  }
}
