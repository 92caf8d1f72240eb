import { Client } from "../../api/client.ts";
import { TidelockError } from "../../model/errors.ts";
import { defineCommand } from "../define-command.ts";
import { exit } from "../exit-codes.ts";
import { findLogin, loginFilePath, writeLogin } from "../login-file.ts";
import { connectionOptions } from "../options.ts";
import { clean } from "../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions },
  details: "Ends the session of `tidelock login` at the server, and forgets it here.",
  async run(context, { options }) {
    const { url } = context.connectOpenly(options);
    const path = loginFilePath(context.environment);
    const login = findLogin(path, url);
    if (login === undefined) {
      context.terminal.note(clean(`not signed in at ${url}`));
      return exit.done;
    }
    const client = new Client({ url, token: login.token, signal: context.signal });
    await client.call("sessionEnd", {}).catch((error: unknown) => {
      // It has ended there already.
      if (!(error instanceof TidelockError && error.code === "unauthenticated")) throw error;
    });
    writeLogin(path, url, null);
    context.terminal.note(clean(`${login.name} is signed out of ${url} in this terminal`));
    return exit.done;
  },
});
