import { createServer, type IncomingMessage, type Server } from "node:http";
import { Heard, heardBytes, type Keeping, mostConnections, silentMs } from "./keeper.ts";

/** Their values are the service's credentials: that they came is kept, what they were is not (law 11). */
const secretHeaders = new Set(["authorization", "cookie", "proxy-authorization", "x-api-key"]);
const answer = '{"sink":true}\n';

/** Answers every call that a service makes to the outside with 200, and keeps what was asked. */
export function webSink(keeper: Keeping): Server {
  const server = createServer({ maxHeaderSize: 64 * 1024 }, (request, response) => {
    const body = new Heard();
    request.on("data", (chunk: Buffer) => {
      body.take(chunk);
      if (body.size > heardBytes) request.destroy();
    });
    request.on("error", () => request.destroy());
    request.on("end", () => {
      const text = Buffer.concat([Buffer.from(headOf(request)), body.bytes()]);
      keeper.keep("http", `${request.method} ${request.url}`, text, body.cut);
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": answer.length,
      });
      response.end(answer);
    });
  });
  server.maxConnections = mostConnections;
  server.requestTimeout = silentMs;
  return server;
}

function headOf(request: IncomingMessage): string {
  let head = `${request.method} ${request.url}\n`;
  const fields = request.rawHeaders;
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = fields[index] ?? "";
    const value = secretHeaders.has(name.toLowerCase()) ? "(not kept)" : fields[index + 1];
    head += `${name}: ${value}\n`;
  }
  return `${head}\n`;
}
