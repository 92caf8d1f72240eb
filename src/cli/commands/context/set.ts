import { resolve } from "node:path";
import { TidelockError } from "../../../model/errors.ts";
import { Name } from "../../../model/primitives.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, flag, name, text } from "../../options.ts";
import { readSecret } from "../../read-secret.ts";
import { readUserFile, UserContext, userFilePath, writeUserFile } from "../../user-file.ts";

export const command = defineCommand({
  arguments: { name: argument("name", "a name of your own, e.g. production") },
  options: {
    url: text("--url <address>", "the server's address"),
    tokenFile: text("--token-file <file>", "file that holds the token"),
    tokenStdin: flag("--token-stdin", "read the token from standard input and keep it (mode 0600)"),
    dataDir: text("--data-dir <folder>", "instead of --url: a local server by its data directory"),
    ca: text("--ca <file>", "further authorities for https, PEM"),
    service: name("--service <name>", "service to use where none is named"),
    use: flag("--use", "make it current"),
  },
  examples: [
    "tidelock context set work --url https://tidelock.internal --token-stdin --use < token",
  ],
  async run(context, { args, options }) {
    const path = userFilePath(context.environment);
    const file = readUserFile(path);
    const contextName = Name.safeParse(args.name);
    if (!contextName.success) throw wrong("name", contextName.error.issues[0]?.message);
    const token = options.tokenStdin ? await readSecret(context, "Token: ") : undefined;
    // A token belongs to its address: a new address forgets the old token.
    const { token: oldToken, tokenFile: oldFile, ...old } = file.contexts[contextName.data] ?? {};
    const sameUrl = options.url === undefined || options.url === old.url;
    const parsed = UserContext.safeParse({
      ...old,
      ...(sameUrl && oldToken !== undefined ? { token: oldToken } : {}),
      ...(sameUrl && oldFile !== undefined ? { tokenFile: oldFile } : {}),
      ...(options.url === undefined ? {} : { url: options.url }),
      ...(options.tokenFile === undefined
        ? {}
        : { tokenFile: resolve(context.folder, options.tokenFile) }),
      ...(token === undefined ? {} : { token }),
      ...(options.dataDir === undefined
        ? {}
        : { dataDir: resolve(context.folder, options.dataDir) }),
      ...(options.ca === undefined ? {} : { ca: resolve(context.folder, options.ca) }),
      ...(options.service === undefined ? {} : { service: options.service }),
    });
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw wrong(`--${issue?.path.join(".") ?? ""}`, issue?.message);
    }
    writeUserFile(path, {
      ...file,
      ...(options.use ? { current: contextName.data } : {}),
      contexts: { ...file.contexts, [contextName.data]: parsed.data },
    });
    context.terminal.note(`context ${contextName.data} is kept in ${path}`);
    return exit.done;
  },
});

function wrong(where: string, hint: string | undefined): TidelockError {
  return new TidelockError("invalid-input", "this context cannot be kept", {
    fault: "operator",
    where,
    ...(hint === undefined ? {} : { hint }),
  });
}
