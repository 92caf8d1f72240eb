import { createServer } from "node:http";
import { askTill } from "./till.mjs";

createServer(async (request, response) => {
  response.setHeader("x-stand-version", process.env.TIDELOCK_VERSION);
  if (request.url === "/") return response.end("fruit and vegetables\n");
  if (request.url !== "/receipt") return response.writeHead(404).end("no such page\n");
  try {
    response.end(`${await askTill()}\n`);
  } catch {
    response.end("the receipt comes by mail\n");
  }
}).listen(Number(process.env.PORT), "127.0.0.1");
