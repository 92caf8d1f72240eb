import type { CheckContext } from "../../ports/check.ts";
import { describeFailure, exchange } from "../exchange.ts";
import { holdsMarker } from "./marker-text.ts";
import type { Probe } from "./schema.ts";

const maxBodyBytes = 4 * 1024 * 1024;

/** What one read of a side showed: which markers stand in it, or why it shows nothing. */
export type Seen =
  | { readonly kind: "seen"; readonly markers: readonly string[] }
  | { readonly kind: "blind"; readonly why: string };

/** Reads once. Only a whole answer that is as expected shows that something is not there. */
export async function look(
  context: CheckContext,
  probe: Probe,
  at: { readonly origin: string; readonly headers: Readonly<Record<string, string>> },
  markers: readonly string[],
  timeoutMs: number,
): Promise<Seen> {
  try {
    const answer = await exchange({
      origin: at.origin,
      path: pathOf(probe),
      method: "GET",
      headers: { ...probe.headers, ...at.headers },
      timeoutMs,
      maxBodyBytes,
      signal: context.signal,
      ...(probe.url === undefined ? {} : { authored: { ownPorts: context.ownPorts?.() ?? [] } }),
    });
    const found = markers.filter((marker) => holdsMarker(answer.body, marker));
    if (found.length > 0) return { kind: "seen", markers: found };
    if (answer.status !== probe.status) {
      return blind(probe, `answered ${answer.status}, not ${probe.status}`);
    }
    if (answer.truncated) return blind(probe, `is longer than ${maxBodyBytes} bytes`);
    if (probe.contains !== undefined && !answer.body.includes(probe.contains)) {
      return blind(probe, `does not hold ${JSON.stringify(probe.contains)}, which is always there`);
    }
    return { kind: "seen", markers: [] };
  } catch (error) {
    context.signal.throwIfAborted();
    return blind(probe, describeFailure(error));
  }
}

function blind(probe: Probe, why: string): Seen {
  return { kind: "blind", why: `${nameOf(probe)}: ${why}` };
}

export function nameOf(probe: Probe): string {
  return probe.path ?? probe.url ?? "";
}

export function originOf(probe: Probe, own: string): string {
  return probe.url === undefined ? own : new URL(probe.url).origin;
}

function pathOf(probe: Probe): string {
  if (probe.url === undefined) return probe.path ?? "/";
  const { pathname, search } = new URL(probe.url);
  return `${pathname}${search}`;
}
