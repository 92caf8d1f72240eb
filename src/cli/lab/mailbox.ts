import { spawn } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { send } from "./users.ts";

/** Ports of 127.0.0.1. */
export interface MailboxPorts {
  readonly smtp: number;
  readonly web: number;
}

const program = fileURLToPath(
  new URL(`./mailbox-program${extname(import.meta.url)}`, import.meta.url),
);
const startMs = 20_000;

/**
 * Starts a lab's mail server. It outlives us, so that a lab that is kept still has it, and ends by itself when
 * `file` (the lab's record) is gone.
 */
export async function startMailbox(ports: MailboxPorts, file: string): Promise<void> {
  const child = spawn(process.execPath, [program, file, `${ports.smtp}`, `${ports.web}`], {
    cwd: "/",
    env: {},
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2_000)));
  const slow = setTimeout(() => child.kill("SIGKILL"), startMs);
  try {
    await new Promise<void>((resolve, reject) => {
      child.stdout.once("data", () => resolve());
      child.once("error", reject);
      child.once("close", () =>
        reject(new Error(`the lab's mail server did not start: ${errors.trim()}`)),
      );
    });
  } finally {
    clearTimeout(slow);
    child.stdout.destroy();
    child.stderr.destroy();
    child.unref();
  }
}

/** How many mails a lab's mail server has got. */
export async function mailsAt({ web }: MailboxPorts): Promise<number> {
  const url = `http://127.0.0.1:${web}/`;
  const { body } = await send({ url, method: "GET", headers: {} });
  return z.object({ mails: z.array(z.string()) }).parse(JSON.parse(body)).mails.length;
}
