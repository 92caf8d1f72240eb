import { writeSync } from "node:fs";
import { Generation } from "./generate.ts";
import { LoadOrder, maxOrderBytes } from "./protocol.ts";

/**
 * The process that makes the load: reads its order, sends, answers, ends. Whatever goes wrong is one line on stderr
 * and an exit code that is not 0. It ends with the server that started it, however that ended: its standard
 * input closes then.
 */
async function main(): Promise<void> {
  const order = LoadOrder.parse(JSON.parse(await firstLine()));
  const reply = await new Generation(order).run();
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(JSON.stringify(reply), (error) => (error ? reject(error) : resolve()));
  });
}

function firstLine(): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    process.stdin.on("data", (chunk: Buffer) => {
      parts.push(chunk);
      size += chunk.length;
      if (size > maxOrderBytes) reject(new Error("the order is too long"));
      if (chunk.includes(0x0a)) resolve(Buffer.concat(parts).toString("utf8"));
    });
    const gone = () => process.exit(3);
    process.stdin.once("end", gone);
    process.stdin.once("error", gone);
  });
}

try {
  await main();
  process.exit(0);
} catch (error) {
  writeSync(2, `failed: ${error instanceof Error ? error.message.slice(0, 500) : "unknown"}\n`);
  process.exit(1);
}
