import { listOf, type Node, nodeOf } from "../../probing/node.ts";
import type { Json } from "../../probing/operation.ts";
import type { FuzzOperation } from "../describe/operation.ts";
import { alternatives, flatten } from "../values/combine.ts";
import { awkwardValues, hasRaw, writeJson } from "./awkward.ts";
import { type Draft, fieldsOf, isJson, write } from "./draft.ts";
import type { PlannedCase } from "./planned.ts";

type Way = readonly (string | number)[];

const mostFields = 60;
const deepest = 5;

/** Each field of a body of JSON (or of a form) with values that it should not have, left out, and twice. */
export function fieldCases(root: Node, operation: FuzzOperation): readonly PlannedCase[] {
  const media = operation.body?.media.find(
    ({ type }) => isJson(type) || /x-www-form-urlencoded/i.test(type),
  );
  if (media === undefined) return [];
  const json = isJson(media.type);
  const fields = [...fieldsIn(root, media.schema, [], 0)].slice(0, mostFields);
  const cases = fields.flatMap(({ way, schema }): readonly PlannedCase[] => {
    const place = `body.${way.map((part) => (typeof part === "number" ? "[]" : part)).join(".")}`;
    const changed = awkwardValues(schema)
      .filter(({ value }) => json || (typeof value !== "object" && !hasRaw(value)))
      .map(({ family, what, value }) =>
        bodyCase({ family, place, what }, (body) => putAt(body, way, value)),
      );
    const gone = bodyCase({ family: "structure", place, what: "left out" }, (body) =>
      removeAt(body, way),
    );
    return json ? [...changed, gone, ...twice(way, place)] : [...changed, gone];
  });
  if (!json) return cases;
  const whole = { family: "structure" as const, place: "body" };
  return [
    ...cases,
    bodyCase({ ...whole, what: "with a field that nobody declared" }, (body) => ({
      ...fieldsOf(body),
      tidelockExtra: 1,
    })),
    bodyCase({ ...whole, what: "with a field called __proto__" }, (body) =>
      own(body, "__proto__", { admin: true }),
    ),
    bodyCase({ ...whole, what: "with a field called constructor" }, (body) =>
      own(body, "constructor", { prototype: { admin: true } }),
    ),
    bodyCase({ ...whole, what: "with a field without a name" }, (body) => own(body, "", 1)),
    bodyCase({ ...whole, what: "with 3000 more fields" }, (body) => ({
      ...Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`tidelock${n}`, n])),
      ...fieldsOf(body),
    })),
  ];
}

type Head = Pick<PlannedCase, "family" | "place" | "what">;

function bodyCase(head: Head, to: (body: Json) => Json): PlannedCase {
  const change = (draft: Draft): Draft =>
    draft.media === null ? draft : { ...draft, body: to(draft.body) };
  return {
    ...head,
    change,
    request: (draft) => {
      const changed = change(draft);
      return changed.media !== null && isJson(changed.media.type)
        ? write(changed, { body: { text: writeJson(changed.body) } })
        : write(changed);
    },
    body: (draft) => change(draft).body,
  };
}

/** The same name twice in one object: which one counts differs between programs (RFC 8259, section 4). */
function twice(way: Way, place: string): readonly PlannedCase[] {
  const [name] = way;
  if (way.length !== 1 || typeof name !== "string") return [];
  return [
    {
      family: "structure",
      place,
      what: "given twice",
      request: (draft) => {
        const text = writeJson(draft.body);
        const again = `${JSON.stringify(name)}:"tidelock"}`;
        return write(draft, {
          body: {
            text: text.endsWith("}") && text !== "{}" ? `${text.slice(0, -1)},${again}` : text,
          },
        });
      },
    },
  ];
}

function* fieldsIn(
  root: Node,
  schemaOf: unknown,
  way: Way,
  depth: number,
): Generator<{ way: Way; schema: Node }> {
  const schema = alternatives(root, flatten(root, schemaOf))[0] ?? {};
  if (way.length > 0) yield { way, schema };
  if (depth >= deepest) return;
  for (const [name, inner] of Object.entries(nodeOf(schema["properties"])).slice(0, 40)) {
    if (flatten(root, inner)["readOnly"] === true) continue;
    yield* fieldsIn(root, inner, [...way, name], depth + 1);
  }
  if (schema["items"] !== undefined) yield* fieldsIn(root, schema["items"], [...way, 0], depth + 1);
}

/** A copy with another value there; what is on the way and is not there is made. */
export function putAt(body: Json, [first, ...rest]: Way, value: Json): Json {
  if (first === undefined) return value;
  if (typeof first === "number") {
    const list = listOf(body) as readonly Json[];
    return [putAt(list[0] ?? null, rest, value), ...list.slice(1)];
  }
  const object = fieldsOf(body);
  return own(
    object,
    first,
    putAt(Object.hasOwn(object, first) ? (object[first] ?? null) : null, rest, value),
  );
}

function removeAt(body: Json, [first, ...rest]: Way): Json {
  if (typeof first === "number") {
    const list = listOf(body) as readonly Json[];
    return rest.length === 0
      ? list.slice(1)
      : list.length === 0
        ? []
        : [removeAt(list[0] ?? null, rest), ...list.slice(1)];
  }
  const object = fieldsOf(body);
  if (first === undefined || !Object.hasOwn(object, first)) return body;
  if (rest.length > 0) return own(object, first, removeAt(object[first] ?? null, rest));
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== first));
}

/** An own property, whatever it is called. */
function own(body: Json, name: string, value: Json): Json {
  return Object.fromEntries([
    ...Object.entries(fieldsOf(body)).filter(([key]) => key !== name),
    [name, value],
  ]);
}
