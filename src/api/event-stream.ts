/** One event of a stream as it arrived (HTML Standard 9.2.6); `id` is the last one seen so far. */
export interface ReceivedEvent {
  readonly id: string | null;
  readonly event: string;
  readonly data: string;
}

/** Longest line taken: a server that never ends one cannot fill our memory. */
const maxLine = 1_000_000;

/**
 * Parses `text/event-stream`. Comments and events without data yield nothing, but an id among them counts:
 * it is told through `onId`. Throws a `TypeError` on a line over a million characters.
 */
export async function* parseEventStream(
  chunks: AsyncIterable<Uint8Array>,
  onId: (id: string) => void = () => {},
): AsyncGenerator<ReceivedEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  let id: string | null = null;
  let event = "message";
  let data: string[] = [];
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    if (rest.length > maxLine) throw new TypeError("a line of the event stream is too long");
    for (const line of lines) {
      if (line === "") {
        if (id !== null) onId(id);
        if (data.length > 0) yield { id, event, data: data.join("\n") };
        event = "message";
        data = [];
        continue;
      }
      const colon = line.indexOf(":");
      const name = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (name === "id" && !value.includes("\0")) id = value;
      else if (name === "event") event = value;
      else if (name === "data") data.push(value);
    }
  }
}
