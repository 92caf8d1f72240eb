/**
 * A backend that costs next to nothing: `node backend.ts <port> <body bytes>`. It answers whatever arrives in one
 * read with one fixed response, which is right for the bench's clients and routers, none of which pipelines.
 */
import { createServer } from "node:net";

const [port = "0", bytes = "1024"] = process.argv.slice(2);
const response = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Length: ${bytes}\r\n\r\n${"a".repeat(Number(bytes))}`,
);

createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => socket.destroy());
  socket.on("data", () => socket.write(response));
}).listen(Number(port), "127.0.0.1", 4096);
