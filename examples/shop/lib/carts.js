import { randomBytes } from "node:crypto";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { findItem } from "./catalogue.js";

const idPattern = /^[0-9a-f]{32}$/;
const maxLines = 200;

export const newCartId = () => randomBytes(16).toString("hex");
export const isCartId = (text) => idPattern.test(text ?? "");

/**
 * Carts on disk. Several instances of both colours share the folder, so that a cart is a file to which lines
 * are only ever appended: no instance overwrites another's line, a repeated request changes nothing, and a
 * line that a crash cut off is left out.
 */
export function openCarts(stateDir) {
  const fileOf = (id) => join(stateDir, "carts", id.slice(0, 2), `${id}.jsonl`);

  async function read(id) {
    const lines = await linesOf(fileOf(id));
    const counts = new Map();
    const seen = new Set();
    for (const line of lines) {
      if (seen.has(line.request)) continue;
      seen.add(line.request);
      counts.set(line.item, (counts.get(line.item) ?? 0) + line.count);
    }
    const entries = [...counts]
      .filter(([item, count]) => count > 0 && findItem(item))
      .map(([item, count]) => ({ item, count, price: findItem(item).price * count }));
    const total = entries.reduce((sum, entry) => sum + entry.price, 0);
    return { id, entries, total, requests: seen.size };
  }

  /** `request` is the client's own id of this call: sent twice, it counts once. */
  async function put(id, { item, count, request }) {
    const file = fileOf(id);
    if ((await linesOf(file)).length >= maxLines) return null;
    const line = `${JSON.stringify({ request, item, count })}\n`;
    await mkdir(join(file, ".."), { recursive: true, mode: 0o700 });
    // O_APPEND: one short write lands whole behind whatever another instance has written.
    await appendFile(file, line, { flag: "a", mode: 0o600 });
    return read(id);
  }

  return { read, put };
}

async function linesOf(file) {
  let text;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
  return text.split("\n").flatMap((line) => {
    try {
      return line === "" ? [] : [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}
