import { readFile } from "node:fs/promises";
import { z } from "zod";
import { SinkKind } from "../../model/sinks.ts";
import type { SinkMessage } from "../../ports/host-agent-tests.ts";

const Line = z.object({
  at: z.string(),
  sink: SinkKind,
  summary: z.string().max(2_000),
  text: z.string().max(64 * 1024),
  truncated: z.boolean(),
});

/** One answer stays well below the protocol's longest frame. */
const mostText = 1024 * 1024;

export interface Messages {
  readonly messages: readonly SinkMessage[];
  readonly next: number;
  readonly full: boolean;
}

/**
 * Messages after a sequence number, which is their place in the file. A line that was cut by a crash, or
 * that is none of ours, keeps its number and is left out.
 */
export async function readMessages(path: string, after: number, limit: number): Promise<Messages> {
  const text = await readFile(path, "utf8").catch(() => "");
  const lines = text.split("\n").slice(0, -1);
  const messages: SinkMessage[] = [];
  let next = after;
  let size = 0;
  for (const [index, line] of lines.entries()) {
    const sequence = index + 1;
    if (sequence <= after) continue;
    const parsed = parse(line);
    size += line.length;
    if (parsed !== null && (messages.length >= limit || size > mostText)) break;
    next = sequence;
    if (parsed !== null) messages.push({ sequence, ...parsed });
  }
  return { messages, next, full: lines.includes('{"full":true}') };
}

function parse(line: string): z.infer<typeof Line> | null {
  try {
    return Line.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

/**
 * Whether the program said, at least once, that all its ports are open.
 *
 * @param from place in the file in bytes, not in characters: what stands before it came from an earlier start
 */
export async function saidReady(path: string, from: number): Promise<boolean> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0));
  return bytes.subarray(from).toString("utf8").split("\n").includes('{"ready":true}');
}
