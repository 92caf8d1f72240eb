import { createServer, type Server } from "node:net";
import { Heard, heardBytes, type Keeping, mostConnections, silentMs } from "./keeper.ts";

/** Takes whatever is sent over TCP (a queue's client, a log shipper) and answers nothing. */
export function streamSink(keeper: Keeping): Server {
  const server = createServer((socket) => {
    const heard = new Heard();
    let kept = 0;
    /** As it comes: a queue's client keeps its connection open for ever. */
    const keep = (): void => {
      const bytes = heard.bytes().subarray(kept);
      if (bytes.length === 0) return;
      kept += bytes.length;
      keeper.keep("tcp", `${bytes.length} bytes`, bytes, heard.cut);
    };
    socket.setTimeout(silentMs, () => socket.destroy());
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => {
      heard.take(chunk);
      keep();
      if (heard.size > heardBytes) socket.destroy();
    });
  });
  server.maxConnections = mostConnections;
  return server;
}
