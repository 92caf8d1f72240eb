import { TidelockError } from "../model/errors.ts";
import type { CommandContext } from "./context.ts";

const maxBytes = 65_536;

/** A secret from standard input: piped in, or typed without being shown. Never from argv. */
export async function readSecret(context: CommandContext, question: string): Promise<string> {
  const { stdin } = context.terminal;
  if (stdin.isTTY) return typed(context, question);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > maxBytes) {
      throw new TidelockError("invalid-input", "the value is larger than 64 KiB", {
        fault: "operator",
        where: "standard input",
      });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
}

/** Reads keys in raw mode, so that nothing is echoed. */
function typed(context: CommandContext, question: string): Promise<string> {
  const { stdin, stderr } = context.terminal;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  stdin.resume();
  return new Promise((resolve, reject) => {
    let value = "";
    const end = (): void => {
      stdin.setRawMode(false);
      stdin.pause();
      stdin.off("data", onData);
      stderr.write("\n");
    };
    const onData = (keys: string): void => {
      for (const key of keys) {
        if (key === "\r" || key === "\n" || key === "\u0004") {
          end();
          return resolve(value);
        }
        if (key === "\u0003") {
          end();
          return reject(
            new TidelockError("cancelled", "nothing was stored", { fault: "operator" }),
          );
        }
        if (key === "\u007f" || key === "\b") value = value.slice(0, -1);
        else value += key;
      }
      return undefined;
    };
    stdin.on("data", onData);
  });
}
