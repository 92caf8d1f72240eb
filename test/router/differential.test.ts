import fc from "fast-check";
import { createServer, type IncomingMessage, request, Agent, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, connect, type Socket } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { eventually, freePort, lane, RouterProcess } from "./support/router-process.ts";

/**
 * The whole router between node:http and node:http, with bytes that nobody should send. What comes out behind it
 * must be what node:http itself reads in those bytes, or nothing: no other request, no other answer, no other end.
 */
vi.setConfig({ testTimeout: 120_000 });

/** What we add, drop or rewrite on purpose; everything else must pass unchanged. */
const ours =
  /^(?:host|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|content-length|upgrade|expect|via|date|x-forwarded-.*|x-real-ip|forwarded|x-request-id|http2-settings)$/;

interface Message {
  readonly what: string;
  readonly fields: readonly string[];
  readonly body: string;
}

const router = new RouterProcess();
let strict: Recorder;
let behind: Recorder;
let answer = "";
const hostile = createTcpServer((socket) => serveHostile(socket));
let requestPort = 0;
let responsePort = 0;
let hostilePort = 0;

beforeAll(async () => {
  strict = new Recorder();
  behind = new Recorder();
  await Promise.all([strict.listen(), behind.listen()]);
  hostile.listen(0, "127.0.0.1");
  await once(hostile, "listening");
  hostilePort = (hostile.address() as AddressInfo).port;
  requestPort = await freePort();
  responsePort = await freePort();
  await router.start([
    lane(`127.0.0.1:${requestPort}`, { blue: [behind.port] }),
    lane(`127.0.0.1:${responsePort}`, {
      blue: [hostilePort],
      route: { lane: "other/production" },
    }),
  ]);
});
afterAll(async () => {
  await router.end();
  strict.close();
  behind.close();
  hostile.close();
});

const edit = fc.record({
  at: fc.nat(600),
  cut: fc.nat(2),
  put: fc.constantFrom(
    ..."\r|\n|\0|\t| |\x0b|\x7f|\xff|:|,|;|\r\n |\r\n|\n\n|0|5|-|+|_|x".split("|"),
  ),
});
function mutated(whole: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(whole, fc.array(edit, { maxLength: 2 })).map(([text, edits]) =>
    edits.reduce((now, { at, cut, put }) => {
      const position = at % (now.length + 1);
      return now.slice(0, position) + put + now.slice(position + cut);
    }, text),
  );
}

const field = fc.constantFrom(
  "X-A: 1",
  "X-A: 2",
  "x-b:  \xe9 ",
  "Cookie: a=b",
  "Authorization: Basic eA==",
  "Content-Length: 5",
  "Content-Length: 0",
  "Content-Length: 38",
  "Content-Length : 5",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding:\tchunked",
  "Transfer_Encoding: chunked",
  "Connection: keep-alive, x-a",
  "Connection: close",
  "Upgrade: h2c",
);
const bodies = fc.constantFrom(
  "",
  "hello",
  "5\r\nhello\r\n0\r\n\r\n",
  '5;x="\r\nhello\r\n0\r\n\r\n',
  "0\r\nX-A: 3\r\n\r\n",
  "-5\r\nhello\r\n0\r\n\r\n",
  "5\r\nhello!\r\n0\r\n\r\n",
  "ffffffffffffffff\r\nhello",
);
const second = "GET /TAG/second HTTP/1.1\r\nHost: shop\r\nX-A: 9\r\n\r\n";
const requests = mutated(
  fc
    .tuple(
      fc.constantFrom(
        "GET /TAG/a",
        "POST /TAG/a?b",
        "PUT http://shop/TAG/a",
        "DELETE /TAG/%2e%2e/a",
        "HEAD /TAG/a",
      ),
      fc.array(field, { maxLength: 4 }),
      bodies,
      fc.constantFrom("", second),
    )
    .map(([line, fields, body, tail]) =>
      [`${line} HTTP/1.1`, "Host: shop", ...fields, "", body].join("\r\n").concat(tail),
    ),
);

