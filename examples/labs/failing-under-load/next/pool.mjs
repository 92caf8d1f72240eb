// Stands for a database: every query takes 30 ms, on a connection of its own as long as there is one.
import { setTimeout as sleep } from "node:timers/promises";

// "One is enough", and on the machine of whoever wrote it, it was.
const connections = 1;
const waiting = [];
let busy = 0;

export async function query() {
  if (busy >= connections) await new Promise((resolve) => waiting.push(resolve));
  else busy += 1;
  try {
    await sleep(30);
    return 7;
  } finally {
    const next = waiting.shift();
    if (next) next();
    else busy -= 1;
  }
}
