// A small order desk. Everybody sees their own orders. Version 1.0.0.
import { createServer } from "node:http";
import { connect } from "node:net";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mayRead } from "./access.mjs";

const setting = (key) => {
  const file = join(process.env.TIDELOCK_CONFIG_DIR, key);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
};
const rowsFile = join(process.env.TIDELOCK_STATE_DIR, "orders.json");
const people = { "ann-token": "ann", "bob-token": "bob" };
const first = [{ id: 1, customer: "ann", item: "storm lantern", email: "ann@shop.invalid" }];
const rows = () => (existsSync(rowsFile) ? JSON.parse(readFileSync(rowsFile, "utf8")) : first);

/** What the desk answers to (OpenAPI 3.1). */
const description = JSON.parse(readFileSync(new URL("openapi.json", import.meta.url), "utf8"));

/** The least of SMTP (RFC 5321): enough to say thank you. */
function mail(to, text) {
  const { hostname, port } = new URL(setting("SMTP_URL"));
  const lines = [
    "EHLO shop.invalid",
    "MAIL FROM:<desk@shop.invalid>",
    `RCPT TO:<${to}>`,
    "DATA",
    `Subject: Your order\r\n\r\n${text}\r\n.`,
    "QUIT",
  ];
  const socket = connect(Number(port), hostname);
  socket.on("error", () => console.error("the mail was not sent"));
  socket.on("data", () => {
    const line = lines.shift();
    if (line === undefined) socket.end();
    else socket.write(`${line}\r\n`);
  });
}

async function order(request, who) {
  let text = "";
  for await (const part of request) text += part;
  const { item, email } = JSON.parse(text);
  if (!/^[\w .-]{1,60}$/.test(item) || !/^[\w.-]+@[\w.-]+$/.test(email)) return [400, {}];
  const all = rows();
  const made = { id: all.length + 1, customer: who, item, email };
  writeFileSync(rowsFile, JSON.stringify([...all, made]));
  mail(email, `Thank you for ordering ${item}.`);
  return [201, made];
}

async function answer(request) {
  const who = people[(request.headers.authorization ?? "").replace("Bearer ", "")] ?? null;
  const { pathname } = new URL(request.url, "http://x");
  if (pathname === "/healthz") return [200, { ok: true }];
  if (pathname === "/openapi.json") return [200, description];
  if (who === null) return [401, { error: "sign in" }];
  if (pathname === "/me") return [200, { name: who }];
  if (pathname === "/orders" && request.method === "POST") return order(request, who);
  if (pathname === "/orders") return [200, rows().filter((row) => row.customer === who)];
  const id = /^\/orders\/(\d+)$/.exec(pathname)?.[1];
  const row = rows().find((one) => String(one.id) === id);
  if (row === undefined) return [404, { error: "no such order" }];
  return mayRead(who, row, setting) ? [200, row] : [403, { error: "not your order" }];
}

createServer(async (request, response) => {
  const [status, body] = await answer(request).catch(() => [400, { error: "bad request" }]);
  response.writeHead(status, {
    "content-type": "application/json",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "x-desk-version": process.env.TIDELOCK_VERSION,
  });
  response.end(JSON.stringify(body));
}).listen(Number(process.env.PORT), "127.0.0.1");
