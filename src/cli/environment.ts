/** Every environment variable that Tidelock's programs read, in one place; `tidelock help environment` prints it. */
export const variables = {
  TIDELOCK_URL: "address of the server, e.g. http://localhost:7420",
  TIDELOCK_TOKEN: "token for that server; better in a file: --token-file, `context set`",
  TIDELOCK_CA: "file with further authorities for https, PEM (NODE_EXTRA_CA_CERTS does the same)",
  TIDELOCK_CONTEXT: "name of the context to use, see `tidelock context list`",
  TIDELOCK_DATA_DIR: "data directory of a server on this machine",
  TIDELOCK_CONFIG: "the user's own settings file (default: ~/.config/tidelock/config.json)",
  TIDELOCK_SERVICE: "service to use where none is named",
  TIDELOCK_OUTPUT: "output format: table, wide, json, yaml or name",
  TIDELOCK_PORT: "port of `server start`",
  TIDELOCK_HOST_NAMES: "comma-separated names, besides localhost, the server answers to",
  TIDELOCK_LISTEN:
    "comma-separated addresses `server start` listens on (default: this machine alone)",
  TIDELOCK_TLS_CERT: "certificate of the server, PEM",
  TIDELOCK_TLS_KEY: "its key, PEM, not readable for others",
  TIDELOCK_TRUSTED_PROXIES: "comma-separated proxies whose X-Forwarded-* headers count",
  TIDELOCK_IDENTITY_PROVIDERS: "file that says where people sign in at somebody else's",
  TIDELOCK_ISSUER_ORIGINS:
    "comma-separated origins of identity providers that are not on the Internet",
  TIDELOCK_RETENTION: "how long the ledger is kept from erasure, e.g. 3650d (default: seven years)",
  TIDELOCK_SESSION_IDLE:
    "how long somebody who signed in may do nothing, 5m to 1d (default: 30m); `server start`",
  TIDELOCK_SESSION_LASTS: "how long a sign-in counts at most, 1h to 30d (default: 12h)",
  TIDELOCK_LEDGER_KEY_FILE:
    "private key of the ledger (PKCS#8 PEM, mode 0600), instead of one that is made and sealed",
  TIDELOCK_EVIDENCE_KEY_FILE: "the same for the key that signs attestations",
  TIDELOCK_TOOLS:
    "colon-separated folders that external scanners are looked for in, before the system's; `server start`",
  TIDELOCK_TOOL_RULES:
    "folder with rules of your own for scanners: semgrep/<name>.yml; `server start`",
  TIDELOCK_TOOL_DATA:
    "folder with databases of advisories for scanners: osv-scanner/; `server start`",
  TIDELOCK_NPM_REGISTRY: "registry that the npm-audit check asks, instead of npm's default one",
  DATABASE_URL: "external PostgreSQL for `server start`, instead of the embedded one",
  TIDELOCK_DEBUG: "set to anything: errors of ours show where they happened",
  NO_COLOR: "set to anything: no colours (no-color.org)",
  XDG_CONFIG_HOME: "where the settings file lies (default: ~/.config)",
  XDG_STATE_HOME: "where a user's data directory lies (default: ~/.local/state)",
} as const;

export type VariableName = keyof typeof variables;

/** A variable's value; an empty one counts as unset. */
export function readVariable(
  name: VariableName,
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  return environment[name] || undefined;
}
