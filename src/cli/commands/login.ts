import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "../../api/client.ts";
import { TidelockError } from "../../model/errors.ts";
import { defineCommand } from "../define-command.ts";
import { exit } from "../exit-codes.ts";
import { loginFilePath, writeLogin } from "../login-file.ts";
import { connectionOptions } from "../options.ts";
import { when } from "../output/words.ts";
import { clean } from "../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions },
  details:
    "Prints an address and a code. Open the address in a browser in which you are signed in, type the code, and say yes: this terminal then acts in your name until the session ends (12 hours at most). It is kept in logins.json beside the settings file (0600). TIDELOCK_TOKEN, --token-file and a context's token come first.",
  examples: ["tidelock login", "tidelock login --url https://tidelock.example"],
  async run(context, { options }) {
    const { terminal } = context;
    const client = context.connectOpenly(options);
    const begun = await client.call("loginBegin", {});
    terminal.note(clean(`open ${client.url}/connect and type this code:`));
    terminal.print(begun.code);
    const { name, token, expiresAt } = await answered(client, begun, context.signal);
    writeLogin(loginFilePath(context.environment), client.url, { name, token, expiresAt });
    terminal.note(clean(`signed in as ${name} until ${when(expiresAt)}`));
    return exit.done;
  },
});

async function answered(
  client: Client,
  { secret, lastsMs, everyMs }: { secret: string; lastsMs: number; everyMs: number },
  signal: AbortSignal,
) {
  const deadline = performance.now() + lastsMs;
  for (;;) {
    await pause(everyMs, undefined, { signal }).catch(() => {
      throw new TidelockError("cancelled", "interrupted");
    });
    try {
      return await client.call("loginPoll", { body: { secret } });
    } catch (error) {
      const waits = error instanceof TidelockError && (error.code === "waiting" || error.code === "unavailable"); // prettier-ignore
      if (!waits) throw error;
      if (performance.now() > deadline) {
        throw new TidelockError("timeout", "nobody has confirmed the code", {
          fault: "operator",
          hint: "begin again: tidelock login",
        });
      }
    }
  }
}