test("a backend reads behind the router the requests that it would read itself, or none", async () => {
  let forwarded = 0;
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(requests, async (untagged) => {
      // One that was broken off may still arrive during the next one.
      const tag = `/t${++runs}/`;
      const bytes = untagged.replaceAll("/TAG/", tag);
      strict.seen.length = behind.seen.length = 0;
      await Promise.all([send(strict.port, bytes), send(requestPort, bytes)]);
      await Promise.all([strict.settled(), behind.settled()]);
      const [mine, theirs] = [behind, strict].map(({ seen }) =>
        seen.filter(({ what }) => what.includes(tag)),
      ) as [Message[], Message[]];
      forwarded += mine.length;
      const named = new Set(
        [...bytes.matchAll(/^connection:(.*)$/gim)].flatMap(([, list]) =>
          (list ?? "")
            .toLowerCase()
            .split(",")
            .map((name) => name.trim()),
        ),
      );
      const without = ({ what, fields, body }: Message): Message => ({
        what,
        body,
        fields: fields.filter((line) => !named.has(line.slice(0, line.indexOf(":")))),
      });
      expect(mine.map(without), JSON.stringify(bytes)).toEqual(
        theirs.slice(0, mine.length).map(without),
      );
    }),
    { numRuns: 700 },
  );
  expect(forwarded).toBeGreaterThan(100);
});

const poison = "HTTP/1.1 200 OK\r\nx-a: poison\r\ncontent-length: 6\r\n\r\npoison";
const answerField = fc.constantFrom(
  "x-a: 1",
  "X-A: 2",
  "x-b: \xe9",
  "Set-Cookie: a=b",
  "content-length: 5",
  "content-length: 6",
  "content-length: 0",
  "Content-Length:\t5",
  "transfer-encoding: chunked",
  "transfer-encoding: gzip, chunked",
  "connection: close",
  "connection: x-b",
  "upgrade: websocket",
  "trailer: x-a",
);
const answers = mutated(
  fc
    .tuple(
      fc.constantFrom(
        "",
        "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
      ),
      fc.constantFrom(
        "HTTP/1.1 200 OK",
        "HTTP/1.0 200 OK",
        "HTTP/1.1 204 No",
        "HTTP/1.1 304 N",
        "HTTP/1.1 101 S",
      ),
      fc.array(answerField, { maxLength: 4 }),
      bodies,
      fc.constantFrom("", poison),
    )
    .map(([hint, line, fields, body, tail]) =>
      hint.concat([line, ...fields, "", body].join("\r\n"), tail),
    ),
);

test("a client reads through the router the response that it would read itself, or a refusal; the next one is its own", async () => {
  let passed = 0;
  await fc.assert(
    fc.asyncProperty(answers, fc.constantFrom("GET", "HEAD", "POST"), async (bytes, method) => {
      answer = bytes;
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const [direct, through] = await Promise.all([
        ask(hostilePort, method, "/hostile"),
        ask(responsePort, method, "/hostile", agent),
      ]);
      const about = JSON.stringify({ bytes, method, direct, through });
      const refused = through === null || /^50[234]/.test(through.what);
      if (!refused) {
        passed++;
        const named = [...bytes.matchAll(/^connection:(.*)$/gim)].map(([, name]) => name?.trim());
        const kept = (list: readonly string[] = []): readonly string[] =>
          list.filter((line) => !named.includes(line.slice(0, line.indexOf(":"))));
        // node:http reads bytes behind a response first, and then refuses the response as well: we close.
        expect(through.what, about).toBe(direct?.what ?? through.what);
        expect(through.body, about).toBe(direct?.body ?? through.body);
        expect(kept(through.fields), about).toEqual(kept(direct?.fields ?? through.fields));
      }
      // Whatever the first one left behind: on the client's connection, and on the backend's.
      for (const connection of [agent, new Agent()]) {
        const next = await ask(responsePort, "GET", "/next", connection);
        if (next !== null) expect(next.body, about).not.toMatch(/poison|hello/);
      }
      agent.destroy();
    }),
    { numRuns: 500 },
  );
  expect(passed).toBeGreaterThan(50);
});

