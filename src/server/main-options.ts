import { parseArgs } from "node:util";
import { z } from "zod";
import { TidelockError } from "../model/errors.ts";
import { defaultDataDir } from "../model/layout.ts";
import { Duration } from "../model/primitives.ts";
import type { CertificateFiles } from "./network/certificate.ts";

/** 7420: the tide and its locks; not assigned by IANA to anybody. */
export const defaultPort = 7420;

export interface MainOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly hostNames: readonly string[];
  /** Addresses or names to listen on; empty: this machine alone. */
  readonly listen: readonly string[];
  /** Proxies whose word about who asks counts: addresses or networks. */
  readonly trustedProxies: readonly string[];
  readonly certificate: CertificateFiles | undefined;
  /** File that says where people sign in at somebody else's. */
  readonly identityProviders: string | undefined;
  /** Origins of identity providers that are not on the Internet. */
  readonly issuerOrigins: readonly string[];
  /** Instead of stderr. */
  readonly logFile: string | undefined;
  readonly databaseUrl: string | undefined;
  readonly blobLimitBytes: number | undefined;
  /** Whether it starts a host agent where none answers, or waits for a supervisor's. */
  readonly agent: "start" | "wait";
  /** How long what the ledger says is kept from erasure, milliseconds; undefined: seven years. */
  readonly retentionMs: number | undefined;
  /** How long somebody who signed in may do nothing, and how long a sign-in counts at most; undefined: the defaults. */
  readonly sessionIdleMs: number | undefined;
  readonly sessionMs: number | undefined;
  /** Private keys of the ledger that are given from outside. */
  readonly ledgerKeyFiles: Readonly<Partial<Record<"log" | "evidence", string>>>;
}

const HostName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i, "write names only, without port or scheme");

/** Flags of `tidelock server start`; else their variables, else defaults. */
export function readMainOptions(
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
): MainOptions {
  const { values } = parse(words);
  const port = values.port ?? (environment["TIDELOCK_PORT"] || String(defaultPort));
  const names =
    values["host-name"] ?? (environment["TIDELOCK_HOST_NAMES"] ?? "").split(",").filter(Boolean);
  const limit = values["blob-limit"];
  return {
    dataDir: values["data-dir"] ?? defaultDataDir(environment),
    port: whole(port, "--port", 0, 65_535),
    hostNames: names.map((name) => {
      const parsed = HostName.safeParse(name.trim());
      if (parsed.success) return parsed.data;
      throw wrong("--host-name", parsed.error.issues[0]?.message ?? "");
    }),
    listen: several(values.listen, environment["TIDELOCK_LISTEN"]),
    trustedProxies: several(values["trusted-proxy"], environment["TIDELOCK_TRUSTED_PROXIES"]),
    identityProviders:
      values["identity-providers"] ?? (environment["TIDELOCK_IDENTITY_PROVIDERS"] || undefined),
    issuerOrigins: several(values["issuer-origin"], environment["TIDELOCK_ISSUER_ORIGINS"]).map(
      (text) => {
        if (URL.canParse(text) && new URL(text).origin === text) return text;
        throw wrong("--issuer-origin", "write scheme, host and port: https://gitlab.shop.internal");
      },
    ),
    certificate: certificateFiles(
      values["tls-cert"] ?? environment["TIDELOCK_TLS_CERT"],
      values["tls-key"] ?? environment["TIDELOCK_TLS_KEY"],
    ),
    logFile: values["log-file"],
    agent: agentChoice(values.agent ?? "start"),
    databaseUrl: environment["DATABASE_URL"] || undefined,
    retentionMs: retention(environment["TIDELOCK_RETENTION"]),
    sessionIdleMs: within(environment, "TIDELOCK_SESSION_IDLE", 5 * minuteMs, 24 * 60 * minuteMs),
    sessionMs: within(
      environment,
      "TIDELOCK_SESSION_LASTS",
      60 * minuteMs,
      30 * 24 * 60 * minuteMs,
    ),
    ledgerKeyFiles: {
      ...given("log", environment["TIDELOCK_LEDGER_KEY_FILE"]),
      ...given("evidence", environment["TIDELOCK_EVIDENCE_KEY_FILE"]),
    },
    blobLimitBytes:
      limit === undefined ? undefined : whole(limit, "--blob-limit", 1, 1_048_576) * 1_048_576,
  };
}

function several(flags: readonly string[] | undefined, variable: string | undefined): string[] {
  return (flags ?? (variable ?? "").split(",")).map((text) => text.trim()).filter(Boolean);
}

function certificateFiles(certificate = "", key = ""): CertificateFiles | undefined {
  if (certificate !== "" && key !== "") return { certificate, key };
  if (certificate === "" && key === "") return undefined;
  throw wrong(
    certificate === "" ? "--tls-cert" : "--tls-key",
    "give both --tls-cert and --tls-key",
  );
}

function given(use: "log" | "evidence", path: string | undefined) {
  return path === undefined || path === "" ? {} : { [use]: path };
}

const minuteMs = 60_000;

/** A length of time between two others: short enough to protect, long enough to work. */
function within(
  environment: NodeJS.ProcessEnv,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const text = environment[name];
  if (text === undefined || text === "") return undefined;
  const parsed = Duration.safeParse(text);
  if (parsed.success && parsed.data >= least && parsed.data <= most) return parsed.data;
  const days = (ms: number) => (ms < 86_400_000 ? `${ms / minuteMs}m` : `${ms / 86_400_000}d`);
  throw wrong(name, `write a time from ${days(least)} to ${days(most)}: 30m, 12h, 7d`);
}

function retention(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const parsed = Duration.safeParse(text);
  if (parsed.success) return parsed.data;
  throw wrong("TIDELOCK_RETENTION", parsed.error.issues[0]?.message ?? "");
}

function agentChoice(text: string): MainOptions["agent"] {
  if (text === "start" || text === "wait") return text;
  throw wrong("--agent", "write `start` or `wait`");
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        "data-dir": { type: "string" },
        port: { type: "string" },
        "host-name": { type: "string", multiple: true },
        listen: { type: "string", multiple: true },
        "trusted-proxy": { type: "string", multiple: true },
        "identity-providers": { type: "string" },
        "issuer-origin": { type: "string", multiple: true },
        "tls-cert": { type: "string" },
        "tls-key": { type: "string" },
        "log-file": { type: "string" },
        "blob-limit": { type: "string" },
        agent: { type: "string" },
      },
    });
  } catch (error) {
    throw wrong("command line", error instanceof Error ? error.message : "");
  }
}

function whole(text: string, where: string, least: number, most: number): number {
  const value = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw wrong(where, `write a whole number from ${least} to ${most}`);
}

function wrong(where: string, hint: string): TidelockError {
  return new TidelockError("invalid-input", "the server cannot be started like this", {
    fault: "operator",
    where,
    hint,
  });
}
