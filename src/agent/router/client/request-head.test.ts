import fc from "fast-check";
import { expect, test } from "vitest";
import { parseRequestHead, type ClientInfo, type RequestHead } from "./request-head.ts";

const client: ClientInfo = { address: "192.0.2.1", trusted: false, secure: false };

function parse(text: string, who = client): RequestHead {
  const head = parseRequestHead(text, who, () => "id-1");
  if (head.kind === "refusal") throw new Error(`${head.status} ${head.code}`);
  return head;
}

test("what is ours replaces what the client claims; everything else passes byte for byte", () => {
  const head = parse(
    "GET /a?b HTTP/1.1\r\nHost: shop\r\nX-Forwarded-For: 1.1.1.1\r\nAccept:  */*\r\nCookie: a=b;c=\xe9\r\nX-Last: z",
  );
  expect(head.text).toBe(
    "GET /a?b HTTP/1.1\r\nhost: shop\r\nAccept:  */*\r\nCookie: a=b;c=\xe9\r\nX-Last: z\r\n" +
      "x-forwarded-for: 192.0.2.1\r\nx-forwarded-proto: http\r\nx-forwarded-host: shop\r\n" +
      "x-request-id: id-1\r\nvia: 1.1 tidelock\r\n",
  );
});

test("an IPv6 proxy is quoted in Forwarded (RFC 7239 section 6)", () => {
  const proxy = { address: "2001:db8::1", trusted: true, secure: true };
  const head = parse("GET / HTTP/1.1\r\nHost: shop\r\nForwarded: for=_x", proxy);
  expect(head.text).toContain('forwarded: for=_x, for="[2001:db8::1]";host="shop";proto=https\r\n');
});

test("an empty line that the caller left in is refused, not sent on", () => {
  const head = parseRequestHead("GET / HTTP/1.1\r\nHost: shop\r\na:\r\n", client, () => "id-1");
  expect(head.kind).toBe("refusal");
});

test("no request adds a line of its own to what is sent", () => {
  const piece = fc.constantFrom(
    "\r",
    "\n",
    "\r\n",
    ":",
    " ",
    "\0",
    "a",
    "Host: x",
    "X-Forwarded-For: 6.6.6.6",
    "x_forwarded_for: 6.6.6.6",
    "Content-Length: 3",
    "Transfer-Encoding: chunked",
    "\t",
    "é",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.boolean(), (pieces, trusted) => {
      const text = `GET / HTTP/1.1\r\nHost: shop\r\n${pieces.join("")}`;
      const head = parseRequestHead(text, { ...client, trusted }, () => "id-1");
      if (head.kind === "refusal") return;
      const lines = head.text.split("\r\n").slice(1, -1);
      for (const line of lines) {
        expect(line).toMatch(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\r\n\0]*$/);
        expect(line).not.toMatch(/^(content-length|transfer-encoding|connection)/i);
      }
      expect(lines.filter((line) => /^host:/i.test(line))).toEqual(["host: shop"]);
      const forwarded = lines.filter((line) => /^x[-_]forwarded[-_]for:/i.test(line));
      expect(forwarded).toHaveLength(1);
      if (!trusted) expect(forwarded).toEqual(["x-forwarded-for: 192.0.2.1"]);
    }),
    { numRuns: 2_000 },
  );
});

test("Upgrade is followed only where it is asked for, alone and not to another HTTP", () => {
  const upgrade = (fields: string): string | null =>
    parse(`GET / HTTP/1.1\r\nHost: shop\r\n${fields}`).upgrade;
  expect(upgrade("Connection: Upgrade\r\nUpgrade: websocket")).toBe("websocket");
  expect(upgrade("Connection: keep-alive, upgrade\r\nUpgrade: chat/2")).toBe("chat/2");
  expect(upgrade("Upgrade: websocket")).toBeNull();
  expect(upgrade("Connection: upgrade\r\nUpgrade: h2c")).toBeNull();
  expect(upgrade("Connection: upgrade\r\nUpgrade: HTTP/2.0")).toBeNull();
  expect(upgrade("Connection: upgrade\r\nUpgrade: websocket, h2c")).toBeNull();
  expect(upgrade("Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 1")).toBeNull();
});

test("keeping the connection follows the version and Connection", () => {
  const keeps = (version: string, fields: string): boolean =>
    parse(`GET / HTTP/${version}\r\nHost: shop${fields}`).keepAlive;
  expect(keeps("1.1", "")).toBe(true);
  expect(keeps("1.1", "\r\nConnection: close")).toBe(false);
  expect(keeps("1.1", "\r\nConnection: Keep-Alive, Close")).toBe(false);
  expect(keeps("1.0", "")).toBe(false);
  expect(keeps("1.0", "\r\nConnection: keep-alive")).toBe(true);
});
