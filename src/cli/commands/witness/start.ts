import { once } from "node:events";
import { runLocalWitness } from "../../../compose-local.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { required, text, texts } from "../../options.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    state: required(text("--state <folder>", "its key and what it has cosigned")),
    listen: text("--listen <host:port>", "where it answers (default 127.0.0.1:7430)"),
    log: { ...texts("--log <key>", "key of a log to watch (name+hash+base64)"), required: true },
    name: text("--name <name>", "what it is called from its first start on"),
  },
  details:
    "A witness cosigns a log's checkpoints when each continues the one before, so that the log cannot show two histories (C2SP tlog-witness). It is worth something to others only when its administrators are not the log's. Its key is made at the first start. Prints its verifier key, then its URL, and runs until Ctrl-C or SIGTERM.",
  examples: [
    "tidelock witness start --state /var/lib/witness --log tidelock/1f…+4b2c…+AS…",
    "tidelock witness start --state ./w --listen 0.0.0.0:7430 --name witness.example/w1 --log …",
  ],
  async run({ terminal }, { options }) {
    const stop = new AbortController();
    const stopped = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
    void stopped.then(() => stop.abort());
    await runLocalWitness({
      state: options.state,
      listen: options.listen ?? "127.0.0.1:7430",
      logs: options.log,
      ...(options.name === undefined ? {} : { name: options.name }),
      notice: (message) => terminal.note(clean(message)),
      ready({ url, key }) {
        terminal.print(key);
        terminal.print(url);
      },
      signal: stop.signal,
    });
    return exit.done;
  },
});
