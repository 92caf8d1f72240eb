import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { processesOf } from "../../scripts/demo/processes.ts";
import { root } from "../../scripts/test/run-step.ts";

const run = promisify(execFile);

/**
 * A server with a data directory of its own, driven by nothing but the command line, as a user does it.
 * `program` is the command: of the sources by default, of an installed package where that is the test.
 */
export class Installation {
  readonly folder = mkdtempSync(join(tmpdir(), "tidelock-installation-"));
  readonly dataDir = join(this.folder, "data");
  readonly #program: string;

  constructor(program = join(root, "bin", "tidelock.mjs")) {
    this.#program = program;
    // Services of other users pass through.
    chmodSync(this.folder, 0o711);
  }

  /** Rejects with exit code, stdout and stderr when the command fails. */
  async tidelock(args: readonly string[], cwd = this.folder): Promise<string> {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !name.startsWith("TIDELOCK_") && name !== "DATABASE_URL",
    );
    const { stdout } = await run(process.execPath, [this.#program, ...args], {
      cwd,
      env: {
        ...Object.fromEntries(inherited),
        TIDELOCK_DATA_DIR: this.dataDir,
        TIDELOCK_CONFIG: join(this.folder, "config.json"),
      },
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  }

  async start(): Promise<void> {
    await this.tidelock(["server", "start", "--detach", "--port", "0"]);
  }

  /** Ends everything; answers what is still there, which is a failure of the product. */
  async stop(): Promise<readonly string[]> {
    const left = (): readonly string[] => processesOf(this.dataDir).map(({ command }) => command);
    if (left().length > 0) await this.tidelock(["down", "--yes"]);
    const deadline = performance.now() + 20_000;
    while (left().length > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const remaining = left();
    if (remaining.length === 0) rmSync(this.folder, { recursive: true, force: true });
    return remaining;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("no free port");
  return address.port;
}

/** Gives every environment of a tidelock.yaml a free port; answers environment name to address. */
export async function moveToFreePorts(file: string): Promise<ReadonlyMap<string, string>> {
  const addresses = new Map<string, string>();
  const documents = readFileSync(file, "utf8").split(/^---$/m);
  for (const [index, document] of documents.entries()) {
    const name = /kind: Environment[^]*?name: (\S+)/.exec(document)?.[1];
    if (name === undefined) continue;
    const port = await freePort();
    documents[index] = document.replace(/"127\.0\.0\.1:\d+"/, `"127.0.0.1:${port}"`);
    addresses.set(name, `http://127.0.0.1:${port}`);
  }
  writeFileSync(file, documents.join("---"));
  return addresses;
}
