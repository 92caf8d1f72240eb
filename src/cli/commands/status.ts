import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "../../api/client.ts";
import type { LaneView } from "../../api/views.ts";
import { TidelockError } from "../../model/errors.ts";
import { defineCommand } from "../define-command.ts";
import { exit } from "../exit-codes.ts";
import { connectionOptions, flag, outputOption, optionalArgument } from "../options.ts";
import { clean } from "../terminal.ts";
import { type Column, printList } from "../output/print.ts";
import { stateWord, when } from "../output/words.ts";

const columns: readonly Column<LaneView>[] = [
  { title: "service", value: (lane) => lane.service },
  { title: "environment", value: (lane) => lane.environment },
  { title: "live", value: (lane) => live(lane) },
  { title: "colour", value: (lane) => lane.live?.colour ?? "-" },
  { title: "state", value: (lane) => liveColour(lane)?.state ?? "-" },
  { title: "instances", value: (lane) => instances(lane) },
  { title: "idle", wide: true, value: (lane) => idle(lane) },
  { title: "since", value: (lane) => when(lane.live?.since ?? null) },
  { title: "rollback until", wide: true, value: (lane) => when(lane.rollbackUntil) },
  { title: "last good", wide: true, value: (lane) => lane.lastGood?.version ?? "-" },
  { title: "evidence", value: (lane) => evidence(lane) },
  { title: "now", value: (lane) => current(lane) },
  { title: "releases may go", value: (lane) => goes(lane) },
  { title: "because", wide: true, value: (lane) => because(lane) },
  { title: "address", value: (lane) => lane.address ?? "-" },
];

function live({ live: shown }: LaneView): string {
  if (shown === null) return "-";
  return shown.banned === undefined ? shown.version : `${shown.version} (banned)`;
}

function liveColour(lane: LaneView): LaneView["colours"][number] | undefined {
  return lane.colours.find((colour) => colour.live);
}

function instances(lane: LaneView): string {
  const all = liveColour(lane)?.instances ?? [];
  return all.length === 0
    ? "-"
    : `${all.filter((instance) => instance.state === "ready").length}/${all.length}`;
}

function idle(lane: LaneView): string {
  return (
    lane.colours
      .filter((colour) => !colour.live && colour.release !== null)
      .map((colour) => `${colour.release?.version} on ${colour.colour} (${colour.state})`)
      .join(", ") || "-"
  );
}

function current(lane: LaneView): string {
  const queued = lane.queued > 0 ? `, ${lane.queued} queued` : "";
  if (lane.current === null) return queued === "" ? "-" : queued.slice(2);
  const { kind, release, state, waiting } = lane.current;
  const wait = waiting === null ? "" : ` (waits for ${waiting.who})`;
  return `${kind} of ${release.version}: ${stateWord(state)}${wait}${queued}`;
}

function because({ goes: said, live: shown }: LaneView): string {
  const ban = shown?.banned;
  const banned = ban === undefined ? [] : [`${ban.id}: what is live is banned: ${ban.reason}`];
  return [...banned, ...(said?.because ?? [])].join("; ") || "-";
}

function evidence({ evidence: found }: LaneView): string {
  if (!found) return "-";
  if (found.contradicted) return "contradicted";
  return found.stale.length === 0
    ? "stands"
    : `stale: ${found.stale.map(({ check }) => check).join(", ")}`;
}

/** What a person should know and do about the evidence of what is live. */
function* evidenceNotes({
  service,
  environment,
  live,
  evidence: found,
  glasses = [],
}: LaneView): Iterable<string> {
  for (const one of glasses) {
    const without = one.setAside.join(", ");
    yield one.usedBy === null
      ? `${one.id} in ${service}/${environment}: GLASS IS BEING BROKEN for ${one.version}, without ${without}, until ${when(one.until)} (${one.signatures} signed)`
      : `${one.id} in ${service}/${environment}: GLASS BROKEN for ${one.version} (${one.usedBy}), without ${without}; review owed by ${when(one.due)}: tidelock break-glass review ${one.id}`;
  }
  const what = `${service}@${live?.version ?? "?"} in ${environment}`;
  const { contradicted = null, stale = [] } = found ?? {};
  if (contradicted) {
    const done = contradicted.handled === null ? "" : ` (${contradicted.handled})`;
    yield `${what} is contradicted since ${when(contradicted.since)}: ${contradicted.reason}${done}; ${contradicted.next}`;
  }
  for (const { check, since, next } of stale) {
    yield `${what}: check ${check} is stale since ${when(since)}: ${next}`;
  }
}

function goes({ goes: said }: LaneView): string {
  if (said === undefined || said.open) return "yes";
  return said.until === null ? "no" : `from ${when(said.until)}`;
}

export const command = defineCommand({
  arguments: { service: optionalArgument("service", "only this one") },
  options: {
    watch: flag("-w, --watch", "show it again whenever something happens, until Ctrl-C"),
    ...connectionOptions,
    ...outputOption,
  },
  examples: ["tidelock status shop", "tidelock status -w -o wide"],
  async run(context, { args, options }) {
    const { terminal, signal } = context;
    const format = context.format(options);
    const client = context.connect(options);
    const show = async (): Promise<void> => {
      const { items, readOnly } = await client.call("status", {
        query: { service: args.service },
      });
      if (options.watch && terminal.stdout.isTTY) terminal.stdout.write("\x1b[H\x1b[2J");
      await printList(terminal, format, {
        items,
        columns,
        name: (lane) => `${lane.service}/${lane.environment}`,
        empty:
          "nothing is registered yet; start with `tidelock init` and `tidelock pipeline apply`",
      });
      if (format === "table" || format === "wide") {
        for (const note of items.flatMap((lane) => [...evidenceNotes(lane)]))
          terminal.note(clean(note));
      }
      if (readOnly !== null) {
        terminal.note(
          `this server is read-only, and this may be older than what runs: ${readOnly}; see \`tidelock ledger status\``,
        );
      }
    };
    await show();
    if (!options.watch) return exit.done;
    for await (const _ of changes(client, args.service, signal)) {
      await show().catch((error: unknown) => {
        // A server that restarts is waited for.
        if (!(error instanceof TidelockError) || !error.retryable) throw error;
        terminal.note("the server does not answer; still trying");
      });
    }
    return exit.interrupted;
  },
});

/** One tick after a burst of events, and one every five seconds in any case. */
async function* changes(
  client: Client,
  service: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<void> {
  let happened = Promise.withResolvers<void>();
  void (async () => {
    const query = service === undefined ? {} : { service };
    for await (const _ of client.events(query, signal)) happened.resolve();
  })().catch(() => undefined);
  while (!signal.aborted) {
    await Promise.race([
      happened.promise,
      pause(5_000, undefined, { signal }).catch(() => undefined),
    ]);
    await pause(200, undefined, { signal }).catch(() => undefined);
    happened = Promise.withResolvers();
    if (!signal.aborted) yield;
  }
}
