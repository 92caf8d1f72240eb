import { createServer } from "node:http";
import { headers } from "./headers.mjs";

createServer((request, response) => {
  const found = request.url === "/" && (request.method === "GET" || request.method === "HEAD");
  const version = { "x-page-version": process.env.TIDELOCK_VERSION };
  response.writeHead(found ? 200 : 404, { "content-type": "text/html", ...headers, ...version });
  response.end(found ? "<!doctype html><title>A page</title>" : "no such page");
}).listen(Number(process.env.PORT), "127.0.0.1");
