import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import { Effect, noCounts } from "./effect.ts";
import { RelayOrder, RelaySettings, type RelayState } from "./protocol.ts";
import { Relay } from "./relay.ts";

/**
 * `node main.ts <settings as JSON>`: the ways from one deployment under test to its dependencies. It goes on
 * when agent and server die, and ends a fault by itself when its time is over. What passes through it is
 * hostile: it runs as a user of its own wherever that is possible.
 */
async function main(argument: string): Promise<void> {
  const settings = RelaySettings.parse(JSON.parse(argument));
  const relays = new Map<string, Relay>();
  for (const { name, host, port, listen } of settings.dependencies) {
    const relay = new Relay({ host, port });
    relays.set(name, relay);
    relay.server.listen({ port: listen, host: settings.host, exclusive: true });
    await once(relay.server, "listening");
  }
  await listenForOrders(settings.control, new Desk(relays));
  const { user } = settings;
  if (user !== null && process.getuid?.() === 0) {
    process.setgroups?.([]);
    process.setgid?.(user);
    process.setuid?.(user);
  }
}

/** One fault at a time. */
class Desk {
  readonly #relays: ReadonlyMap<string, Relay>;
  #operation: string | null = null;
  #effect: Effect | null = null;
  #relay: Relay | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(relays: ReadonlyMap<string, Relay>) {
    this.#relays = relays;
  }

  take(order: RelayOrder): RelayState {
    if (order.kind === "begin") this.#begin(order);
    if (order.kind === "end" && order.operation === this.#operation) this.#end();
    return {
      operation: this.#operation,
      active: this.#relay !== null,
      counts: this.#effect?.counts() ?? noCounts,
    };
  }

  #begin({ operation, fault, forMs }: Extract<RelayOrder, { kind: "begin" }>): void {
    if (operation === this.#operation) return;
    this.#end();
    const relay = "dependency" in fault ? this.#relays.get(fault.dependency) : undefined;
    if (relay === undefined || !("dependency" in fault)) return;
    this.#operation = operation;
    this.#effect = new Effect(fault);
    this.#relay = relay;
    relay.begin(this.#effect);
    this.#timer = setTimeout(() => this.#end(), forMs);
  }

  #end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#relay?.end();
    this.#relay = null;
  }
}

/** Longest order. Bytes. */
const longest = 8_192;

async function listenForOrders(path: string, desk: Desk): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  rmSync(path, { force: true });
  const server = createServer((socket) => void answer(socket, desk));
  // Connections are possible from bind(2) on: the mode must be right then.
  const before = process.umask(0o177);
  server.listen(path);
  process.umask(before);
  await once(server, "listening");
}

function answer(socket: Socket, desk: Desk): void {
  let heard = "";
  socket.setEncoding("utf8");
  socket.on("error", () => socket.destroy());
  socket.on("data", (text: string) => {
    heard += text;
    if (heard.length > longest) socket.destroy();
    const end = heard.indexOf("\n");
    if (end < 0) return;
    try {
      socket.end(
        `${JSON.stringify(desk.take(RelayOrder.parse(JSON.parse(heard.slice(0, end)))))}\n`,
      );
    } catch {
      socket.destroy();
    }
  });
}

process.on("SIGHUP", () => undefined);
process.on("SIGPIPE", () => undefined);
const [, , argument] = process.argv;
if (argument === undefined) {
  process.stderr.write("usage: main.ts <settings>\n");
  process.exitCode = 2;
} else {
  // What one connection does must not end the way for the others.
  process.on("uncaughtException", (error) => {
    process.stderr.write(`relay: ${error.message}\n`);
    if ("syscall" in error && error.syscall === "listen") process.exit(1);
  });
  await main(argument);
}
