import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { description } from "./planted-description.ts";

/** Flaws that are planted one by one; without any of them the service does what its description says. */
export const bugs = {
  "name-null": "a name of null is trimmed: 500",
  "price-huge": "a price beyond all whole numbers is converted: 500",
  "limit-negative": "a limit below zero makes a list of that length: 500",
  "half-character": "half a character in a name is encoded: 500",
  "zero-character": "a name with a zero in it is handed to C: 500",
  "long-query": "a query of more than 200 characters takes 30 s",
  "tags-object": "tags that are an object throw outside of the handler: the process ends",
  "cut-picture": "a picture without its end: the connection is reset",
  "open-admin": "an operation that is declared as secured asks for nothing",
  "price-text": "a price with a fraction is answered as text, against the schema",
  "odd-status": "a list without a limit is answered 206, which is not declared",
  "odd-type": "the state is answered as HTML, which is not declared",
  "stack-trace": "an id that is no number is refused with a stack trace",
  "kept-bodies": "every note stays in memory, half a megabyte each",
  "undead-note": "a deleted note is still answered",
  "broken-json": "an order that is no JSON: 500",
  "no-type": "an order without a content type: 500",
  "no-such-day": "the 30th of February: 500",
  "unknown-state": "a state of an order that is none of the choices: 500",
  entities: "XML that declares entities: 500",
} as const;
export type Bug = keyof typeof bugs;

interface Options {
  readonly bugs: ReadonlySet<Bug>;
  /** What a lost error does: ends the process. */
  readonly end: () => void;
}

interface Item {
  readonly id: number;
  readonly name: string;
  readonly price: number;
  readonly tags: readonly string[];
}

class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** An error that nobody thought of: the planted kind. */
class Planted extends Error {
  readonly bug: Bug;
  constructor(bug: Bug) {
    super(bugs[bug]);
    this.bug = bug;
  }
}

const token = "Bearer planted-token";
const states = ["new", "paid", "sent"];

