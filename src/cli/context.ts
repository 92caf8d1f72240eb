import { Client } from "../api/client.ts";
import { findLocalServer } from "../compose-local.ts";
import { TidelockError } from "../model/errors.ts";
import { Name } from "../model/primitives.ts";
import { readVariable } from "./environment.ts";
import type { OutputFormat } from "./options.ts";
import {
  findProjectFile,
  projectFileName,
  type ProjectFile,
  readPipelines,
  readProjectFile,
} from "./project-file.ts";
import {
  type ConnectionFlags,
  isExposed,
  resolveSettings,
  type Setting,
  type Settings,
} from "./settings.ts";
import type { Terminal } from "./terminal.ts";
import { trustAuthorities } from "./trust-authorities.ts";

export interface Surroundings {
  readonly terminal: Terminal;
  readonly environment: NodeJS.ProcessEnv;
  readonly folder: string;
  /** Fires at Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}

/** What a command works with. Nothing is looked up before it is asked for. */
export class CommandContext {
  readonly terminal: Terminal;
  readonly environment: NodeJS.ProcessEnv;
  /** Where the command was typed. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Texts that errors may point into, by name. */
  readonly sources = new Map<string, string>();

  constructor({ terminal, environment, folder, signal }: Surroundings) {
    this.terminal = terminal;
    this.environment = environment;
    this.folder = folder;
    this.signal = signal;
  }

  settings(flags: ConnectionFlags & { readonly output?: string | undefined } = {}): Settings {
    return resolveSettings({
      flags,
      output: flags.output,
      environment: this.environment,
      findLocal: findLocalServer,
    });
  }

  format(options: ConnectionFlags & { readonly output?: string | undefined }): OutputFormat {
    return this.settings(options).output.value;
  }

  /** The server to talk to. Throws when none can be found, or no token for it. */
  connect(flags: ConnectionFlags, signal: AbortSignal = this.signal): Client {
    const { url, token } = this.#serverOf(flags);
    if (token === null) {
      throw new TidelockError("unauthenticated", `no token for ${url.value}`, {
        fault: "operator",
        where: url.from,
        hint: "sign in with `tidelock login`, set TIDELOCK_TOKEN, or keep a token with `tidelock context set <name> --url … --token-stdin`",
      });
    }
    if (token.value === "") {
      throw new TidelockError("unauthenticated", "TIDELOCK_TOKEN is set and empty", {
        fault: "operator",
        where: token.from,
        hint: "whatever should have put a token there failed: look at its own message, or `unset TIDELOCK_TOKEN` to act as yourself",
      });
    }
    return new Client({ url: url.value, token: token.value, signal });
  }

  /** The server, without saying who asks: for calls that are open to everybody. */
  connectOpenly(flags: ConnectionFlags): Client {
    return new Client({ url: this.#serverOf(flags).url.value, token: "", signal: this.signal });
  }

  #serverOf(flags: ConnectionFlags) {
    const { url, token, dataDir, ca } = this.settings(flags);
    if (url === null) {
      throw new TidelockError("unavailable", "there is no server to talk to", {
        fault: "operator",
        where: `data directory ${dataDir.value} (${dataDir.from})`,
        hint: "start one with `tidelock server start`, or name one with --url or TIDELOCK_URL",
      });
    }
    // What is asked for without a token is a session: neither goes over a network in the clear.
    if (isExposed(url.value)) {
      throw new TidelockError(
        "forbidden",
        `no token is sent to ${url.value}: it is not encrypted`,
        {
          fault: "operator",
          where: url.from,
          hint: "use its https address; on the machine itself http://localhost:<port>; else a tunnel (ssh -L 7420:localhost:7420)",
        },
      );
    }
    if (ca !== null) trustAuthorities(ca.value, ca.from);
    return { url, token };
  }

  /** @param option by which another one would be named; for hints */
  projectFile(path?: string, option = "--file"): ProjectFile {
    const file =
      path === undefined
        ? readProjectFile(`${this.folder}/${projectFileName}`)
        : readProjectFile(path, option);
    this.sources.set(file.path, file.text);
    return file;
  }

  /** The service meant by a command: named, or the only one of the folder's tidelock.yaml. */
  async service(named: string | undefined, flags: ConnectionFlags = {}): Promise<Setting<string>> {
    if (named !== undefined) return { value: checkedName(named), from: "command line" };
    const variable = readVariable("TIDELOCK_SERVICE", this.environment);
    if (variable !== undefined) {
      return { value: checkedName(variable), from: "environment TIDELOCK_SERVICE" };
    }
    const path = findProjectFile(this.folder);
    if (path !== null) {
      const pipelines = await readPipelines(this.projectFile(path));
      const [only, ...others] = pipelines;
      if (only !== undefined && others.length === 0)
        return { value: only.metadata.name, from: path };
      throw new TidelockError(
        "invalid-input",
        `${projectFileName} has ${pipelines.length} services: say which one is meant`,
        {
          fault: "operator",
          where: path,
          hint: `one of ${pipelines.map((pipeline) => pipeline.metadata.name).join(", ")}`,
        },
      );
    }
    const stored = this.settings(flags).service;
    if (stored !== null) return stored;
    throw new TidelockError("invalid-input", "which service?", {
      fault: "operator",
      where: this.folder,
      hint: `name it (shop@1.4.2, --service shop), or work in a folder with a ${projectFileName}`,
    });
  }
}

function checkedName(text: string): string {
  const parsed = Name.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new TidelockError("invalid-input", `${text} is not a service's name`, {
    fault: "operator",
    hint: parsed.error.issues[0]?.message ?? "see `tidelock release list`",
  });
}
