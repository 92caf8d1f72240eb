/** JSON as it goes into a body. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

export type ParameterPlace = "query" | "path" | "form" | "json" | "header" | "cookie" | "xml";

export interface Parameter {
  /** In a JSON body the way to the field: `user.email`. */
  readonly name: string;
  readonly in: ParameterPlace;
  /** A value with which the operation works, as far as we know. */
  readonly value: Json;
  readonly required: boolean;
  /** What the API's description says that it is, or what the form calls it. */
  readonly type?: string;
}

export type BodyKind = "none" | "form" | "json" | "xml";
export type Source = "openapi" | "link" | "form" | "script" | "start";

/** One thing that can be asked of the service: the unit of the scan. */
export interface Operation {
  readonly method: string;
  /** `/items/{id}`. */
  readonly template: string;
  readonly parameters: readonly Parameter[];
  readonly body: BodyKind;
  readonly source: Source;
  /** Null where nothing is declared. */
  readonly secured: boolean | null;
}

/** `GET /items/{id}`: how an operation is called in reports, budgets and seeds. */
export function keyOf({ method, template }: Pick<Operation, "method" | "template">): string {
  return `${method} ${template}`;
}

/** A request before it has a session. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A body that is no text, in base64; then there is no `body`. */
  readonly base64?: string;
}

/** A parameter with another value, another name, or left out (`value: undefined`). */
export interface Change {
  readonly parameter: Pick<Parameter, "name" | "in">;
  readonly value: Json | undefined;
  readonly rename?: string;
}

/** Puts an operation's sample values and the changes together. */
export function buildRequest(operation: Operation, changes: readonly Change[] = []): RawRequest {
  const changeOf = (parameter: Pick<Parameter, "name" | "in">) =>
    changes.find(
      (one) => one.parameter.name === parameter.name && one.parameter.in === parameter.in,
    );
  const added = changes
    .filter(
      ({ parameter }) =>
        !operation.parameters.some((one) => one.name === parameter.name && one.in === parameter.in),
    )
    .map(({ parameter }) => ({ ...parameter, value: null, required: false }));
  const values = [...operation.parameters, ...added].flatMap((parameter) => {
    const change = changeOf(parameter);
    const value = change === undefined ? parameter.value : change.value;
    if (value === undefined) return [];
    return [
      { in: parameter.in, name: change?.rename ?? parameter.name, own: parameter.name, value },
    ];
  });
  const of = (place: ParameterPlace) => values.filter((one) => one.in === place);

  const filled = of("path").reduce(
    (path, { own, value }) => path.replaceAll(`{${own}}`, () => encode(textOf(value))),
    operation.template,
  );
  const query = of("query").map(pair).join("&");
  const headers: Record<string, string> = {};
  for (const { name, value } of of("header")) headers[name.toLowerCase()] = headerText(value);
  const cookies = of("cookie").map(({ name, value }) => `${name}=${encode(textOf(value))}`);
  if (cookies.length > 0) headers["cookie"] = cookies.join("; ");
  const body = bodyOf(operation.body, of);
  if (body !== undefined) headers["content-type"] ??= contentTypes[operation.body];
  return {
    method: operation.method,
    path: filled + (query === "" ? "" : `?${query}`),
    headers,
    ...(body === undefined ? {} : { body }),
  };
}

const contentTypes: Readonly<Record<BodyKind, string>> = {
  none: "text/plain",
  form: "application/x-www-form-urlencoded",
  json: "application/json",
  xml: "application/xml",
};

type Value = { readonly name: string; readonly value: Json };

function bodyOf(
  kind: BodyKind,
  of: (place: ParameterPlace) => readonly Value[],
): string | undefined {
  if (kind === "form") return of("form").map(pair).join("&");
  if (kind === "xml") return textOf(of("xml")[0]?.value ?? "<root/>");
  if (kind === "json") {
    const whole: Record<string, Json> = {};
    for (const { name, value } of of("json")) put(whole, name.split("."), value);
    return JSON.stringify(whole);
  }
  return undefined;
}

function put(
  into: Record<string, Json>,
  [key = "", ...rest]: readonly string[],
  value: Json,
): void {
  // An own property, whatever a hostile description calls it.
  const define = (to: Json) =>
    Object.defineProperty(into, key, {
      value: to,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  if (rest.length === 0) {
    define(value);
    return;
  }
  const inner = Object.hasOwn(into, key) ? into[key] : undefined;
  const next =
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? { ...(inner as Record<string, Json>) }
      : {};
  put(next, rest, value);
  define(next);
}

function pair({ name, value }: Value): string {
  return `${encode(name)}=${encode(textOf(value))}`;
}

/** Percent-encodes whatever is not plain; lone surrogates would throw. */
export function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll("'", "%27");
}

export function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function headerText(value: Json): string {
  return textOf(value).replace(/[^\t\x20-\x7e]/g, (character) => encode(character));
}

/** The replay of a finding: a line for a shell, with every word quoted and no session in it. */
export function curlLine(origin: string, request: RawRequest, session: string | null): string {
  const words = ["curl", "--path-as-is", "-sS", "-i", "-X", request.method];
  for (const [name, value] of Object.entries(request.headers)) {
    if (/^(cookie|authorization)$/i.test(name)) continue;
    words.push("-H", `${name}: ${value}`);
  }
  if (session !== null) words.push("-H", `<session of ${session}>`);
  if (request.body !== undefined) words.push("--data-raw", request.body);
  if (request.base64 !== undefined) words.push("--data-binary", "@-");
  words.push(`${origin}${request.path}`);
  const line = words.map(quote).join(" ");
  return request.base64 === undefined
    ? line
    : `printf %s ${quote(request.base64)} | base64 -d | ${line}`;
}

function quote(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  // Control characters as $'\x..' so that the line stays one line.
  // oxlint-disable-next-line no-control-regex
  if (/[\x00-\x1f\x7f-\x9f]/.test(word)) {
    const inside = word.replace(
      // oxlint-disable-next-line no-control-regex
      /[\x00-\x1f\x7f-\x9f\\']/g,
      (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
    );
    return `$'${inside}'`;
  }
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
