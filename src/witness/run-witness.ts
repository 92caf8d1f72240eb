import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { formatVerifierKey, parseVerifierKey } from "../ledger/note.ts";
import { TidelockError } from "../model/errors.ts";
import { withFileLock } from "../store/file-lock.ts";
import type { WatchedLog } from "./decide.ts";
import { openIdentity } from "./key.ts";
import { serveWitness } from "./server.ts";
import { WitnessState } from "./state.ts";
import { Witness } from "./witness.ts";

export interface WitnessOptions {
  /** Key, name and what was cosigned; one witness at a time. */
  readonly state: string;
  /** `127.0.0.1:7430`, `[::1]:0`. */
  readonly listen: string;
  /** Verifier keys of the logs to watch; a key's name is its log's origin, several of one name are one log. */
  readonly logs: readonly string[];
  readonly name?: string;
  readonly notice: (message: string) => void;
  readonly ready: (witness: { readonly url: string; readonly key: string }) => void;
  readonly signal: AbortSignal;
}

/** Runs a witness until the signal. Throws what its parts throw, before anything listens. */
export async function runWitness(options: WitnessOptions): Promise<void> {
  const { notice, signal } = options;
  const address = parseAddress(options.listen);
  const logs = watchedLogs(options.logs);
  const folder = resolve(options.state);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const serve = async () => {
    const signer = openIdentity(folder, options.name);
    const state = new WitnessState(folder, signer.key);
    const alarm = (message: string) => notice(`ALARM: ${message}`);
    const witness = new Witness({ signer, state, logs, clock: Date.now, alarm });
    const server = await serveWitness(witness, address, notice);
    try {
      options.ready({ url: server.url, key: formatVerifierKey(signer.key) });
      if (!signal.aborted) {
        await new Promise<void>((done) => {
          signal.addEventListener("abort", () => done(), { once: true });
        });
      }
    } finally {
      await server.close();
    }
  };
  await withFileLock(join(folder, "lock"), "a witness runs on this state folder", serve, 0);
}

export function watchedLogs(keys: readonly string[]): readonly WatchedLog[] {
  const parsed = keys.map(parseVerifierKey);
  const origins = [...new Set(parsed.map(({ name }) => name))];
  return origins.map((origin) => ({ origin, keys: parsed.filter(({ name }) => name === origin) }));
}

function parseAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host !== undefined && port <= 65_535) return { host, port };
  throw new TidelockError("invalid-input", `${JSON.stringify(text)} is no address to listen on`, {
    fault: "operator",
    where: "--listen",
    hint: "write host:port, for example 127.0.0.1:7430",
  });
}
