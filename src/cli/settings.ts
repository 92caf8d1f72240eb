import { readFileSync } from "node:fs";
import { TidelockError } from "../model/errors.ts";
import { defaultDataDir } from "../model/layout.ts";
import { readVariable } from "./environment.ts";
import { findLogin, loginFilePath } from "./login-file.ts";
import { type OutputFormat, outputFormats } from "./options.ts";
import { readUserFile, type UserContext, type UserFile, userFilePath } from "./user-file.ts";

/** A value and where it came from, for `tidelock context show`. */
export interface Setting<T> {
  readonly value: T;
  readonly from: string;
}

export interface ConnectionFlags {
  readonly url?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly context?: string | undefined;
  readonly dataDir?: string | undefined;
  /** File with certificates of authorities that are trusted besides the system's. */
  readonly ca?: string | undefined;
}

/** What a server of this machine left in its data directory. */
export interface LocalServer {
  readonly url: string;
  /** Null: it has ended, or this user may not read it. */
  readonly token: string | null;
  /** The file that said so. */
  readonly from: string;
}

export interface Settings {
  readonly context: Setting<string> | null;
  readonly dataDir: Setting<string>;
  readonly url: Setting<string> | null;
  readonly token: Setting<string> | null;
  readonly ca: Setting<string> | null;
  readonly output: Setting<OutputFormat>;
  /** Of the context; a command's own words and the folder's tidelock.yaml come first. */
  readonly service: Setting<string> | null;
}

interface Sources {
  readonly flags: ConnectionFlags;
  readonly output: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  readonly findLocal: (dataDir: string) => LocalServer | null;
}

/**
 * Flag, then environment, then the user's file (the project's file has no say in this, see
 * project-file.ts), then what a local server wrote.
 *
 * A token goes only where it belongs: the data directory's token to the server of that data directory, a
 * context's token to that context's address.
 */
export function resolveSettings({ flags, output, environment, findLocal }: Sources): Settings {
  const path = userFilePath(environment);
  const file = readUserFile(path);
  const context = chooseContext(flags, environment, file, path);
  const stored: UserContext = context === null ? {} : (file.contexts[context.value] ?? {});
  const storedFrom = `context ${context?.value ?? ""} in ${path}`;

  const dataDir = given(flags.dataDir, "flag --data-dir") ??
    given(readVariable("TIDELOCK_DATA_DIR", environment), "environment TIDELOCK_DATA_DIR") ??
    given(stored.dataDir, storedFrom) ?? { value: defaultDataDir(environment), from: "default" };
  const named =
    given(flags.url, "flag --url") ??
    given(readVariable("TIDELOCK_URL", environment), "environment TIDELOCK_URL") ??
    given(stored.url, storedFrom);
  const local = findLocal(dataDir.value);
  const url = named ?? (local === null ? null : { value: local.url, from: local.from });
  const ownAddress = local !== null && url !== null && sameServer(url.value, local.url);
  const contextAddress = named?.value === stored.url || (named === undefined && !stored.url);

  const token =
    tokenFrom(flags.tokenFile, "flag --token-file") ??
    tokenOfEnvironment(environment) ??
    (contextAddress ? given(stored.token, storedFrom) : undefined) ??
    (contextAddress ? tokenFrom(stored.tokenFile, storedFrom) : undefined) ??
    loginFor(url, environment) ??
    (ownAddress && local.token !== null ? { value: local.token, from: local.from } : null);

  return {
    context,
    dataDir,
    url: url === null ? null : { ...url, value: checkedUrl(url) },
    token,
    ca:
      given(flags.ca, "flag --ca") ??
      given(readVariable("TIDELOCK_CA", environment), "environment TIDELOCK_CA") ??
      given(stored.ca, storedFrom) ??
      null,
    output: chooseOutput(output, environment, file, path),
    service: given(stored.service, storedFrom) ?? null,
  };
}

