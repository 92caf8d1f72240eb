import { useSyncExternalStore } from "react";
import { parseEventStream } from "../../../src/api/event-stream.ts";
import type { EventView } from "../../../src/api/views.ts";
import { ApiError, send } from "./call.ts";
import { queryClient } from "./queries.ts";

/**
 * The line to the server, one for the whole page.
 *
 *   connecting -> live <-> stale      (stale: what is shown may be old, since then)
 *        \-> stale                    paused: the tab is hidden
 *        \-> refused                  (the server answers, and no role lets one see anything)
 *
 * A browser allows six HTTP/1.1 connections a host over all tabs, so a hidden tab gives its line back.
 */
export type LiveState =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "stale"; readonly since: Date }
  | { readonly kind: "refused" }
  | { readonly kind: "paused" };

/** The server speaks every 10 s; after this long without a byte the line is dead. */
const silenceMs = 25_000;
const longestPauseMs = 5_000;
/** Many events in a row make one refresh. */
const gatherMs = 150;

let state: LiveState = { kind: "connecting" };
const listeners = new Set<() => void>();

export function useLive(): LiveState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}

/** Follows the events until the returned function is called. */
export function startLive(): () => void {
  const ended = new AbortController();
  let line: AbortController | null = null;
  let last: string | null = null;

  const follow = () => {
    line?.abort();
    if (document.hidden) return set({ kind: "paused" });
    line = new AbortController();
    set({ kind: "connecting" });
    void followLine(AbortSignal.any([ended.signal, line.signal]), last, (id) => (last = id));
  };
  document.addEventListener("visibilitychange", follow, { signal: ended.signal });
  follow();
  return () => ended.abort();
}

async function followLine(
  signal: AbortSignal,
  resume: string | null,
  onId: (id: string) => void,
): Promise<void> {
  let last = resume;
  let heardAt = new Date();
  for (let failures = 0; !signal.aborted; failures += 1) {
    const silence = new AbortController();
    let refused = false;
    let timer = setTimeout(() => silence.abort(), silenceMs);
    try {
      const headers: Record<string, string> = last === null ? {} : { "last-event-id": last };
      const lineSignal = AbortSignal.any([signal, silence.signal]);
      const response = await send("/api/v1/events", { signal: lineSignal, headers });
      // Whatever happened while there was no line is fetched whole.
      void queryClient.invalidateQueries();
      failures = 0;
      set({ kind: "live" });
      const bytes = chunks(response, () => {
        heardAt = new Date();
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), silenceMs);
      });
      const remember = (id: string) => {
        last = id;
        onId(id);
      };
      for await (const event of parseEventStream(bytes, remember)) {
        if (event.event === "message") refresh(JSON.parse(event.data) as EventView);
      }
    } catch (error) {
      // Cut or silent: the loop tries again, and the page says since when it is old. Refused: a role may come.
      refused = error instanceof ApiError && error.status === 403;
    } finally {
      clearTimeout(timer);
      silence.abort();
    }
    if (signal.aborted) return;
    set(refused ? { kind: "refused" } : { kind: "stale", since: heardAt });
    await pause(Math.min(250 * 2 ** failures, longestPauseMs), signal);
  }
}

async function* chunks(response: Response, onChunk: () => void): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  for (;;) {
    const read = await reader?.read();
    if (read === undefined || read.done) return;
    onChunk();
    yield read.value;
  }
}

const changed = new Set<string>();
let gathering = false;

function refresh(event: EventView): void {
  if (event.promotion !== null) changed.add(event.promotion);
  if (gathering) return;
  gathering = true;
  setTimeout(() => {
    gathering = false;
    const promotions = [...changed];
    changed.clear();
    for (const name of [
      "status",
      "promotions",
      "deployments",
      "trace",
      "approvals",
      "approval",
      "break-glass",
    ]) {
      void queryClient.invalidateQueries({ queryKey: [name] });
    }
    for (const id of promotions) {
      void queryClient.invalidateQueries({ queryKey: ["promotion", id] });
    }
  }, gatherMs);
}

function set(next: LiveState): void {
  // The first moment of a loss stays, however often the line is tried again.
  if (next.kind === "stale" && state.kind === "stale") return;
  if (next.kind === "connecting" && state.kind === "stale") return;
  state = next;
  for (const listener of listeners) listener();
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
