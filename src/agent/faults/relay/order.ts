import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { type RelayOrder, RelayState } from "./protocol.ts";

/** A relay answers at once or not at all. Milliseconds. */
const answerMs = 3_000;

/** Tells a relay what to do and answers what it does now; null when it does not answer. */
export async function orderRelay(control: string, order: RelayOrder): Promise<RelayState | null> {
  const socket = connect({ path: control });
  const timer = setTimeout(() => socket.destroy(new Error("no answer")), answerMs);
  try {
    socket.write(`${JSON.stringify(order)}\n`);
    const state = RelayState.safeParse(JSON.parse(await text(socket)));
    return state.data ?? null;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
