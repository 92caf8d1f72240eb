import { createServer } from "node:http";

createServer((_request, response) => {
  response.writeHead(200, { "x-page-version": process.env.TIDELOCK_VERSION });
  response.end("a page");
}).listen(Number(process.env.PORT), "127.0.0.1");
