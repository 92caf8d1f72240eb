import fc from "fast-check";
import { createServer, type IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { BodyReader } from "../../src/agent/router/http/body-reader.ts";
import { parseRequestHead } from "../../src/agent/router/client/request-head.ts";

/**
 * Our request parser refuses more than others do; what it accepts must mean the same to llhttp in its
 * strict mode (Node's own server): the same method, target and body, and the same end of the request.
 */
interface Meaning {
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

interface Reading extends Meaning {
  /** Bytes behind the request. */
  readonly rest: string;
  /** Those bytes may be another request. */
  readonly keepAlive: boolean;
}

function ours(bytes: string): Reading | null {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return null;
  const client = { address: "192.0.2.1", trusted: false, secure: false };
  const head = parseRequestHead(bytes.slice(0, end), client, () => "id");
  if (head.kind === "refusal") return null;
  const reader = new BodyReader();
  reader.begin(head.body);
  let body = "";
  const data = Buffer.from(bytes.slice(end + 4), "latin1");
  try {
    const at = reader.read(data, 0, {
      onBody: (chunk) => {
        body += chunk.toString("latin1");
      },
      onBodyEnd: () => undefined,
    });
    if (!reader.done) return null;
    const { method, target, keepAlive } = head;
    return { method, target, body, keepAlive, rest: data.toString("latin1", at) };
  } catch {
    return null;
  }
}

/** Node's strict parser on the same bytes: the requests it sees, each with its body, and whether it complained. */
async function llhttp(bytes: string): Promise<{ requests: Meaning[]; error: boolean }> {
  const requests: Meaning[] = [];
  let error = false;
  const bodies: Promise<void>[] = [];
  const server = createServer({ insecureHTTPParser: false, maxHeaderSize: 65_536 });
  const take = async (incoming: IncomingMessage): Promise<void> => {
    const at = requests.length;
    requests.push({ method: "", target: "", body: "" });
    let body = "";
    incoming.on("data", (chunk: Buffer) => {
      body += chunk.toString("latin1");
    });
    await new Promise((resolve) => incoming.on("end", resolve).on("error", resolve));
    requests[at] = { method: incoming.method ?? "", target: incoming.url ?? "", body };
  };
  server.on("request", (incoming, response) => {
    bodies.push(take(incoming));
    incoming.on("end", () => response.end());
  });
  server.on("checkContinue", (incoming, response) => server.emit("request", incoming, response));
  server.on("clientError", (_error, socket) => {
    error = true;
    socket.destroy();
  });
  const stream = new Duplex({ read: () => undefined, write: (_c, _e, done) => done() });
  server.emit("connection", stream);
  stream.push(Buffer.from(bytes, "latin1"));
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  stream.destroy();
  await Promise.all(bodies);
  return { requests, error };
}

const odd = fc.constantFrom(
  "\r",
  "\n",
  "\0",
  "\t",
  " ",
  "\x0b",
  "\x7f",
  "\xff",
  ":",
  ",",
  ";",
  "\r\n ",
  "\r\n",
  "\n\n",
  "x",
  "0",
  "5",
  "chunked",
  "-",
  "+",
  "_",
  "#",
  "?",
);
const method = fc.constantFrom("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND");
const target = fc.constantFrom("/", "/a?b=c", "*", "http://shop/x", "/%20", "/a;b='\"<>|", "//x");
const version = fc.constantFrom(
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/1.2",
  "HTTP/2.0",
);
const field = fc.constantFrom(
  "Host: shop",
  "Host:shop",
  "Host: shop ",
  "host: shop:80",
  "X-A: 1",
  "X-A:",
  "X_B: \xe9",
  "Connection: close",
  "Connection: keep-alive, x-a",
  "Content-Length: 5",
  "Content-Length: 0",
  "content-length:05",
  "Content-Length: 5 ",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: Chunked ",
  "Transfer-Encoding: identity",
  "TE: trailers",
  "Transfer-Encoding: gzip, chunked",
  "Expect: 100-continue",
  "Cookie: a=b; c=d",
  "Content-Type: text/plain",
);
const body = fc.constantFrom(
  "",
  "hello",
  "hello",
  "5\r\nhello\r\n0\r\n\r\n",
  "5;a=b\r\nhello\r\n0\r\n\r\n",
  "00005\r\nhello\r\n0;x\r\n\r\n",
  "5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
  "A\r\n0123456789\r\n0\r\n\r\n",
  "0\r\n\r\n",
  "5 \r\nhello\r\n0\r\n\r\n",
);
const next = "GET /next HTTP/1.1\r\nHost: shop\r\n\r\n";
const tail = fc.constantFrom("", next);

const request = fc
  .record({
    line: fc.tuple(method, target, version),
    fields: fc.array(field, { minLength: 1, maxLength: 5 }),
    withHost: fc.boolean(),
    body,
    tail,
  })
  .map(({ line, fields, withHost, body, tail }) => {
    const all = withHost ? ["Host: shop", ...fields.filter((f) => !/^host/i.test(f))] : fields;
    return `${line.join(" ")}\r\n${all.join("\r\n")}\r\n\r\n${body}${tail}`;
  });

/** A request, usually with a few bytes put in, taken out or doubled somewhere. */
const mutated = fc
  .tuple(request, fc.array(fc.record({ at: fc.nat(400), odd, cut: fc.nat(2) }), { maxLength: 2 }))
  .map(([text, edits]) =>
    edits.reduce((now, { at, odd, cut }) => {
      const position = at % (now.length + 1);
      return now.slice(0, position) + odd + now.slice(position + cut);
    }, text),
  );

test("whatever we accept means the same to llhttp in strict mode", async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(mutated, async (bytes) => {
      const mine = ours(bytes);
      if (!mine) return;
      accepted++;
      const theirs = await llhttp(bytes);
      const first = theirs.requests[0];
      expect(first, JSON.stringify(bytes)).toBeDefined();
      // We rewrite an absolute target; everything else has to be byte for byte the same.
      const target = (first?.target ?? "").replace(/^http:\/\/[^/?]+(\/?)/, "/");
      const { method, body, keepAlive, rest } = mine;
      expect({ method, target: mine.target, body }, JSON.stringify(bytes)).toEqual({
        ...first,
        target,
      });
      // The request ends at the same byte: with nothing behind it there is neither a second one nor a complaint.
      if (rest === "") {
        expect(theirs.requests, JSON.stringify(bytes)).toHaveLength(1);
        expect(theirs.error, JSON.stringify(bytes)).toBe(false);
      } else if (keepAlive && rest === next) {
        expect(theirs.requests[1]?.target, JSON.stringify(bytes)).toBe("/next");
      }
    }),
    { numRuns: 6_000 },
  );
  // A parser that refuses everything would agree with everybody.
  expect(accepted).toBeGreaterThan(300);
});
