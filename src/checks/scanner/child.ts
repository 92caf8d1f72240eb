import { writeSync } from "node:fs";
import { asTidelockError } from "../../model/errors.ts";
import { printable } from "../../model/printable.ts";
import { BlockReader } from "../../tree/block-reader.ts";
import { ScanOrder } from "./protocol.ts";
import type { Scanner } from "./scanner.ts";
import { walkArchive } from "./walk-archive.ts";

const maxOrderBytes = 4 * 1024 * 1024;

/**
 * The child's whole life: read the order, read the tree, answer, end. Started by `runScan` with Node's
 * permission model on; whatever goes wrong is one line on stderr and exit code 1, which is never a pass.
 */
export async function serveScan(scanner: Scanner): Promise<void> {
  try {
    const stream = process.stdin as AsyncIterable<Uint8Array>;
    const reader = new BlockReader(stream);
    const order = await readOrder(reader);
    const pass = scanner.begin(scanner.options.parse(order.options));
    const reply = await walkArchive(rest(reader), order, pass, (path) => {
      writeSync(2, `at ${printable(path, 300)}\n`);
    });
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(JSON.stringify(reply), (error) => (error ? reject(error) : resolve()));
    });
  } catch (error) {
    writeSync(2, `failed: ${printable(asTidelockError(error).message, 500)}\n`);
    process.exitCode = 1;
  }
}

async function readOrder(reader: BlockReader): Promise<ScanOrder> {
  const length = (await reader.take(4))?.readUInt32BE(0) ?? 0;
  if (length === 0 || length > maxOrderBytes) throw new Error("no order came");
  const bytes = await reader.take(length);
  if (!bytes) throw new Error("the order was cut off");
  return ScanOrder.parse(JSON.parse(bytes.toString("utf8")));
}

async function* rest(reader: BlockReader): AsyncGenerator<Uint8Array> {
  for (let part = await reader.some(65_536); part; part = await reader.some(65_536)) yield part;
}
