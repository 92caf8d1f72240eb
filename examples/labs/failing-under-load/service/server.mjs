import { createServer } from "node:http";
import { query } from "./pool.mjs";

createServer(async (request, response) => {
  response.setHeader("x-page-version", process.env.TIDELOCK_VERSION);
  if (request.url === "/healthz") return void response.end("ok");
  response.end(`a page with ${await query()} offers`);
}).listen(Number(process.env.PORT), "127.0.0.1");
