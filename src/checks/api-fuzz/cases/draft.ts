import type { Node } from "../../probing/node.ts";
import { encode, type Json, type RawRequest, textOf } from "../../probing/operation.ts";
import type { Random } from "../../probing/random.ts";
import type { FuzzBody, FuzzOperation, FuzzParameter } from "../describe/operation.ts";
import { placeholder } from "../reproduce/reproduction.ts";
import { type Manner, validValue } from "../values/valid.ts";
import { multipart } from "./multipart.ts";
import type { Known, Pool } from "./pool.ts";

/** A request before it is written: a right value for everything, to be changed in one place or more. */
export interface Draft {
  readonly operation: FuzzOperation;
  readonly parameters: readonly { readonly parameter: FuzzParameter; readonly value: Json }[];
  readonly media: FuzzBody["media"][number] | null;
  readonly body: Json;
  /** What of earlier answers stands in it, as placeholders. */
  readonly uses: readonly Known[];
}

export function draftOf(
  operation: FuzzOperation,
  making: {
    readonly root: Node;
    readonly random: Random;
    readonly manner: Manner;
    readonly pool: Pool;
  },
): Draft {
  const { root, random, manner, pool } = making;
  const uses: Known[] = [];
  const use = (known: Known): Json => {
    if (!uses.includes(known)) uses.push(known);
    return placeholder(known.name);
  };
  const parameters = operation.parameters.flatMap((parameter) => {
    if (
      !parameter.required &&
      (manner === "least" || (manner === "random" && random.number(2) === 0))
    )
      return [];
    const known = parameter.in === "path" ? pool.forPath(operation, parameter.name) : undefined;
    if (known !== undefined) return [{ parameter, value: use(known) }];
    const value =
      manner === "sample" && parameter.example !== undefined
        ? parameter.example
        : validValue({ root, random, manner }, parameter.schema, parameter.name);
    return [{ parameter, value }];
  });
  const known = (name: string) => {
    const one = pool.forField(name);
    return one === undefined ? undefined : { value: one.value, use: () => use(one) };
  };
  const media = operation.body === null ? null : mediaOf(operation.body, manner, random);
  const whole = media === null ? null : bodyValue(media, { root, random, manner, known });
  return { operation, parameters, media, body: whole, uses };
}

function bodyValue(
  media: FuzzBody["media"][number],
  making: Parameters<typeof validValue>[0],
): Json {
  if (making.manner === "sample" && media.example !== undefined) return media.example;
  return validValue(making, media.schema, "body");
}

/** JSON where there is a choice: most can be said in it. */
function mediaOf(body: FuzzBody, manner: Manner, random: Random): FuzzBody["media"][number] | null {
  if (!body.required && manner === "least") return null;
  const json = body.media.find(({ type }) => isJson(type));
  return (manner === "random" ? random.pick(body.media) : json) ?? body.media[0] ?? null;
}

export function isJson(type: string): boolean {
  return /[/+]json\b/i.test(type);
}

/** How a draft is written differently from what its values say. */
export interface Writing {
  readonly body?: { readonly text: string } | { readonly base64: string } | null;
  /** Null: none at all. */
  readonly type?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly path?: (path: string) => string;
  /** Goes into the query as it is. */
  readonly query?: string;
}

export function write(draft: Draft, writing: Writing = {}): RawRequest {
  const { operation, parameters, media } = draft;
  const at = (place: FuzzParameter["in"]) =>
    parameters.filter(({ parameter }) => parameter.in === place);
  const filled = at("path").reduce(
    (path, { parameter, value }) => path.replaceAll(`{${parameter.name}}`, () => pathText(value)),
    operation.template,
  );
  const query = at("query").flatMap(({ parameter, value }) => queryPairs(parameter.name, value));
  if (writing.query !== undefined) query.push(writing.query);
  const headers: Record<string, string> = {};
  for (const { parameter, value } of at("header"))
    headers[parameter.name.toLowerCase()] = headerText(value);
  const cookies = at("cookie").map(
    ({ parameter, value }) => `${parameter.name}=${encode(textOf(value))}`,
  );
  if (cookies.length > 0) headers["cookie"] = cookies.join("; ");
  const sent = writing.body === undefined ? bodyOf(draft) : { ...writing.body, type: media?.type };
  const type = writing.type === undefined ? sent?.type : (writing.type ?? undefined);
  if (sent !== null && type !== undefined) headers["content-type"] = type;
  const path = filled + (query.length === 0 ? "" : `?${query.join("&")}`);
  return {
    method: writing.method ?? operation.method,
    path: writing.path === undefined ? path : writing.path(path),
    headers: { ...headers, ...writing.headers },
    ...(sent !== null && "text" in sent ? { body: sent.text } : {}),
    ...(sent !== null && "base64" in sent ? { base64: sent.base64 } : {}),
  };
}

type Body = ({ text: string } | { base64: string }) & { type: string };

function bodyOf({ media, body }: Draft): Body | null {
  if (media === null) return null;
  const { type } = media;
  if (isJson(type) || type === "*/*")
    return { text: JSON.stringify(body), type: type === "*/*" ? "application/json" : type };
  if (/x-www-form-urlencoded/i.test(type)) return { text: pairsOf(body).join("&"), type };
  if (/multipart\//i.test(type)) return multipart(fieldsOf(body), media.schema);
  if (/xml/i.test(type)) return { text: `<?xml version="1.0"?>${xml("root", body)}`, type };
  return { text: textOf(body), type };
}

export function fieldsOf(body: Json): Readonly<Record<string, Json>> {
  return typeof body === "object" && body !== null && !Array.isArray(body)
    ? (body as Record<string, Json>)
    : {};
}

function pairsOf(body: Json): readonly string[] {
  return Object.entries(fieldsOf(body)).flatMap(([name, value]) => queryPairs(name, value));
}

function queryPairs(name: string, value: Json): readonly string[] {
  const all: readonly Json[] = Array.isArray(value) ? value : [value];
  return all.map((one) => `${encode(name)}=${pathText(one)}`);
}

/** A placeholder stays one: what takes its place is encoded then. */
function pathText(value: Json): string {
  const text = textOf(value);
  return /^\{\{tidelock:\w+\}\}$/.test(text) ? text : encode(text);
}

function headerText(value: Json): string {
  return textOf(value).replace(/[^\t\x20-\x7e]/g, (character) => encode(character));
}

function xml(name: string, value: Json): string {
  const tag = /^[A-Za-z_][\w.-]*$/.test(name) ? name : "field";
  if (Array.isArray(value)) return value.map((one: Json) => xml(tag, one)).join("");
  const inner =
    typeof value === "object" && value !== null
      ? Object.entries(value as Record<string, Json>)
          .map(([key, one]) => xml(key, one))
          .join("")
      : textOf(value).replace(/[&<>]/g, (one) => `&#${one.charCodeAt(0)};`);
  return `<${tag}>${inner}</${tag}>`;
}
