import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NoteKey, parseVerifierKey } from "../../src/ledger/note.ts";
import { runWitness } from "../../src/witness/run-witness.ts";

/** A real witness in this process, with a state folder of its own unless one is given. */
export interface RunningWitness {
  readonly url: string;
  /** As a trust root names it. */
  readonly vkey: string;
  readonly key: NoteKey;
  readonly notices: readonly string[];
  stop(): Promise<void>;
}

export async function startWitness(options: {
  readonly logs: readonly string[];
  readonly name?: string;
  readonly state?: string;
}): Promise<RunningWitness> {
  const { logs, name } = options;
  const state = options.state ?? mkdtempSync(join(tmpdir(), "tidelock-witness-"));
  const notices: string[] = [];
  const abort = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<{ url: string; key: string }>();
  const done = runWitness({
    state,
    listen: "127.0.0.1:0",
    logs,
    ...(name === undefined ? {} : { name }),
    notice: (message) => notices.push(message),
    ready: resolve,
    signal: abort.signal,
  });
  done.catch(reject);
  const { url, key } = await promise;
  return {
    url,
    vkey: key,
    key: parseVerifierKey(key),
    notices,
    async stop() {
      abort.abort();
      await done;
      if (options.state === undefined) rmSync(state, { recursive: true, force: true });
    },
  };
}
