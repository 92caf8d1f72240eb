import fc from "fast-check";
import { expect, test } from "vitest";
import { FramingError } from "../http/body-reader.ts";
import { ResponseParser } from "./response-parser.ts";
import type { ResponseHead } from "./response-head.ts";

/** Everything a parser says about `bytes` when they come in pieces of the given sizes. */
function read(bytes: string, cuts: number[], method = "GET"): Record<string, unknown> {
  const parser = new ResponseParser();
  parser.begin(method, false);
  const seen = {
    heads: [] as ResponseHead[],
    info: 0,
    body: "",
    trailers: null as string[] | null,
    rest: "",
  };
  const sink = {
    onInformational: () => void seen.info++,
    onHead: (head: ResponseHead) => void seen.heads.push(head),
    onBody: (chunk: Buffer) => {
      seen.body += chunk.toString("latin1");
    },
    onBodyEnd: (trailers: string[]) => {
      seen.trailers = trailers;
    },
  };
  const data = Buffer.from(bytes, "latin1");
  let at = 0;
  for (let turn = 0; at < data.length; turn++) {
    const end = Math.min(data.length, at + (cuts[turn % cuts.length] ?? 1));
    // As the connection does it: one buffer for all reads.
    const shared = Buffer.from(data.subarray(at, end));
    const rest = parser.execute(shared, sink);
    if (rest) seen.rest += rest.toString("latin1");
    shared.fill(0);
    at = end;
    if (parser.done) break;
  }
  seen.rest += data.toString("latin1", at);
  return { ...seen, eof: parser.eof(sink), done: parser.done, reusable: parser.reusable };
}

const responses = [
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\nX-T: 1\r\nY-T: 2\r\n\r\n",
  "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
  "HTTP/1.0 200 OK\r\n\r\nuntil the end",
  "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nX-Kept: caf\xc3\xa0\r\ncontent-length: 1\r\n\r\nx",
];

test("a response is read the same way however its bytes are cut", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...responses),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
      (bytes, cuts) => {
        expect(read(bytes, cuts)).toEqual(read(bytes, [100_000]));
      },
    ),
  );
});

test("fields for one hop are dropped, the others kept as they are", () => {
  const { heads } = read(responses[6] ?? "", [1_000]) as { heads: ResponseHead[] };
  expect(heads[0]?.fields).toBe("X-Kept: caf\xc3\xa0\r\n");
  expect(heads[0]?.keepAlive).toBe(false);
});

test("a connection is used again only after a response whose end was certain", () => {
  const reusable = (bytes: string, method?: string) => read(bytes, [1_000], method)["reusable"];
  expect(reusable("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")).toBe(true);
  expect(reusable("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", "HEAD")).toBe(true);
  expect(reusable("HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n")).toBe(true);
  expect(reusable("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")).toBe(false);
  expect(reusable("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n")).toBe(false);
  expect(reusable("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n")).toBe(
    true,
  );
  expect(reusable("HTTP/1.1 200 OK\r\n\r\nx")).toBe(false);
});

test("an end before the end is told from a regular one", () => {
  expect(read("HTTP/1.1 200 OK\r\n\r\nx", [1_000])["eof"]).toBe(true);
  expect(read("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nx", [1_000])["eof"]).toBe(false);
  expect(
    read("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n", [1_000])["eof"],
  ).toBe(false);
  expect(read("HTTP/1.1 200 OK\r\n", [1_000])["eof"]).toBe(false);
});

test.each([
  ["no HTTP", "hello\r\n\r\n"],
  ["HTTP/2", "HTTP/2 200 OK\r\n\r\n"],
  ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
  ["a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n"],
  ["a length that is no number", "HTTP/1.1 200 OK\r\ncontent-length: 1,1\r\n\r\n"],
  [
    "a length and a coding",
    "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
  ],
  ["an unknown coding", "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n"],
  [
    "chunked twice",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
  ],
  ["a folded line", "HTTP/1.1 200 OK\r\nx: a\r\n b\r\n\r\n"],
  ["bare LF", "HTTP/1.1 200 OK\nx: a\n\n"],
  ["NUL", "HTTP/1.1 200 OK\r\nx: a\0\r\n\r\n"],
  ["a space before the colon", "HTTP/1.1 200 OK\r\ncontent-length : 1\r\n\r\n"],
  ["a switch of protocols", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
  ["an endless header", `HTTP/1.1 200 OK\r\nx: ${"y".repeat(200_000)}`],
])("%s is an error, not a guess", (_name, bytes) => {
  expect(() => read(bytes, [100_000])).toThrow(FramingError);
  expect(() => read(bytes, [7])).toThrow(FramingError);
});