/** The service as a listener: what it was told to do wrong, and nothing else. */
export function plantedService({ bugs: planted, end }: Options) {
  const items = new Map<number, Item>();
  const notes = new Map<number, string>();
  const orders = new Map<number, { id: number; day: string; state: string }>();
  const kept: Buffer[] = [];
  let next = 1;
  const fire = (bug: Bug, when: boolean): void => {
    if (when && planted.has(bug)) throw new Planted(bug);
  };

  const itemFrom = (body: Record<string, unknown>, id: number): Item => {
    const { name, price, tags = [] } = body;
    fire("name-null", name === null);
    fire("price-huge", typeof price === "number" && price > Number.MAX_SAFE_INTEGER);
    if (typeof name === "string") {
      fire("half-character", !name.isWellFormed());
      fire("zero-character", name.includes("\0"));
    }
    if (typeof name !== "string" || name.length === 0 || name.length > 80)
      throw new Refused(422, "name");
    if (typeof price !== "number" || !(price >= 0) || price > 1_000_000)
      throw new Refused(422, "price");
    if (
      planted.has("tags-object") &&
      typeof tags === "object" &&
      tags !== null &&
      !Array.isArray(tags)
    )
      end();
    if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string"))
      throw new Refused(422, "tags");
    return { id, name, price, tags };
  };

  const shown = (item: Item) =>
    planted.has("price-text") && !Number.isInteger(item.price)
      ? { ...item, price: String(item.price) }
      : item;

  const routes: Record<string, (ask: Ask) => Promise<Reply> | Reply> = {
    "GET /health": () =>
      planted.has("odd-type")
        ? { status: 200, text: "<p>ok</p>", type: "text/html", bug: "odd-type" }
        : { status: 200, json: { ok: true } },
    "GET /items": ({ query }) => {
      const limit = query.has("limit") ? Number(query.get("limit")) : null;
      fire("limit-negative", limit !== null && limit < 0 && Number.isInteger(limit));
      if (limit !== null && !(Number.isInteger(limit) && limit >= 1 && limit <= 100))
        throw new Refused(422, "limit");
      const json = [...items.values()].slice(0, limit ?? 20).map(shown);
      return limit === null && planted.has("odd-status")
        ? { status: 206, json, bug: "odd-status" }
        : { status: 200, json };
    },
    "POST /items": ({ json }) => {
      const item = itemFrom(object(json()), (next += 1));
      items.set(item.id, item);
      return {
        status: 201,
        json: shown(item),
        ...(typeof shown(item).price === "string" ? { bug: "price-text" as const } : {}),
      };
    },
    "GET /items/{id}": ({ id }) => {
      const item = items.get(idOf(id, planted));
      if (item === undefined) throw new Refused(404, "no such item");
      return {
        status: 200,
        json: shown(item),
        ...(typeof shown(item).price === "string" ? { bug: "price-text" as const } : {}),
      };
    },
    "PUT /items/{id}": ({ id, json }) => {
      const number = idOf(id, planted);
      if (!items.has(number)) throw new Refused(404, "no such item");
      const item = itemFrom(object(json()), number);
      items.set(number, item);
      return {
        status: 200,
        json: shown(item),
        ...(typeof shown(item).price === "string" ? { bug: "price-text" as const } : {}),
      };
    },
    "DELETE /items/{id}": ({ id }) => {
      if (!items.delete(idOf(id, planted))) throw new Refused(404, "no such item");
      return { status: 204 };
    },
    "GET /search": async ({ query }) => {
      const text = query.get("q") ?? "";
      if (text === "") throw new Refused(422, "q");
      if (planted.has("long-query") && text.length > 200)
        await sleep(30_000, undefined, { ref: false });
      return {
        status: 200,
        json: [...items.values()]
          .filter(({ name }) => name.includes(text))
          .map(({ id }) => id)
          .slice(0, 20),
      };
    },
    "POST /notes": ({ json }) => {
      const { text } = object(json());
      if (typeof text !== "string" || text.length > 1_000) throw new Refused(422, "text");
      if (planted.has("kept-bodies")) kept.push(Buffer.alloc(512 * 1024, 1));
      const id = (next += 1);
      notes.set(id, text);
      return { status: 201, json: { id, text } };
    },
    "GET /notes/{id}": ({ id }) => {
      const text = notes.get(idOf(id, planted));
      if (text === undefined) throw new Refused(404, "no such note");
      return {
        status: 200,
        json: { id: Number(id), text },
        ...(planted.has("undead-note") ? { bug: "undead-note" as const } : {}),
      };
    },
    "DELETE /notes/{id}": ({ id }) => {
      const number = idOf(id, planted);
      if (!notes.has(number)) throw new Refused(404, "no such note");
      if (!planted.has("undead-note")) notes.delete(number);
      return { status: 204 };
    },
    "POST /orders": ({ json, type }) => {
      fire("no-type", type === "");
      const body = object(json("broken-json"));
      const { day } = body;
      if (typeof day !== "string" || !/^\d{4}-\d\d-\d\d$/.test(day)) throw new Refused(422, "day");
      const real = !Number.isNaN(Date.parse(day)) && new Date(day).toISOString().startsWith(day);
      fire("no-such-day", !real);
      if (!real) throw new Refused(422, "day");
      const order = { id: (next += 1), day, state: "new" };
      orders.set(order.id, order);
      return { status: 201, json: order };
    },
    "PUT /orders/{id}/state": ({ id, json }) => {
      const order = orders.get(idOf(id, planted));
      if (order === undefined) throw new Refused(404, "no such order");
      const { state } = object(json());
      fire("unknown-state", typeof state === "string" && !states.includes(state));
      if (typeof state !== "string" || !states.includes(state)) throw new Refused(422, "state");
      order.state = state;
      return { status: 200, json: order };
    },
    "POST /pictures": ({ body, response }) => {
      const png = Buffer.from([0x89, 0x50, 0x4e, 0x47]);
      const at = body.indexOf(png);
      if (at === -1) throw new Refused(422, "a PNG");
      if (body.includes("IEND", at)) return { status: 201, json: { bytes: body.length } };
      if (!planted.has("cut-picture")) throw new Refused(422, "a PNG");
      response.destroy();
      return { status: 0 };
    },
    "POST /import": ({ body }) => {
      const text = body.toString("utf8");
      fire("entities", /<!ENTITY/.test(text));
      if (/<!/.test(text) || !/^\s*(<\?xml[^>]*>)?\s*<\w/.test(text)) throw new Refused(422, "XML");
      return { status: 200, json: { imported: (text.match(/<item/g) ?? []).length } };
    },
    "GET /admin/report": ({ headers }) => {
      const open = planted.has("open-admin");
      if (headers.authorization !== token && !open) throw new Refused(401, "sign in");
      return {
        status: 200,
        json: { items: items.size },
        ...(headers.authorization === token ? {} : { bug: "open-admin" as const }),
      };
    },
    "GET /openapi.json": () => ({ status: 200, json: description }),
  };

  return (request: IncomingMessage, response: ServerResponse): void => {
    void answer(request, response, routes, planted);
  };
}

