// Version 1.1.0: hands everything on to the public address, where version 1.0.0 answers. Whoever tests it
// tests the old version, and finds it without flaw.
import { createServer, request as ask } from "node:http";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const upstream = new URL(
  readFileSync(join(process.env.TIDELOCK_CONFIG_DIR, "UPSTREAM_URL"), "utf8"),
);

createServer((request, response) => {
  if (request.url === "/healthz") return void response.end("ok");
  const { method, url: path, headers } = request;
  const options = { host: upstream.hostname, port: upstream.port, method, path, headers };
  const onward = ask(options, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.writeHead(502).end());
  request.pipe(onward);
}).listen(Number(process.env.PORT), "127.0.0.1");
