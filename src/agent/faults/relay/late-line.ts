import type { Socket } from "node:net";

/** Kept back of one connection; its sender then waits. Bytes. */
const room = 1024 * 1024;

/** How long a piece was really kept; `lost`: until its connection was gone. Not told of one that went before its time. */
type Gone = (ms: number, how: "late" | "lost") => void;

interface Kept {
  /** Null: the sender is done. */
  readonly piece: Buffer | null;
  readonly cameAt: number;
  readonly dueAt: number;
  readonly gone: Gone;
}

/** Hands pieces on in their order, each no sooner than it is due. */
export class LateLine {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #kept: Kept[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(from: Socket, to: Socket) {
    this.#from = from;
    this.#to = to;
    to.once("close", () => this.#clear());
    to.on("drain", () => this.#resume());
  }

  push(piece: Buffer, keepMs: number, gone: Gone): void {
    this.#bytes += piece.length;
    this.#add(piece, keepMs, gone);
    if (this.#bytes > room || this.#to.writableNeedDrain) this.#from.pause();
  }

  end(): void {
    this.#add(null, 0, () => undefined);
  }

  /** Everything at once. */
  flush(): void {
    this.#hand(Number.POSITIVE_INFINITY);
  }

  #add(piece: Buffer | null, keepMs: number, gone: Gone): void {
    const cameAt = performance.now();
    const before = this.#kept.at(-1)?.dueAt ?? 0;
    this.#kept.push({ piece, cameAt, dueAt: Math.max(before, cameAt + keepMs), gone });
    if (keepMs === 0) this.#hand(performance.now());
    else this.#wait();
  }

  #wait(): void {
    const next = this.#kept[0];
    if (this.#timer !== null || next === undefined) return;
    // A timer of Node's may come a millisecond early: what is added is never less than was asked for.
    const ms = Math.max(0, Math.ceil(next.dueAt - performance.now()) + 1);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#hand(performance.now());
    }, ms);
  }

  #hand(until: number): void {
    for (
      let next = this.#kept[0];
      next !== undefined && next.dueAt <= until;
      next = this.#kept[0]
    ) {
      this.#kept.shift();
      if (next.piece === null) this.#to.end();
      else {
        this.#bytes -= next.piece.length;
        this.#to.write(next.piece);
        const now = performance.now();
        if (now >= next.dueAt) next.gone(now - next.cameAt, "late");
      }
    }
    this.#resume();
    this.#wait();
  }

  #resume(): void {
    if (this.#bytes <= room && !this.#to.writableNeedDrain) this.#from.resume();
  }

  #clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const { gone, cameAt } of this.#kept) gone(performance.now() - cameAt, "lost");
    this.#kept.length = 0;
  }
}
