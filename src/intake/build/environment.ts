import { mkdirSync } from "node:fs";
import { join } from "node:path";

/**
 * What a build may inherit, by name: where programs are, and how this machine reaches the network. Nothing
 * else of our environment gets through: no tokens, no user's configuration.
 */
export const inheritedVariables = [
  "PATH",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "NODE_EXTRA_CA_CERTS",
  "npm_config_registry",
  "PIP_INDEX_URL",
  "GOPROXY",
] as const;

/**
 * The environment of a build: the inherited list, and values that are the same on every machine. `HOME` and
 * `TMPDIR` are empty folders of this build. `SOURCE_DATE_EPOCH` (reproducible-builds.org) is the commit's
 * time, so that tools stamp that instead of now.
 */
export function buildEnvironment(workFolder: string, commitTime?: string): NodeJS.ProcessEnv {
  const home = join(workFolder, "home");
  const temporary = join(workFolder, "tmp");
  for (const folder of [home, temporary]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const epoch = Math.floor(Date.parse(commitTime ?? "1980-01-01T00:00:00Z") / 1000);
  const inherited = inheritedVariables.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(inherited),
    HOME: home,
    TMPDIR: temporary,
    LANG: "C.UTF-8",
    TZ: "UTC",
    CI: "true",
    SOURCE_DATE_EPOCH: String(epoch),
  };
}
