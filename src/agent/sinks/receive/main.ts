import { once } from "node:events";
import type { Server } from "node:net";
import { z } from "zod";
import { SinkKind } from "../../../model/sinks.ts";
import { Keeper } from "./keeper.ts";
import { mailSink } from "./mail.ts";
import { streamSink } from "./stream.ts";
import { webSink } from "./web.ts";

/**
 * `node main.ts <settings as JSON>`: the sinks of one deployment. It writes what arrives to its standard
 * output, which the agent has opened as a file, so that it goes on when the agent dies and needs nobody to
 * talk to. What it reads is hostile: it runs as a user of its own wherever that is possible.
 */
const Settings = z.strictObject({
  host: z.string(),
  ports: z.partialRecord(SinkKind, z.int().min(1).max(65_535)),
  user: z.int().positive().nullable(),
});

const makers: Readonly<Record<SinkKind, (keeper: Keeper) => Server>> = {
  mail: mailSink,
  http: webSink,
  tcp: streamSink,
};

async function main(argument: string): Promise<void> {
  const { host, ports, user } = Settings.parse(JSON.parse(argument));
  const keeper = new Keeper(1);
  for (const kind of SinkKind.options) {
    const port = ports[kind];
    if (port === undefined) continue;
    const server = makers[kind](keeper);
    server.listen({ port, host, exclusive: true });
    await once(server, "listening");
    server.on("error", () => undefined);
  }
  if (user !== null && process.getuid?.() === 0) {
    process.setgroups?.([]);
    process.setgid?.(user);
    process.setuid?.(user);
  }
  keeper.ready();
}

process.on("SIGHUP", () => undefined);
process.on("SIGPIPE", () => undefined);
const [, , argument] = process.argv;
if (argument === undefined) {
  process.stderr.write("usage: main.ts <settings>\n");
  process.exitCode = 2;
} else {
  // What one sender does must not end the sink for the others.
  process.on("uncaughtException", (error) => {
    process.stderr.write(`sink: ${error.message}\n`);
    if ("syscall" in error && error.syscall === "listen") process.exit(1);
  });
  await main(argument);
}