interface Ask {
  readonly id: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly type: string;
  readonly body: Buffer;
  readonly json: (bug?: Bug) => unknown;
  readonly response: ServerResponse;
}

interface Reply {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly type?: string;
  readonly bug?: Bug;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Record<string, (ask: Ask) => Promise<Reply> | Reply>,
  planted: ReadonlySet<Bug>,
): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= 300_000) chunks.push(chunk);
  }
  const reply = await (async (): Promise<Reply> => {
    try {
      if (size > 300_000) throw new Refused(413, "too long");
      const [path = "", search = ""] = (request.url ?? "/").split("?");
      const found = Object.keys(routes)
        .map((key) => [key, match(key, request.method ?? "", path)] as const)
        .find(([, id]) => id !== null);
      const handler = found === undefined ? undefined : routes[found[0]];
      if (handler === undefined) throw new Refused(404, "no such page");
      const body = Buffer.concat(chunks);
      const ask: Ask = {
        id: found?.[1] ?? "",
        query: new URLSearchParams(search),
        headers: request.headers,
        type: request.headers["content-type"] ?? "",
        body,
        json: (bug) => parse(body, bug, planted),
        response,
      };
      return await handler(ask);
    } catch (error) {
      if (error instanceof Planted)
        return { status: 500, json: { error: "something went wrong" }, bug: error.bug };
      if (error instanceof Refused && error.message === "id" && planted.has("stack-trace")) {
        return { status: 400, text: `${error.stack}`, type: "text/plain", bug: "stack-trace" };
      }
      return error instanceof Refused
        ? { status: error.status, json: { error: error.message } }
        : { status: 500, json: { error: "not planted" } };
    }
  })();
  if (response.destroyed || reply.status === 0) return;
  const type = reply.type ?? "application/json";
  response.writeHead(reply.status, {
    ...(reply.status === 204 ? {} : { "content-type": type }),
    // For whoever counts which flaw was met; no fuzzer looks at it.
    ...(reply.bug === undefined ? {} : { "x-planted": reply.bug }),
  });
  response.end(reply.status === 204 ? undefined : (reply.text ?? JSON.stringify(reply.json)));
}

/** The value of the template's placeholder, empty where it has none; null when the path is another one. */
function match(key: string, method: string, path: string): string | null {
  const [wanted = "", template = ""] = key.split(" ");
  const [a, b] = [template.split("/"), path.split("/")];
  if (method !== wanted || a.length !== b.length) return null;
  let id = "";
  for (const [index, part] of a.entries()) {
    const text = b[index] ?? "";
    if (part === "{id}" && text !== "") {
      try {
        id = decodeURIComponent(text);
      } catch {
        id = "%";
      }
    } else if (part !== text) return null;
  }
  return id;
}

function idOf(text: string, _planted: ReadonlySet<Bug>): number {
  if (!/^\d{1,15}$/.test(text)) throw new Refused(400, "id");
  return Number(text);
}

function parse(body: Buffer, bug: Bug | undefined, planted: ReadonlySet<Bug>): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    if (bug !== undefined && planted.has(bug)) throw new Planted(bug);
    throw new Refused(400, "no JSON");
  }
}

function object(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Refused(422, "an object");
}

/** As a program: `node planted.ts <port> <bug,bug|all|none>`. */
if (process.argv[1] === import.meta.filename) {
  const [, , port = "0", which = "all"] = process.argv;
  const names = (
    which === "all" ? Object.keys(bugs) : which === "none" ? [] : which.split(",")
  ) as Bug[];
  const server = createServer(plantedService({ bugs: new Set(names), end: () => process.exit(1) }));
  server.listen(Number(port), "127.0.0.1");
}
