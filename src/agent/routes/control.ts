import { createConnection } from "node:net";
import { z } from "zod";
import { TidelockError } from "../../model/errors.ts";
import { AnswerFrame, FrameReader, fromWire } from "../protocol/frames.ts";
import { RouterAnswer, type RouterState, RouterTraffic } from "../router-control.ts";

/** A router answers between two requests; only one that hangs takes this long. Milliseconds. */
const controlTimeout = 5_000;
/** Larger than any state that we write. */
const controlFrameBytes = 64 * 1024 * 1024;

/** Puts a state into effect; answers when it is. Throws what the router refused it with, `unavailable` when it does not answer. */
export async function loadRouter(socket: string, state: RouterState): Promise<RouterAnswer> {
  return RouterAnswer.parse(await ask(socket, { method: "load", state }));
}

/** What the router itself says it does. */
export async function readRouter(socket: string): Promise<RouterAnswer> {
  return RouterAnswer.parse(await ask(socket, { method: "read" }));
}

/** What it has counted of its users' requests. */
export async function readTraffic(socket: string): Promise<RouterTraffic> {
  return RouterTraffic.parse(await ask(socket, { method: "traffic" }));
}

/** Tells it to end when what is under way has ended. */
export async function stopRouter(socket: string): Promise<void> {
  z.unknown().parse(await ask(socket, { method: "stop" }));
}

/** One question on a connection of its own: nothing to keep in order when either side is killed. */
function ask(path: string, frame: Record<string, unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    const fail = (why: string, cause?: unknown): void => {
      socket.destroy();
      reject(
        new TidelockError("unavailable", `the router does not answer: ${why}`, {
          where: path,
          retryable: true,
          cause,
        }),
      );
    };
    socket.setTimeout(controlTimeout, () => fail(`nothing in ${controlTimeout} ms`));
    socket.on("error", (error) => fail(error.message, error));
    socket.on("close", () => fail("it closed the connection"));
    const reader = new FrameReader((line) => {
      try {
        const answer = AnswerFrame.parse(JSON.parse(line));
        if (answer.error === undefined) resolve(answer.result);
        else reject(fromWire(answer.error));
        socket.destroy();
      } catch (error) {
        fail("it said something else", error);
      }
    }, controlFrameBytes);
    socket.on("data", (chunk) => {
      try {
        reader.push(chunk);
      } catch (error) {
        fail("its answer is too long", error);
      }
    });
    socket.write(`${JSON.stringify({ id: 1, ...frame })}\n`);
  });
}
