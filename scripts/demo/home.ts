import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { TidelockError } from "../../src/model/errors.ts";
import { withFileLock } from "../../src/store/file-lock.ts";

/**
 * The demo's own place, apart from a real server's data directory:
 *
 *   demo.lock   held by the running demo; the kernel releases it when the demo dies
 *   demo.json   where the running demo is, for a second `npm start`
 *   data/       the data directory of its server
 *   shop/       the repository of the service it releases
 */
export interface DemoHome {
  readonly root: string;
  readonly data: string;
  readonly shop: string;
  /** The file that says where the demo is. */
  readonly addresses: string;
}

export interface DemoAddresses {
  readonly pid: number;
  readonly server: string;
  readonly service: string;
}

/**
 * `TIDELOCK_DEMO_DIR`, else the system's state directory for root (services run as other users, who
 * cannot reach root's home) and XDG's for a user.
 */
export function demoHome(environment: NodeJS.ProcessEnv = process.env): DemoHome {
  const root = resolve(environment["TIDELOCK_DEMO_DIR"] || defaultRoot(environment));
  return {
    root,
    data: join(root, "data"),
    shop: join(root, "shop"),
    addresses: join(root, "demo.json"),
  };
}

function defaultRoot(environment: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return "/var/lib/tidelock-demo";
  const state = environment["XDG_STATE_HOME"] || join(homedir(), ".local", "state");
  return join(state, "tidelock-demo");
}

/**
 * Runs `work` as the only demo of this place. When another one runs, answers where instead.
 */
export async function asOnlyDemo<T>(
  home: DemoHome,
  work: () => Promise<T>,
): Promise<{ readonly result: T } | { readonly other: DemoAddresses | null }> {
  mkdirSync(home.root, { recursive: true });
  // Services of other users pass through on their way to their own folders; they see nothing on it.
  chmodSync(home.root, 0o711);
  let entered = false;
  try {
    const result = await withFileLock(
      join(home.root, "demo.lock"),
      "the demo",
      () => {
        entered = true;
        return work();
      },
      0,
    );
    return { result };
  } catch (error) {
    const held = error instanceof TidelockError && error.code === "timeout";
    if (entered || !held) throw error;
    return { other: readAddresses(home) };
  }
}

export function writeAddresses(home: DemoHome, addresses: DemoAddresses): void {
  writeFileSync(home.addresses, JSON.stringify(addresses));
}

function readAddresses(home: DemoHome): DemoAddresses | null {
  try {
    return JSON.parse(readFileSync(home.addresses, "utf8")) as DemoAddresses;
  } catch {
    // It is still starting.
    return null;
  }
}
