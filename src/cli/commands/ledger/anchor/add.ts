import { resolve } from "node:path";
import { AnchorSettings } from "../../../../model/anchor.ts";
import { TidelockError } from "../../../../model/errors.ts";
import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { argument, connectionOptions, duration, text } from "../../../options.ts";
import { clean } from "../../../terminal.ts";

const defaultEveryMs = 600_000;

export const command = defineCommand({
  arguments: { name: argument("name", "what to call this place") },
  options: {
    git: text(
      "--git <repository>",
      "a repository on the server's machine: a commit for each checkpoint",
    ),
    branch: text("--branch <branch>", "with --git: the branch (default tidelock-checkpoints)"),
    remote: text("--remote <remote>", "with --git: push there after each commit"),
    folder: text(
      "--folder <folder>",
      "a folder on the server's machine: a file for each checkpoint",
    ),
    every: duration("--every <time>", "at most one checkpoint in this time (default 10m)"),
    ...connectionOptions,
  },
  details:
    "Checkpoints are written down where who rewrites the database does not rewrite too: a repository that is pushed to somebody else, a disk that only adds. An auditor who is given one of them (--anchor) sees whether history was changed before it.",
  examples: [
    "tidelock ledger anchor add audit --git /srv/audit.git --remote origin",
    "tidelock ledger anchor add nas --folder /mnt/worm/tidelock --every 1h",
  ],
  async run(context, { args, options }) {
    const settings = settingsOf(context.folder, options);
    const body = { name: args.name, settings, everyMs: options.every ?? defaultEveryMs };
    const { name } = await context.connect(options).call("ledgerAnchorAdd", { body });
    context.terminal.note(clean(`checkpoints are written to ${name} from now on`));
    return exit.done;
  },
});

function settingsOf(
  here: string,
  {
    git,
    branch,
    remote,
    folder,
  }: Readonly<Record<"git" | "branch" | "remote" | "folder", string | undefined>>,
): AnchorSettings {
  if ((git === undefined) === (folder === undefined))
    throw wrong("name one place", "--git or --folder");
  const given =
    git === undefined
      ? { kind: "file", folder: resolve(here, folder ?? "") }
      : {
          kind: "git",
          repository: resolve(here, git),
          ...(branch === undefined ? {} : { branch }),
          ...(remote === undefined ? {} : { remote }),
        };
  if (git === undefined && (branch !== undefined || remote !== undefined)) {
    throw wrong("a folder has no branch and no remote", "leave them out, or use --git");
  }
  const parsed = AnchorSettings.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw wrong(`--${String(issue?.path[0] ?? "git")}: ${issue?.message ?? "invalid"}`, "see --help");
}

function wrong(message: string, hint: string): TidelockError {
  return new TidelockError("invalid-input", message, { fault: "operator", hint });
}
