// A guest book. It keeps its entries in its state folder. Version 1.0.0.
import { createServer } from "node:http";
import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const {
  TIDELOCK_STATE_DIR: state,
  TMPDIR: temporary,
  HOME: home,
  TIDELOCK_VERSION: version,
} = process.env;
const book = join(state, "book.txt");
const read = () => (existsSync(book) ? readFileSync(book, "utf8") : "");

export async function answer(request) {
  if (request.url === "/healthz") return "ok";
  if (request.url === "/book") return read();
  if (request.url === "/files")
    return JSON.stringify([state, temporary, home].flatMap((folder) => readdirSync(folder)));
  if (request.url === "/sign" && request.method === "POST") {
    let text = "";
    for await (const part of request) text += part;
    appendFileSync(book, `${text.slice(0, 100)}\n`);
    return "signed";
  }
  return null;
}

export function serve(...answers) {
  createServer(async (request, response) => {
    let text = null;
    for (const one of answers) text ??= await one(request);
    response.writeHead(text === null ? 404 : 200, { "x-book-version": version });
    response.end(text ?? "no such page");
  }).listen(Number(process.env.PORT), "127.0.0.1");
}
