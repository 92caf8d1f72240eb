// Version 1.0.0: answers by itself.
import { createServer } from "node:http";

createServer((request, response) => {
  response.writeHead(200, { "x-page-version": process.env.TIDELOCK_VERSION });
  response.end(request.url === "/healthz" ? "ok" : "a page without any flaw");
}).listen(Number(process.env.PORT), "127.0.0.1");
