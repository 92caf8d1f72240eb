import { mkdir, readFile, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { errorCode } from "../os/durable.ts";

/** Whose a number is on this machine. */
const Claim = z.object({ dataDir: z.string(), agentId: z.string() });
type Claim = z.infer<typeof Claim>;

/** Where claims are kept: across reboots if possible, since users are. */
const places = ["/var/lib/tidelock-users", "/run/tidelock-users"];

/** A claim may be a little older than the state that it is made for. Milliseconds. */
const youngMs = 60_000;

/**
 * Numeric users are the machine's, agents are a data directory's: two agents must never give the same
 * number away, as each ends everything that runs under one of its own. A claim is a file named by the
 * number; it falls when the data directory that made it is gone or knows nothing of it.
 */
export class UserRegistry {
  readonly #folder: string;
  readonly #claim: Claim;

  private constructor(folder: string, claim: Claim) {
    this.#folder = folder;
    this.#claim = claim;
  }

  /** Null where no folder for claims can be had. */
  static async open(
    dataDir: string,
    agentId: string,
    folders: readonly string[] = places,
  ): Promise<UserRegistry | null> {
    for (const folder of folders) {
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        return new UserRegistry(folder, { dataDir, agentId });
      } catch {
        // The next place.
      }
    }
    return null;
  }

  /** True when the number is ours from now on (or was already). */
  async claim(user: number): Promise<boolean> {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      try {
        const text = JSON.stringify(this.#claim);
        await writeFile(this.#path(user), text, { flag: "wx", mode: 0o600 });
        return true;
      } catch (error) {
        if (errorCode(error) === "ENOENT") continue;
        if (errorCode(error) !== "EEXIST") throw error;
      }
      const holder = await this.#holderOf(user);
      if (holder?.agentId === this.#claim.agentId) return true;
      if (holder !== null && (await stands(holder, user, this.#path(user)))) return false;
      await rm(this.#path(user), { force: true });
    }
    return false;
  }

  async release(user: number): Promise<void> {
    if ((await this.#holderOf(user))?.agentId !== this.#claim.agentId) return;
    await rm(this.#path(user), { force: true });
    // The last one leaves nothing behind.
    await rmdir(this.#folder).catch(() => undefined);
  }

  async #holderOf(user: number): Promise<Claim | null> {
    try {
      return Claim.parse(JSON.parse(await readFile(this.#path(user), "utf8")));
    } catch {
      return null;
    }
  }

  #path(user: number): string {
    return join(this.#folder, String(user));
  }
}

const Users = z.object({ agentId: z.string(), users: z.record(z.string(), z.int()) });

/** Whether the agent that made a claim still has use for it. */
async function stands(claim: Claim, user: number, path: string): Promise<boolean> {
  const made = await stat(path).catch(() => null);
  if (made !== null && Date.now() - made.mtimeMs < youngMs) return true;
  try {
    const file = join(claim.dataDir, "agent", "state.json");
    const state = Users.parse(JSON.parse(await readFile(file, "utf8")));
    return state.agentId === claim.agentId && Object.values(state.users).includes(user);
  } catch (error) {
    // Gone with its data directory; anything else is no proof that it is not needed.
    return errorCode(error) !== "ENOENT";
  }
}
