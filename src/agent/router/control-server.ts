import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { z } from "zod";
import { TidelockError, asTidelockError } from "../../model/errors.ts";
import { settings } from "./settings.ts";

const Identified = z.object({ id: z.union([z.number(), z.string()]) });

/** One frame from the agent. `state` travels along when this process may no longer read the state file. */
const Frame = Identified.extend({
  method: z.enum(["load", "read", "traffic", "stop"]),
  state: z.unknown().optional(),
});
type Frame = z.infer<typeof Frame>;

export interface ControlMethods {
  /** `state` is undefined when the frame had none: read the file. */
  load(state: unknown): Promise<unknown>;
  read(): unknown;
  traffic(): unknown;
  stop(): void;
}

/** Newline-delimited JSON on a Unix socket that only its owner may use. Loss of the agent changes nothing here. */
export async function serveControl(path: string, methods: ControlMethods): Promise<Server> {
  const server = createServer((socket) => serveConnection(socket, methods));
  server.on("error", () => undefined);
  rmSync(path, { force: true });
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
  } catch (error) {
    throw new TidelockError(
      "unavailable",
      `cannot open the router's control socket: ${String(error)}`,
      {
        where: path,
        cause: error,
      },
    );
  } finally {
    process.umask(mask);
  }
  chmodSync(path, 0o600);
  return server;
}

function serveConnection(socket: Socket, methods: ControlMethods): void {
  let pending = "";
  socket.setEncoding("utf8");
  socket.on("error", () => socket.destroy());
  socket.on("data", (text: string) => {
    pending += text;
    if (pending.length > settings.controlFrameBytes) {
      socket.destroy();
      return;
    }
    let end = pending.indexOf("\n");
    while (end !== -1) {
      const line = pending.slice(0, end);
      pending = pending.slice(end + 1);
      end = pending.indexOf("\n");
      if (line.trim() !== "") void answer(line, socket, methods);
    }
  });
}

async function answer(line: string, socket: Socket, methods: ControlMethods): Promise<void> {
  let id: number | string | null = null;
  try {
    const json: unknown = JSON.parse(line);
    // Also a frame that is wrong in another place is answered under its own id.
    id = Identified.safeParse(json).data?.id ?? null;
    const frame = Frame.parse(json);
    send(socket, { id, result: await run(frame, methods) });
  } catch (error) {
    const { code, message, retryable, where, hint } =
      error instanceof z.ZodError || error instanceof SyntaxError
        ? new TidelockError("invalid-input", `not a control frame: ${error.message}`)
        : asTidelockError(error);
    send(socket, {
      id,
      error: { code, message, retryable, where: where ?? null, hint: hint ?? null },
    });
  }
}

async function run(frame: Frame, methods: ControlMethods): Promise<unknown> {
  switch (frame.method) {
    case "load":
      return await methods.load(frame.state);
    case "read":
      return methods.read();
    case "traffic":
      return methods.traffic();
    case "stop":
      methods.stop();
      return {};
  }
}

function send(socket: Socket, frame: unknown): void {
  if (socket.writable) socket.write(`${JSON.stringify(frame)}\n`);
}
