import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { TidelockError } from "../../model/errors.ts";
import { writeDurably } from "../durable-file.ts";

/** The embedded database's two accounts: `admin` made the cluster, `user` is what tidelock works as. */
const Credentials = z.strictObject({
  adminUser: z.string(),
  adminPassword: z.string(),
  user: z.string(),
  password: z.string(),
  database: z.string(),
});
export type Credentials = z.infer<typeof Credentials>;

/** Reads the credentials (0600), or makes them the first time. Called under the database's lock. */
export function loadCredentials(path: string): Credentials {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return createCredentials(path);
  }
  try {
    return Credentials.parse(JSON.parse(text));
  } catch {
    // No cause: it could quote a password.
    throw new TidelockError("invalid-input", "the database's credentials cannot be read", {
      fault: "operator",
      where: path,
      hint: "restore the file from a backup of the data directory",
    });
  }
}

function createCredentials(path: string): Credentials {
  const password = () => randomBytes(32).toString("base64url");
  const credentials: Credentials = {
    adminUser: "postgres",
    adminPassword: password(),
    user: "tidelock",
    password: password(),
    database: "tidelock",
  };
  writeDurably(path, `${JSON.stringify(credentials, null, 2)}\n`);
  return credentials;
}
