import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { defineCommand } from "../../define-command.ts";
import { exit, type ExitCode } from "../../exit-codes.ts";
import { choice, flag, text, texts, whole } from "../../options.ts";
import { type Ready, runInForeground, startDetached } from "../../start-server.ts";
import { clean, type Terminal } from "../../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    detach: flag("-d, --detach", "come back as soon as it answers; it goes on by itself"),
    port: whole("--port <n>", "port (default 7420, 0: a free one; TIDELOCK_PORT)", {
      least: 0,
      most: 65_535,
    }),
    hostName: texts("--host-name <name>", "another name it answers to (TIDELOCK_HOST_NAMES)"),
    listen: texts(
      "--listen <address>",
      "where to listen instead of on this machine alone: wants a certificate or a proxy (TIDELOCK_LISTEN)",
    ),
    tlsCert: text(
      "--tls-cert <file>",
      "certificate, PEM; read again when it changes (TIDELOCK_TLS_CERT)",
    ),
    tlsKey: text("--tls-key <file>", "its key, PEM (TIDELOCK_TLS_KEY)"),
    identityProviders: text(
      "--identity-providers <file>",
      "where people sign in at somebody else's (TIDELOCK_IDENTITY_PROVIDERS)",
    ),
    issuerOrigin: texts(
      "--issuer-origin <origin>",
      "identity provider on a private network or this machine that may be asked (TIDELOCK_ISSUER_ORIGINS)",
    ),
    trustedProxy: texts(
      "--trusted-proxy <network>",
      "proxy that speaks TLS and says who asks, e.g. 10.0.0.7 (TIDELOCK_TRUSTED_PROXIES)",
    ),
    blobLimit: whole("--blob-limit <mib>", "largest artifact it takes (default 8192)", {
      least: 1,
      most: 1_048_576,
    }),
    agent: choice(
      "--agent <how>",
      "start one where none answers (default), or wait for a supervisor's",
      ["start", "wait"],
    ),
    dataDir: text("--data-dir <folder>", "where everything is kept (TIDELOCK_DATA_DIR)"),
  },
  details:
    "With its own PostgreSQL, or the one that DATABASE_URL names. Stopping it (Ctrl-C, SIGTERM, `tidelock server stop`) leaves services and the host agent running. Its log is JSON: on stderr, or in <data dir>/logs/server.log when a person looks at stderr or with --detach.",
  examples: [
    "tidelock server start",
    "tidelock server start --detach --port 0",
    "tidelock server start --listen :: --host-name tidelock.example --tls-cert full-chain.pem --tls-key key.pem",
    "tidelock server start --listen 10.0.0.5 --host-name tidelock.example --trusted-proxy 10.0.0.7",
  ],
  async run(context, { options }) {
    const { terminal } = context;
    const dataDir = context.settings({ dataDir: options.dataDir }).dataDir.value;
    const words = [
      ["--data-dir", dataDir],
      options.port === undefined ? [] : ["--port", String(options.port)],
      options.hostName.flatMap((host) => ["--host-name", host]),
      options.listen.flatMap((address) => ["--listen", address]),
      options.tlsCert === undefined ? [] : ["--tls-cert", resolve(context.folder, options.tlsCert)],
      options.tlsKey === undefined ? [] : ["--tls-key", resolve(context.folder, options.tlsKey)],
      options.trustedProxy.flatMap((network) => ["--trusted-proxy", network]),
      options.issuerOrigin.flatMap((origin) => ["--issuer-origin", origin]),
      options.identityProviders === undefined
        ? []
        : ["--identity-providers", resolve(context.folder, options.identityProviders)],
      options.agent === undefined ? [] : ["--agent", options.agent],
      options.blobLimit === undefined ? [] : ["--blob-limit", String(options.blobLimit)],
    ].flat();
    if (options.detach) {
      sayReady(terminal, await startDetached(context, words, dataDir));
      return exit.done;
    }
    // A reader of ours that goes away must not end a server.
    for (const stream of [terminal.stdout, terminal.stderr]) {
      stream.removeAllListeners("error").on("error", () => undefined);
    }
    const code = await runInForeground(words, (ready) => sayReady(terminal, ready));
    return code === 0 ? exit.done : (exit.failed as ExitCode);
  },
});

function sayReady(terminal: Terminal, { url, dataDir, logFile, welcome }: Ready): void {
  terminal.print(url);
  const log = logFile === null ? "" : `, log ${logFile}`;
  if (terminal.stderr.isTTY || logFile !== null) {
    terminal.note(clean(`Tidelock answers at ${url} (data directory ${dataDir}${log})`));
    terminal.note(
      existsSync(new URL("../../../../web/dist/index.html", import.meta.url))
        ? clean(
            welcome === null
              ? "the dashboard is there as well: sign in"
              : `the dashboard is there as well: sign in with the token in ${dataDir}/server/token, or sign up`,
          )
        : "the dashboard is not built: npm run build, and start the server again",
    );
    // Only where somebody looks: never into a log.
    if (welcome !== null) {
      terminal.note(clean(`sign up as its administrator, once, at: ${welcome}`));
      terminal.note("whoever has signed up there ends the token of the data directory");
    }
  }
}