test("floods of interim responses, of header lines and of trailers leave the router as it was", async () => {
  const floods = [
    "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(20_000),
    `HTTP/1.1 200 OK\r\n${"x-a: 1\r\n".repeat(100_000)}content-length: 0\r\n\r\n`,
    `HTTP/1.1 200 OK\r\nx-a: ${"a".repeat(1_000_000)}\r\ncontent-length: 0\r\n\r\n`,
    `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n${"x-a: 1\r\n".repeat(100_000)}\r\n`,
  ];
  for (const flood of floods) {
    answer = flood;
    const seen = await ask(responsePort, "GET", "/hostile");
    expect(seen?.what ?? "502", flood.slice(0, 40)).toMatch(/^502/);
    expect((await ask(responsePort, "GET", "/next"))?.body).toBe("own");
  }
});

/** node:http in its strict mode: complete requests, as it understands them. */
class Recorder {
  readonly seen: Message[] = [];
  #reading = 0;
  readonly #server: Server = createServer({ insecureHTTPParser: false }, (incoming, response) => {
    this.#reading++;
    void bodyOf(incoming).then((body) => {
      this.#reading--;
      if (!incoming.complete) return;
      const target = (incoming.url ?? "").replace(/^http:\/\/[^/]*/i, "");
      const what = `${incoming.method} ${target}`;
      this.seen.push({ what, fields: fieldsOf(incoming), body });
      response.end();
    });
  });

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Waits until every request that has begun is whole or broken off. */
  async settled(): Promise<void> {
    await eventually("every request has ended", () => this.#reading === 0);
  }

  async listen(): Promise<void> {
    this.#server.on("clientError", (_error, socket) => socket.destroy());
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function fieldsOf({ rawHeaders }: IncomingMessage): readonly string[] {
  return rawHeaders
    .flatMap((name, index) =>
      index % 2 === 0 ? `${name.toLowerCase()}:${rawHeaders[index + 1] ?? ""}` : [],
    )
    .filter((line) => !ours.test(line.slice(0, line.indexOf(":"))));
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  let body = "";
  incoming.setEncoding("latin1").on("data", (chunk: string) => (body += chunk));
  await new Promise((resolve) =>
    incoming.on("end", resolve).on("close", resolve).on("error", resolve),
  );
  return body;
}

/** Sends bytes and the end of them, and waits until the other side is done as well. */
async function send(port: number, bytes: string): Promise<void> {
  const socket = connect(port, "127.0.0.1").on("error", () => socket.destroy());
  socket.setTimeout(400, () => socket.destroy());
  socket.resume().end(Buffer.from(bytes, "latin1"));
  await once(socket, "close");
}

/** Answers `/hostile` with the bytes under test and closes; everything else properly. */
function serveHostile(socket: Socket): void {
  let text = "";
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    if (!text.includes("\r\n\r\n")) return;
    const isHostile = text.includes("/hostile");
    text = "";
    if (isHostile) socket.end(Buffer.from(answer, "latin1"));
    else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nown");
  });
}

/** One whole response as node:http's client reads it; null when it is none, or not whole. */
function ask(port: number, method: string, path: string, agent?: Agent): Promise<Message | null> {
  return new Promise((resolve) => {
    const call = request({ host: "127.0.0.1", port, method, path, agent, timeout: 5_000 });
    call.on("response", (incoming) => {
      void bodyOf(incoming).then((body) => {
        const what = `${incoming.statusCode}`;
        resolve(incoming.complete ? { what, fields: fieldsOf(incoming), body } : null);
      });
    });
    call.on("upgrade", (_incoming, socket) => resolve((socket.destroy(), null)));
    call.on("timeout", () => call.destroy());
    call.on("error", () => resolve(null));
    call.end();
  });
}
