import { type Binding, child, children, isCall, keyOf, type Node, stringOf } from "./ast.ts";
import type { Taint } from "./taint.ts";
import { calleeOf } from "./modules.ts";

type Parameter = NonNullable<Binding["parameter"]>;

/** Properties and methods of a request (Express, Fastify, Koa, Next, node:http) that its sender fills. */
const fields = new Set(
  "query body params headers header cookies signedCookies url originalUrl path param get files file hostname host subdomains rawHeaders rawBody json text formData nextUrl searchParams fields payload queryStringParameters pathParameters multiValueQueryStringParameters referrer".split(
    " ",
  ),
);
/** What of them may be an object although a string is expected. */
const structured = new Set(["body", "query", "json", "payload", "fields", "cookies"]);

const requestNames = /^_?(?:req|request)$/;
const responseNames = /^_?(?:res|resp|response|reply)$/;
const contextNames = /^(?:ctx|context|c|event)$/;

/** `req.query.name`, `ctx.request.body`, `({ body }, res) => …`: what a request brings along. */
export function requestSource(
  name: string,
  parameter: Parameter | null,
  path: readonly string[],
): Taint | null {
  const [first = "", second = ""] = path;
  if (isRequest(name, parameter)) return fields.has(first) ? taint(`req.${first}`, first) : null;
  if (!contextNames.test(name) || parameter?.index !== 0) return null;
  if (/^(?:request|req)$/.test(first) && fields.has(second)) {
    return taint(`${name}.${first}.${second}`, second);
  }
  const direct =
    name === "event"
      ? /^(?:body|queryStringParameters|pathParameters|multiValueQueryStringParameters)$/
      : /^(?:query|params|headers|header|url|originalUrl|path|querystring|host)$/;
  return direct.test(first) && name !== "c" ? taint(`${name}.${first}`, first) : null;
}

function isRequest(name: string, parameter: Parameter | null): boolean {
  if (requestNames.test(name) && (parameter === null || parameter.path.length === 0)) return true;
  if (parameter === null) return false;
  const names = children(parameter.of, "params").map((one) =>
    one.type === "AssignmentPattern" ? keyOf(child(one, "left")) : keyOf(one),
  );
  const next = names[parameter.index + 1] ?? "";
  const given = names[parameter.index] ?? "";
  return responseNames.test(next) || requestNames.test(given);
}

/** `socket.on("message", (data) => …)`: what the other side of a socket says. */
export function socketParameter(parameter: Parameter): Taint | null {
  const place = parameter.of.parent;
  if (!isCall(place) || !children(place, "arguments").includes(parameter.of)) return null;
  const { object, name } = calleeOf(place);
  const event = stringOf(children(place, "arguments")[0]);
  if (name !== "on" && name !== "addEventListener") return null;
  const speaker = object?.type === "Identifier" ? keyOf(object) : "";
  if (/^(?:ws|socket|sock|conn|connection|client|websocket)$/i.test(speaker)) {
    const quiet = /^(?:connect|connection|close|end|error|open|drain|timeout|disconnect)$/;
    return event === null || quiet.test(event) ? null : taint(`${speaker}.on("${event}")`, "body");
  }
  // window.addEventListener("message", …)
  return event === "message" && /^(?:window|self)?$/.test(speaker)
    ? { origin: "browser", source: "message event", structured: true, safeFor: [] }
    : null;
}

/** What exists without a declaration: the browser's address, the program's arguments and environment. */
export function globalSource(name: string, path: readonly string[]): Taint | null {
  const whole = [name, ...path].join(".").replace(/^window\.|^self\.|^globalThis\./, "");
  if (
    /^(?:document\.)?location\.(?:search|hash|href|pathname)\b/.test(whole) ||
    /^document\.(?:URL|documentURI|referrer|baseURI)\b/.test(whole) ||
    whole === "window.name"
  ) {
    return {
      origin: "browser",
      source: whole.split(".").slice(0, 3).join("."),
      structured: false,
      safeFor: [],
    };
  }
  if (/^process\.(?:argv|env)\b/.test(whole)) {
    const source = whole.split(".").slice(0, 2).join(".");
    return { origin: "start", source, structured: false, safeFor: [] };
  }
  return null;
}

function taint(source: string, field: string): Taint {
  return { origin: "request", source, structured: structured.has(field), safeFor: [] };
}

export function isResponse(node: Node | null): boolean {
  return node?.type === "Identifier" && responseNames.test(String(node["name"]));
}
