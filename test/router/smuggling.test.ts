import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { mint } from "../../src/agent/router/tester.ts";
import { RawBackend, RawClient, statusesOf } from "./support/raw.ts";
import { freePort, lane, RouterProcess } from "./support/router-process.ts";

/**
 * Request smuggling: bytes that a front and a backend may read as different requests. Each case is either
 * refused before a backend sees anything, or reaches it as exactly one request that can be read in one way only.
 */
const router = new RouterProcess();
const backend = new RawBackend();
let port = 0;

beforeAll(async () => {
  port = await freePort();
  await backend.listen();
  await router.start([lane(`127.0.0.1:${port}`, { blue: [backend.port] })]);
});
afterAll(async () => {
  await router.end();
  await backend.close();
});
beforeEach(() => backend.forget());

const smuggled = "GET /smuggled HTTP/1.1\r\nHost: evil\r\n\r\n";
const host = "Host: shop\r\n";

/** Refused: name, bytes, status. */
const refused: [string, string, number][] = [
  // CL + TE, RFC 9112 section 6.1
  [
    "CL.TE",
    `POST / HTTP/1.1\r\n${host}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG`,
    400,
  ],
  [
    "TE.CL",
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n${smuggled}\r\n0\r\n\r\n`,
    400,
  ],
  [
    "CL.TE with CL 0",
    `POST / HTTP/1.1\r\n${host}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  // TE obfuscation
  ["TE xchunked", `POST / HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, 501],
  ["TE identity", `POST / HTTP/1.1\r\n${host}Transfer-Encoding: identity\r\n\r\n`, 501],
  [
    "TE chunked, identity",
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    501,
  ],
  [
    "TE identity, chunked",
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n`,
    501,
  ],
  [
    "TE gzip, chunked",
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    501,
  ],
  ["TE quoted", `POST / HTTP/1.1\r\n${host}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`, 501],
  ["TE empty", `POST / HTTP/1.1\r\n${host}Transfer-Encoding:\r\n\r\n0\r\n\r\n`, 501],
  [
    "TE twice",
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    "TE twice, the second unknown",
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    "TE with a space before the colon",
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    "TE with a tab before the colon",
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    "TE with a vertical tab",
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ["TE with NUL", `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\0\r\n\r\n0\r\n\r\n`, 400],
  [
    "TE with a byte over 127",
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\xff\r\n\r\n0\r\n\r\n`,
    501,
  ],
  ["TE folded", `POST / HTTP/1.1\r\n${host}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`, 400],
  [
    "TE hidden behind a bare CR",
    `POST / HTTP/1.1\r\n${host}X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    "TE hidden behind a bare LF",
    `POST / HTTP/1.1\r\n${host}X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    "TE with a leading space",
    `POST / HTTP/1.1\r\n${host} Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    "TE with an underscore",
    `POST / HTTP/1.1\r\n${host}Transfer_Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ["TE in HTTP/1.0", `POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  // Content-Length
  [
    "CL twice, different",
    `POST / HTTP/1.1\r\n${host}Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello`,
    400,
  ],
  [
    "CL twice, the same",
    `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
    400,
  ],
  ["CL list", `POST / HTTP/1.1\r\n${host}Content-Length: 5, 5\r\n\r\nhello`, 400],
  ["CL with a sign", `POST / HTTP/1.1\r\n${host}Content-Length: +5\r\n\r\nhello`, 400],
  ["CL negative", `POST / HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`, 400],
  ["CL hexadecimal", `POST / HTTP/1.1\r\n${host}Content-Length: 0x5\r\n\r\nhello`, 400],
  ["CL with a decimal point", `POST / HTTP/1.1\r\n${host}Content-Length: 5.0\r\n\r\nhello`, 400],
  ["CL empty", `POST / HTTP/1.1\r\n${host}Content-Length:\r\n\r\n`, 400],
  ["CL with inner space", `POST / HTTP/1.1\r\n${host}Content-Length: 1 0\r\n\r\nhello`, 400],
  [
    "CL beyond every number",
    `POST / HTTP/1.1\r\n${host}Content-Length: 99999999999999999999\r\n\r\n`,
    400,
  ],
  ["CL with an underscore", `POST / HTTP/1.1\r\n${host}Content_Length: 5\r\n\r\nhello`, 400],
  [
    "CL with a space before the colon",
    `POST / HTTP/1.1\r\n${host}Content-Length : 5\r\n\r\nhello`,
    400,
  ],
  // line ends and header lines
  ["bare LF everywhere", "GET / HTTP/1.1\nHost: shop\n\n", 400],
  ["bare LF after the request line", `GET / HTTP/1.1\n${host}\r\n`, 400],
  ["bare CR in the request line", `GET /\rx HTTP/1.1\r\n${host}\r\n`, 400],
  ["LF CR", "GET / HTTP/1.1\n\rHost: shop\n\r\n\r\n\r\n", 400],
  ["obs-fold", `GET / HTTP/1.1\r\n${host}X: a\r\n b\r\n\r\n`, 400],
  ["a line without a colon", `GET / HTTP/1.1\r\n${host}nonsense\r\n\r\n`, 400],
  ["an empty name", `GET / HTTP/1.1\r\n${host}: x\r\n\r\n`, 400],
  ["a name with a control character", `GET / HTTP/1.1\r\n${host}X\x01: x\r\n\r\n`, 400],
  ["a value with NUL", `GET / HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`, 400],
  ["space before the first field", `GET / HTTP/1.1\r\n ${host}\r\n`, 400],
  // request line
  ["two spaces", `GET  / HTTP/1.1\r\n${host}\r\n`, 400],
  ["a tab", `GET\t/ HTTP/1.1\r\n${host}\r\n`, 400],
  ["trailing space", `GET / HTTP/1.1 \r\n${host}\r\n`, 400],
  ["a space in the target", `GET /a b HTTP/1.1\r\n${host}\r\n`, 400],
  ["a fragment", `GET /a#b HTTP/1.1\r\n${host}\r\n`, 400],
  ["HTTP/0.9", "GET /\r\n\r\n", 400],
  ["HTTP/1.2", `GET / HTTP/1.2\r\n${host}\r\n`, 505],
  ["HTTP/2.0", `GET / HTTP/2.0\r\n${host}\r\n`, 505],
  ["http/1.1", `GET / http/1.1\r\n${host}\r\n`, 400],
  ["a lower-case method", `get / HTTP/1.1\r\n${host}\r\n`, 501],
  ["an unknown method", `SMUGGLE / HTTP/1.1\r\n${host}\r\n`, 501],
  ["CONNECT", "CONNECT shop:443 HTTP/1.1\r\nHost: shop:443\r\n\r\n", 405],
  ["TRACE", `TRACE / HTTP/1.1\r\n${host}\r\n`, 405],
  ["an asterisk for GET", `GET * HTTP/1.1\r\n${host}\r\n`, 400],
  ["a target without slash", `GET smuggled HTTP/1.1\r\n${host}\r\n`, 400],
  // Host
  ["no Host", "GET / HTTP/1.1\r\n\r\n", 400],
  ["two Hosts", `GET / HTTP/1.1\r\n${host}Host: evil\r\n\r\n`, 400],
  ["an absolute target of another host", `GET http://evil/ HTTP/1.1\r\n${host}\r\n`, 400],
  ["user information in the target", `GET http://shop@evil/ HTTP/1.1\r\n${host}\r\n`, 400],
  ["a path in Host", "GET / HTTP/1.1\r\nHost: shop/evil\r\n\r\n", 400],
  ["a list in Host", "GET / HTTP/1.1\r\nHost: shop, evil\r\n\r\n", 400],
  ["user information in Host", "GET / HTTP/1.1\r\nHost: user@shop\r\n\r\n", 400],
  // fields removed by naming them
  [
    "Connection: content-length",
    `POST / HTTP/1.1\r\n${host}Connection: content-length\r\nContent-Length: 5\r\n\r\nhello`,
    400,
  ],
  ["Connection: host", `GET / HTTP/1.1\r\n${host}Connection: close, Host\r\n\r\n`, 400],
  ["Connection: cookie", `GET / HTTP/1.1\r\n${host}Connection: Cookie\r\nCookie: a=b\r\n\r\n`, 400],
  // HTTP/2
  ["the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
  [
    "gRPC over HTTP/1.1",
    `POST /s/m HTTP/1.1\r\n${host}Content-Type: application/grpc+proto\r\nContent-Length: 0\r\n\r\n`,
    505,
  ],
  [
    "an expectation nobody knows",
    `POST / HTTP/1.1\r\n${host}Expect: 200-ok\r\nContent-Length: 5\r\n\r\nhello`,
    417,
  ],
];

describe("a request that two readers could understand differently is refused before a backend sees it", () => {
  test.each(refused)("%s", async (_name, bytes, status) => {
    // What follows on the connection must not become a request of its own either.
    const statuses = await statusesOf(port, bytes + smuggled, 60);
    expect(statuses).toEqual([status]);
    expect(backend.requests).toEqual([]);
    expect(backend.connections.map(({ received }) => received)).toEqual([]);
  });
});

/** Bodies that turn out to be broken while they are read: the backend must never see them as complete. */
const brokenBodies: [string, string][] = [
  ["a chunk size that is not hexadecimal", "x\r\nhello\r\n0\r\n\r\n"],
  ["a chunk size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"],
  ["a chunk size with a sign", "+5\r\nhello\r\n0\r\n\r\n"],
  ["a negative chunk size", "-5\r\nhello\r\n0\r\n\r\n"],
  ["a chunk size with a leading space", " 5\r\nhello\r\n0\r\n\r\n"],
  ["a chunk size with a trailing space", "5 \r\nhello\r\n0\r\n\r\n"],
  ["a chunk size with an underscore", "5_0\r\nhello\r\n0\r\n\r\n"],
  ["a chunk size that overflows 64 bits", "10000000000000005\r\nhello\r\n0\r\n\r\n"],
  ["a chunk size line that ends in a bare LF", "5\nhello\r\n0\r\n\r\n"],
  ["a chunk size line that ends in a bare CR", "5\rhello\r\n0\r\n\r\n"],
  ["an extension that ends in a bare LF", `5;x=y\nhello\r\n0\r\n\r\n`],
  ["an extension that holds a bare CR", "5;a\rb\r\nhello\r\n0\r\n\r\n"],
  ["an extension that holds NUL", "5;a\0b\r\nhello\r\n0\r\n\r\n"],
  ["an empty chunk size", "\r\nhello\r\n0\r\n\r\n"],
  ["a chunk longer than its size", "4\r\nhello\r\n0\r\n\r\n"],
  ["chunk data that ends in a bare LF", "5\r\nhello\n0\r\n\r\n"],
  ["chunk data without a line end", "5\r\nhelloXX0\r\n\r\n"],
  ["a last chunk that ends in a bare LF", "0\n\n"],
  ["a trailer without a colon", "0\r\nnonsense\r\n\r\n"],
  ["a trailer with a space before the colon", "0\r\nX : y\r\n\r\n"],
  ["a folded trailer", "0\r\nX: y\r\n z\r\n\r\n"],
  ["a trailer that holds a bare CR", "0\r\nX: y\rz\r\n\r\n"],
  ["an endless chunk extension", `5;${"x".repeat(5_000)}\r\nhello\r\n0\r\n\r\n`],
];

describe("a body whose framing breaks never reaches a backend as a complete request", () => {
  test.each(brokenBodies)("%s", async (_name, body) => {
    const bytes = `POST /upload HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n${body}`;
    const statuses = await statusesOf(port, bytes + smuggled, 60);
    expect(statuses).toEqual([400]);
    expect(backend.requests).toEqual([]);
    for (const { received } of backend.connections) expect(received).not.toContain("/smuggled");
  });

  test("also not when its client leaves in the middle", async () => {
    const client = new RawClient(port);
    client.send(`POST /upload HTTP/1.1\r\n${host}Content-Length: 100\r\n\r\nonly this`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    client.end();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(backend.requests).toEqual([]);
    expect(
      backend.connections.every(({ socket }) => socket.destroyed || socket.readableEnded),
    ).toBe(true);
  });
});

/** Forwarded: name, bytes, what the one request that the backend gets must and must not hold. */
const forwarded: [string, string, RegExp[], RegExp[]][] = [
  [
    "an absolute target becomes origin-form with its own host",
    `GET http://shop/a?b HTTP/1.1\r\n${host}\r\n`,
    [/^GET \/a\?b HTTP\/1\.1\r\nhost: shop\r\n/],
    [/http:\/\/shop/],
  ],
  [
    "chunk extensions are dropped and sizes written anew",
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: Chunked\r\n\r\n0005;evil="x"\r\nhello\r\n00\r\n\r\n`,
    [/\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/],
    [/evil/],
  ],
  [
    "fields for one hop and those named in Connection stay here",
    `GET / HTTP/1.1\r\n${host}Connection: keep-alive, X-Secret\r\nX-Secret: 1\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nTE: gzip\r\nX-Kept: 2\r\n\r\n`,
    [/X-Kept: 2/],
    [/x-secret/i, /keep-alive/i, /proxy-connection/i, /\r\nte:/i, /\r\nconnection:/i],
  ],
  [
    "what only a trusted proxy may say is replaced by what we know",
    `GET / HTTP/1.1\r\n${host}X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Prefix: /x\r\nForwarded: for=6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX-Request-Id: forged\r\n\r\n`,
    [
      /\r\nx-forwarded-for: 127\.0\.0\.1\r\n/,
      /\r\nx-forwarded-proto: http\r\n/,
      /\r\nx-forwarded-host: shop\r\n/,
    ],
    [/6\.6\.6\.6/, /evil/, /prefix/i, /forged/],
  ],
  [
    "naming our own fields in Connection does not remove them",
    `GET / HTTP/1.1\r\n${host}Connection: x-forwarded-for, x-request-id\r\n\r\n`,
    [/\r\nx-forwarded-for: 127\.0\.0\.1\r\n/, /\r\nx-request-id: /],
    [],
  ],
  [
    "an offer of h2c is not passed on",
    `GET / HTTP/1.1\r\n${host}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n`,
    [/^GET \/ /],
    [/h2c/, /upgrade/i, /settings/i],
  ],
  [
    "an upgrade with a body is an ordinary request",
    `POST / HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nhello`,
    [/content-length: 5\r\n\r\nhello$/],
    [/upgrade/i],
  ],
  [
    "bytes over 127 pass as they are",
    `GET / HTTP/1.1\r\n${host}X: caf\xc3\xa0\r\n\r\n`,
    [/\r\nX: caf\xc3\xa0\r\n/],
    [],
  ],
  [
    "forbidden trailers are dropped, others travel on",
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n1\r\na\r\n0\r\nX-Sum: 7\r\nContent-Length: 9\r\nX-Forwarded-For: 6.6.6.6\r\nHost: evil\r\n\r\n`,
    [/\r\n1\r\na\r\n0\r\nX-Sum: 7\r\n\r\n$/],
    [/6\.6\.6\.6/, /evil/, /content-length/i],
  ],
  [
    "one empty line before a request is skipped",
    `\r\nGET /after HTTP/1.1\r\n${host}\r\n`,
    [/^GET \/after /],
    [],
  ],
  [
    "HTTP/1.0 is sent on as HTTP/1.1",
    `GET /old HTTP/1.0\r\n${host}\r\n`,
    [/^GET \/old HTTP\/1\.1\r\nhost: shop\r\n/],
    [],
  ],
];

describe("what is forwarded can be read in one way only", () => {
  test.each(forwarded)("%s", async (_name, bytes, wanted, unwanted) => {
    const statuses = await statusesOf(port, bytes, 60);
    expect(statuses).toEqual([200]);
    expect(backend.requests).toHaveLength(1);
    const request = backend.requests[0] ?? "";
    for (const pattern of wanted) expect(request).toMatch(pattern);
    for (const pattern of unwanted) expect(request).not.toMatch(pattern);
  });

  test("a tester credential never reaches a backend, however it is spelt", async () => {
    // There is an idle colour, so that the request is passed on.
    const both = { blue: [backend.port], green: [backend.port] };
    await router.load([lane(`127.0.0.1:${port}`, both)]);
    const { value } = mint(router.testerPrivateKey, "shop/production", 60_000);
    for (const name of ["X-Tidelock-Tester", "x-tidelock-tester", "x_tidelock_tester"]) {
      const request = `GET / HTTP/1.1\r\n${host}${name}: ${value}\r\n\r\n`;
      expect(await statusesOf(port, request, 60)).toEqual([200]);
    }
    expect(backend.requests).toHaveLength(3);
    const twice = `GET / HTTP/1.1\r\n${host}X-Tidelock-Tester: ${value}\r\nX-Tidelock-Tester: ${value}\r\n\r\n`;
    expect(await statusesOf(port, twice, 0)).toEqual([403]);
    for (const { received } of backend.connections) expect(received).not.toContain(value);
    await router.load([lane(`127.0.0.1:${port}`, { blue: [backend.port] })]);
  });

  test("pipelined requests go one after the other, in order", async () => {
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\n${host}\r\n`;
    const post = `POST /2 HTTP/1.1\r\n${host}Content-Length: 2\r\n\r\nhi`;
    const statuses = await statusesOf(port, get("/1") + post + get("/3"), 200);
    expect(statuses).toEqual([200, 200, 200]);
    const order = backend.requests.map((request) => request.split(" ")[1]);
    expect([...order].sort()).toEqual(["/1", "/2", "/3"]);
  });

  test("a body that looks like a request stays a body", async () => {
    const bytes = `POST / HTTP/1.1\r\n${host}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`;
    expect(await statusesOf(port, bytes, 60)).toEqual([200]);
    expect(backend.requests).toHaveLength(1);
  });
});

/** A backend that answers badly: what its client gets must not be confused with anybody else's response. */
const badAnswers: [string, string][] = [
  ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc"],
  [
    "length and chunked",
    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  ["bare LF", "HTTP/1.1 200 OK\ncontent-length: 2\n\nok"],
  ["a bare CR in a value", "HTTP/1.1 200 OK\r\nx: a\rb\r\ncontent-length: 2\r\n\r\nok"],
  ["no status", "hello\r\n\r\n"],
  ["an unasked switch of protocols", "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"],
  ["gzip, chunked", "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n"],
];

describe("a backend's ambiguous answer is a 502", () => {
  test.each(badAnswers)("%s", async (_name, answer) => {
    const usual = backend.onBytes;
    backend.onBytes = (socket) => socket.write(answer, "latin1");
    try {
      expect(await statusesOf(port, `GET / HTTP/1.1\r\n${host}\r\n`, 60)).toEqual([502]);
    } finally {
      backend.onBytes = usual;
    }
  });

  test("bytes behind a response do not become the next one", async () => {
    const usual = backend.onBytes;
    const poison = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison";
    backend.onBytes = (socket) =>
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok${poison}`);
    try {
      const client = new RawClient(port);
      client.send(`GET /1 HTTP/1.1\r\n${host}\r\n`);
      expect(await client.until(/ok$/)).toMatch(/ok$/);
      backend.onBytes = usual;
      client.send(`GET /2 HTTP/1.1\r\n${host}\r\n`);
      await client.until(/ok[\s\S]*ok$/);
      expect(client.text).not.toContain("poison");
      expect(client.text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
      client.end();
    } finally {
      backend.onBytes = usual;
    }
  });
});