/**
 * Set and empty is what a job is left with whose exchange for a token has failed: it acts as nobody then, and not by what
 * else lies on its machine.
 */
function tokenOfEnvironment(environment: NodeJS.ProcessEnv): Setting<string> | undefined {
  const from = "environment TIDELOCK_TOKEN";
  if (environment["TIDELOCK_TOKEN"] === "") return { value: "", from };
  return given(readVariable("TIDELOCK_TOKEN", environment), from);
}

/** The session of `tidelock login` at that address, and nowhere else. */
function loginFor(
  url: Setting<string> | null,
  environment: NodeJS.ProcessEnv,
): Setting<string> | undefined {
  if (url === null || !URL.canParse(url.value)) return undefined;
  const path = loginFilePath(environment);
  const login = findLogin(path, new URL(url.value).origin);
  return login && { value: login.token, from: `signed in as ${login.name} (${path})` };
}

function given<T>(value: T | undefined, from: string): Setting<T> | undefined {
  return value === undefined ? undefined : { value, from };
}

function chooseContext(
  flags: ConnectionFlags,
  environment: NodeJS.ProcessEnv,
  file: UserFile,
  path: string,
): Setting<string> | null {
  const chosen =
    given(flags.context, "flag --context") ??
    given(readVariable("TIDELOCK_CONTEXT", environment), "environment TIDELOCK_CONTEXT") ??
    given(file.current, `current in ${path}`);
  if (chosen === undefined) return null;
  if (Object.hasOwn(file.contexts, chosen.value)) return chosen;
  throw new TidelockError("not-found", `there is no context ${chosen.value}`, {
    fault: "operator",
    where: chosen.from,
    hint: "`tidelock context list` shows what there is; `tidelock context set <name>` makes one",
  });
}

function chooseOutput(
  flag: string | undefined,
  environment: NodeJS.ProcessEnv,
  file: UserFile,
  path: string,
): Setting<OutputFormat> {
  const chosen =
    given(flag, "flag --output") ??
    given(readVariable("TIDELOCK_OUTPUT", environment), "environment TIDELOCK_OUTPUT") ??
    given<string>(file.output, path);
  if (chosen === undefined) return { value: "table", from: "default" };
  const format = outputFormats.find((known) => known === chosen.value);
  if (format !== undefined) return { value: format, from: chosen.from };
  throw new TidelockError("invalid-input", `there is no output format ${chosen.value}`, {
    fault: "operator",
    where: chosen.from,
    hint: `one of ${outputFormats.join(", ")}`,
  });
}

function tokenFrom(path: string | undefined, from: string): Setting<string> | undefined {
  if (path === undefined) return undefined;
  try {
    return { value: readFileSync(path, "utf8").trim(), from: `${from} (${path})` };
  } catch (error) {
    throw new TidelockError("invalid-input", "the token file cannot be read", {
      fault: "operator",
      where: `${path} (${from})`,
      cause: error,
    });
  }
}

function checkedUrl({ value, from }: Setting<string>): string {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.username === "" &&
    url.password === ""
  ) {
    return url.origin;
  }
  throw new TidelockError("invalid-input", "the server's address is not a web address", {
    fault: "operator",
    where: from,
    hint: "write it like http://localhost:7420, without user or password",
  });
}

function sameServer(a: string, b: string): boolean {
  const port = (text: string): string | null => {
    const url = URL.canParse(text) ? new URL(text) : null;
    const loopback = ["localhost", "127.0.0.1", "[::1]"].includes(url?.hostname ?? "");
    return loopback && url?.protocol === "http:" ? url.port : null;
  };
  return port(a) !== null && port(a) === port(b);
}

/** Plain HTTP to another machine shows the token to everybody between. */
export function isExposed(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  const local = hostname === "localhost" || hostname === "[::1]" || /^127\.[\d.]+$/.test(hostname);
  return protocol === "http:" && !local;
}
