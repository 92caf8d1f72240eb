import { readFileSync } from "node:fs";
import { join } from "node:path";

const here = new URL("../package.json", import.meta.url);

/** Whatever runs this service tells it these things; each has a default for `node server.js` by hand. */
export function readSettings(environment = process.env) {
  return {
    version: JSON.parse(readFileSync(here, "utf8")).version,
    port: Number.parseInt(environment.PORT ?? "8080", 10),
    environment: environment.TIDELOCK_ENVIRONMENT ?? "local",
    colour: environment.TIDELOCK_COLOUR ?? "none",
    nonce: environment.TIDELOCK_IDENTITY_NONCE ?? null,
    stateDir: environment.TIDELOCK_STATE_DIR ?? join(process.cwd(), ".state"),
    greeting: configured(environment, "GREETING") ?? "Good things, sent by ship.",
  };
}

/** A configured value: a file in the configuration folder, or a variable of the same name. */
function configured(environment, name) {
  const folder = environment.TIDELOCK_CONFIG_DIR;
  if (folder) {
    try {
      return readFileSync(join(folder, name), "utf8").trimEnd();
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
  return environment[name];
}
