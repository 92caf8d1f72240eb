import type { Engine } from "../../engine.ts";

/** So many reports are taken in by one server at once. */
const atOnce = 3;

interface Queue {
  running: number;
  readonly waiting: (() => void)[];
}

const queues = new WeakMap<Engine, Queue>();

/** Waits for one of a few places; who came first goes first. The place is free again when what is answered is disposed. */
export async function turnOf(engine: Engine): Promise<Disposable> {
  const queue = queues.get(engine) ?? { running: 0, waiting: [] };
  queues.set(engine, queue);
  if (queue.running >= atOnce) await new Promise<void>((resolve) => queue.waiting.push(resolve));
  else queue.running += 1;
  return {
    [Symbol.dispose]() {
      // The place goes over to the next one; nobody comes in between.
      const next = queue.waiting.shift();
      if (next) next();
      else queue.running -= 1;
    },
  };
}
