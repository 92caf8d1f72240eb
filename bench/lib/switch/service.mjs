/**
 * The service of the switch bench: an ordinary Node program without dependencies. Every answer names the release
 * that gave it, in a header and all through the body, so that a mixed or cut one is seen.
 *
 *   GET /            1 KiB
 *   GET /long?ms=n   a body in twenty pieces over n milliseconds
 *   POST /order/id   executes an order: its id goes to a file of this process, one line each
 *   PUT /upload      answers with the SHA-256 of what it got
 *   WebSocket /ws    says its release, then echoes
 */
import { createHash } from "node:crypto";
import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const release = process.env.TIDELOCK_VERSION ?? "0";
const orders = join(process.env.TIDELOCK_STATE_DIR ?? ".", `orders-${process.pid}`);
const small = `${release};`.repeat(1024).slice(0, 1024);
const port = Number(process.env.PORT);

function answer(response, body, status = 200) {
  response.writeHead(status, { "content-length": Buffer.byteLength(body), "x-release": release });
  response.end(body);
}

function answerSlowly(response, milliseconds) {
  response.writeHead(200, { "x-release": release });
  let piece = 0;
  const timer = setInterval(() => {
    response.write(`${release}:${piece++};`.padEnd(500, "."));
    if (piece < 20) return;
    clearInterval(timer);
    response.end();
  }, milliseconds / 20);
  response.on("close", () => clearInterval(timer));
}

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://service");
  if (url.pathname === "/long") return answerSlowly(response, Number(url.searchParams.get("ms")));
  const hash = createHash("sha256");
  request.on("data", (chunk) => hash.update(chunk));
  request.on("end", () => {
    if (url.pathname === "/upload") return answer(response, hash.digest("hex"));
    if (url.pathname.startsWith("/order/")) {
      appendFileSync(orders, `${url.pathname.slice("/order/".length)}\n`);
      return answer(response, release, 201);
    }
    answer(response, small);
  });
});

/** Enough of RFC 6455 to echo whole, unfragmented messages. */
server.on("upgrade", (request, socket) => {
  const accept = createHash("sha1")
    .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  );
  socket.on("error", () => socket.destroy());
  send(socket, 1, Buffer.from(release));
  let pending = Buffer.alloc(0);
  socket.on("data", (data) => {
    pending = Buffer.concat([pending, data]);
    for (let frame = readFrame(pending); frame; frame = readFrame(pending)) {
      pending = pending.subarray(frame.size);
      if (frame.opcode === 8) {
        send(socket, 8, frame.payload.subarray(0, 2));
        socket.end();
        return;
      }
      send(socket, frame.opcode === 9 ? 10 : frame.opcode, frame.payload);
    }
  });
});

function send(socket, opcode, payload) {
  const header = Buffer.alloc(payload.length < 126 ? 2 : 4);
  header[0] = 0x80 | opcode;
  header[1] = payload.length < 126 ? payload.length : 126;
  if (payload.length >= 126) header.writeUInt16BE(payload.length, 2);
  socket.write(Buffer.concat([header, payload]));
}

function readFrame(bytes) {
  if (bytes.length < 2) return null;
  const short = bytes[1] & 0x7f;
  const header = (short === 126 ? 4 : 2) + 4;
  if (bytes.length < header) return null;
  const length = short === 126 ? bytes.readUInt16BE(2) : short;
  if (bytes.length < header + length) return null;
  const mask = bytes.subarray(header - 4, header);
  const payload = Buffer.from(bytes.subarray(header, header + length));
  for (let i = 0; i < length; i++) payload[i] ^= mask[i % 4];
  return { opcode: bytes[0] & 0x0f, payload, size: header + length };
}

server.keepAliveTimeout = 5_000;
server.listen(port, "127.0.0.1");
process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
