import { fstatSync, writeSync } from "node:fs";
import type { SinkKind } from "../../../model/sinks.ts";
import { printable } from "../../../model/printable.ts";

/** Kept of one message; whoever sends more is heard to the end and cut. */
export const keptBytes = 16 * 1024;
/** Heard of one message; then the sender is refused. */
export const heardBytes = 4 * 1024 * 1024;
/** Connections at a time, of one sink. */
export const mostConnections = 128;
/** A sender that says nothing for so long is cut off. Milliseconds. */
export const silentMs = 30_000;
/** Room for everything that the sinks of one deployment keep. */
const roomBytes = 32 * 1024 * 1024;

/** Where a sink leaves what arrived. */
export interface Keeping {
  keep(sink: SinkKind, summary: string, body: Buffer, cut: boolean): void;
}

/** Writes what arrived, one JSON object a line, to a file that the agent has opened for us. */
export class Keeper implements Keeping {
  readonly #file: number;
  #size: number;
  #full = false;

  constructor(file: number) {
    this.#file = file;
    this.#size = fstatSync(file).size;
  }

  ready(): void {
    this.#write({ ready: true });
  }

  keep(sink: SinkKind, summary: string, body: Buffer, cut: boolean): void {
    this.#write({
      at: new Date().toISOString(),
      sink,
      summary: printable(summary, 300),
      text: body.subarray(0, keptBytes).toString("utf8").toWellFormed(),
      truncated: cut || body.length > keptBytes,
    });
  }

  #write(line: object): void {
    if (this.#full) return;
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    if (this.#size + bytes.length > roomBytes) {
      this.#full = true;
      this.#put(Buffer.from('{"full":true}\n'));
      return;
    }
    this.#put(bytes);
  }

  #put(bytes: Buffer): void {
    this.#size += bytes.length;
    try {
      // Synchronous, so that what the sender was told is kept is kept.
      writeSync(this.#file, bytes);
    } catch {
      // A full disk: the marker is then not found, which is no proof and no pass.
      this.#full = true;
    }
  }
}

/** Collects the first bytes of a stream and counts the rest. */
export class Heard {
  readonly #chunks: Buffer[] = [];
  size = 0;

  take(chunk: Buffer): void {
    const room = keptBytes - this.size;
    if (room > 0) this.#chunks.push(chunk.subarray(0, room));
    this.size += chunk.length;
  }

  get cut(): boolean {
    return this.size > keptBytes;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
