import { readFileSync } from "node:fs";

const address = readFileSync(`${process.env.TIDELOCK_CONFIG_DIR}/TILL_URL`, "utf8");

/** Whoever waits for a receipt is not kept longer than this. Milliseconds. */
const patience = 300;

export async function askTill() {
  const answer = await fetch(`${address}/receipts`, {
    headers: { connection: "close" },
    signal: AbortSignal.timeout(patience),
  });
  return answer.ok ? "a receipt" : Promise.reject(new Error(`the till says ${answer.status}`));
}
