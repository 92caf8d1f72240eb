import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { items } from "./lib/catalogue.js";
import { readSettings } from "./lib/settings.js";

// A process that listens to nobody: every few seconds it picks the next offer and keeps count on disk.
const settings = readSettings();
const file = join(settings.stateDir, "offer.json");
mkdirSync(settings.stateDir, { recursive: true });

function picked() {
  try {
    return JSON.parse(readFileSync(file, "utf8")).picked;
  } catch {
    return 0;
  }
}

function pick() {
  const count = picked() + 1;
  const offer = items[count % items.length].id;
  // A reader sees the old file or the new one, never half of one.
  writeFileSync(`${file}.${process.pid}`, JSON.stringify({ picked: count, offer }));
  renameSync(`${file}.${process.pid}`, file);
  console.log(`offer ${count}: ${offer}`);
}

pick();
const timer = setInterval(pick, 5_000);
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => clearInterval(timer));
