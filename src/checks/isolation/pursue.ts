import { setTimeout as sleep } from "node:timers/promises";
import { TidelockError } from "../../model/errors.ts";
import type { Slot } from "../../model/primitives.ts";
import type { SinkMessage } from "../../ports/host-agent-tests.ts";
import type { CheckContext } from "../../ports/check.ts";
import { describeFailure, exchange } from "../exchange.ts";
import { type TargetAddress, targetsOf } from "../targets.ts";
import { bodyOf, fillMarker, holdsMarker, newMarker } from "./marker-text.ts";
import { look, nameOf, originOf } from "./probe-side.ts";
import type { IsolationConfiguration, Marker } from "./schema.ts";

/** What became of one marker, sent to one instance. */
export interface Sent {
  readonly name: string;
  readonly declared: Marker;
  readonly target: TargetAddress;
  readonly marker: string;
  /** Why the service was not even made to send it. */
  refused: string | null;
  arrived: string | null;
}

export interface Pursuit {
  readonly sent: readonly Sent[];
  /** Marker's kind and the live read that showed it. */
  readonly escaped: readonly { readonly name: string; readonly where: string }[];
  /** Reads of the live side that showed nothing at all, so that nothing follows from them. */
  readonly blind: readonly string[];
  /** Reads that ask a live colour that there is not yet. */
  readonly skipped: number;
  readonly requests: number;
}

const pollMs = 250;

/** Sends every marker, follows it to where it arrives, and watches the live side all the while. */
export async function pursue(
  context: CheckContext,
  slot: Slot,
  configuration: IsolationConfiguration,
): Promise<Pursuit> {
  const live = new LiveSide(context, configuration);
  // Before anything is sent: a read that shows nothing now would show nothing later either.
  await live.watch([]);
  let cursor = await lastSequence(context, slot);
  const sent: Sent[] = [];
  for (const target of targetsOf(context, configuration.through)) {
    for (const [name, declared] of Object.entries(configuration.markers)) {
      sent.push(await send(context, configuration, { name, declared, target }));
    }
  }
  live.requests += sent.length;
  const open = (): Sent[] => sent.filter((one) => one.refused === null && one.arrived === null);
  const deadline = performance.now() + configuration.arriveMs;
  while (open().length > 0 && performance.now() < deadline) {
    const read = await context.agent.call("sink.read", { slot, after: cursor, limit: 200 });
    cursor = read.next;
    for (const one of open()) one.arrived = inSink(one, read.messages);
    for (const one of open()) one.arrived = await atProbe(context, configuration, one);
    await live.watch(sent);
    if (open().length > 0) await sleep(pollMs, undefined, { signal: context.signal });
  }
  const settled = performance.now() + configuration.settleMs;
  do {
    await live.watch(sent);
    const left = settled - performance.now();
    if (left > 0) await sleep(Math.min(left, 1_000), undefined, { signal: context.signal });
  } while (performance.now() < settled);
  await live.watch(sent);
  return {
    sent,
    escaped: [...live.escaped.values()],
    blind: [...live.blind],
    skipped: live.skipped,
    requests: live.requests,
  };
}

async function lastSequence(context: CheckContext, slot: Slot): Promise<number> {
  for (let after = 0; ;) {
    const read = await context.agent.call("sink.read", { slot, after, limit: 500 });
    if (read.next === after) return after;
    after = read.next;
  }
}

async function send(
  context: CheckContext,
  configuration: IsolationConfiguration,
  wanted: Pick<Sent, "name" | "declared" | "target">,
): Promise<Sent> {
  const marker = newMarker();
  const { trigger } = wanted.declared;
  const { target } = wanted;
  const sent: Sent = { ...wanted, marker, refused: null, arrived: null };
  const body = bodyOf(trigger, marker);
  const type = trigger.json === undefined ? {} : { "content-type": "application/json" };
  const headers = Object.fromEntries(
    Object.entries(trigger.headers).map(([key, value]) => [key, fillMarker(value, marker)]),
  );
  try {
    const answer = await exchange({
      origin: target.origin,
      path: fillMarker(trigger.path, marker),
      method: trigger.method,
      headers: { ...type, ...headers, ...target.headers },
      ...(body === undefined ? {} : { body }),
      timeoutMs: configuration.timeoutMs,
      maxBodyBytes: 64 * 1024,
      signal: context.signal,
    });
    const { status } = trigger;
    const good = status === undefined ? answer.status < 400 : answer.status === status;
    if (!good) sent.refused = `${trigger.method} ${trigger.path} answered ${answer.status}`;
  } catch (error) {
    context.signal.throwIfAborted();
    sent.refused = `${trigger.method} ${trigger.path}: ${describeFailure(error)}`;
  }
  return sent;
}

function inSink({ declared, marker }: Sent, messages: readonly SinkMessage[]): string | null {
  if (declared.sink === undefined) return null;
  const found = messages.find(
    ({ sink, summary, text }) =>
      sink === declared.sink && (holdsMarker(summary, marker) || holdsMarker(text, marker)),
  );
  return found === undefined ? null : `the sink ${declared.sink}`;
}

async function atProbe(
  context: CheckContext,
  configuration: IsolationConfiguration,
  { declared, target, marker }: Sent,
): Promise<string | null> {
  const { arrives } = declared;
  if (arrives === undefined) return null;
  const own = arrives.url === undefined;
  const at = { origin: originOf(arrives, target.origin), headers: own ? target.headers : {} };
  const seen = await look(context, arrives, at, [marker], configuration.timeoutMs);
  return seen.kind === "seen" && seen.markers.length > 0 ? nameOf(arrives) : null;
}

/** The reads of the live side. They carry neither the scan's mark nor the tester's credential. */
class LiveSide {
  readonly escaped = new Map<string, { name: string; where: string }>();
  readonly blind = new Set<string>();
  skipped = 0;
  requests = 0;
  readonly #context: CheckContext;
  readonly #configuration: IsolationConfiguration;

  constructor(context: CheckContext, configuration: IsolationConfiguration) {
    this.#context = context;
    this.#configuration = configuration;
  }

  async watch(sent: readonly Sent[]): Promise<void> {
    this.skipped = 0;
    for (const probe of Object.values(this.#configuration.markers).flatMap(({ live }) => live)) {
      const origin = this.#originOf(probe);
      if (origin === null) {
        this.skipped += 1;
        continue;
      }
      this.requests += 1;
      const markers = sent.map(({ marker }) => marker);
      const { timeoutMs } = this.#configuration;
      const seen = await look(this.#context, probe, { origin, headers: {} }, markers, timeoutMs);
      if (seen.kind === "blind") this.blind.add(seen.why);
      else for (const marker of seen.markers) this.#escapes(sent, marker, nameOf(probe));
    }
  }

  /** Null where a live colour is asked and there is none: then there is no live side of it to harm. */
  #originOf(probe: Marker["live"][number]): string | null {
    if (probe.url !== undefined) return originOf(probe, "");
    const { live, route } = this.#context;
    if (live === null || live === undefined) return null;
    if (route !== null) return route;
    throw new TidelockError("unsupported", "without a route the live colour cannot be asked", {
      fault: "operator",
      where: "with.markers.*.live",
      hint: "use `url`, or give the environment a router",
    });
  }

  #escapes(sent: readonly Sent[], marker: string, where: string): void {
    const name = sent.find((one) => one.marker === marker)?.name ?? "";
    this.escaped.set(`${name} ${where}`, { name, where });
  }
}
