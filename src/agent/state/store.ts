import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TidelockError } from "../../model/errors.ts";
import { errorCode, writeDurably } from "../os/durable.ts";
import { keyFile } from "./keys.ts";
import { AgentState, type LaneRecord, emptyLane, emptyState } from "./schema.ts";

interface Pending {
  readonly change: (draft: AgentState) => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The agent's desired state: what is read here is on disk. Changes that arrive while one is being
 * written go to disk together; when the disk is full none of them happened.
 */
export class StateStore {
  readonly #path: string;
  #state: AgentState;
  #pending: Pending[] = [];
  #writing = false;

  private constructor(path: string, state: AgentState) {
    this.#path = path;
    this.#state = state;
  }

  /**
   * @throws TidelockError `incompatible` for a file that is not ours or that has been lost: starting empty beside running
   *   services would be worse than not starting.
   */
  static async open(path: string): Promise<StateStore> {
    const found = await readState(path);
    if (found !== null) return new StateStore(path, found);
    // The key is made after the first state: alone it says that a state was here, and services may run.
    if (existsSync(join(dirname(path), keyFile))) throw lost(path);
    const store = new StateStore(path, emptyState(randomUUID()));
    await store.update(() => undefined);
    return store;
  }

  get current(): Readonly<AgentState> {
    return this.#state;
  }

  lane(key: string): Readonly<LaneRecord> {
    return this.#state.lanes[key] ?? emptyLane();
  }

  /** Applies a change and returns when it is durable. A change that throws is left out, alone. */
  update(change: (draft: AgentState) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ change, resolve, reject });
      if (!this.#writing) void this.#write();
    });
  }

  async #write(): Promise<void> {
    this.#writing = true;
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      let draft = structuredClone(this.#state);
      const applied: Pending[] = [];
      for (const one of batch) {
        const before = structuredClone(draft);
        try {
          one.change(draft);
          applied.push(one);
        } catch (error) {
          draft = before;
          one.reject(error);
        }
      }
      try {
        await writeDurably(this.#path, `${JSON.stringify(draft, null, 1)}\n`);
        this.#state = draft;
        for (const one of applied) one.resolve();
      } catch (error) {
        for (const one of applied) one.reject(error);
      }
    }
    this.#writing = false;
  }
}

async function readState(path: string): Promise<AgentState | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
  try {
    return AgentState.parse(JSON.parse(text));
  } catch (cause) {
    throw new TidelockError("incompatible", "the agent's state is damaged or of another version", {
      where: path,
      hint: "start the version that wrote it, or restore it from a backup; or stop every service, move the whole folder away and start again",
      cause,
    });
  }
}

function lost(path: string): TidelockError {
  return new TidelockError("incompatible", "the agent's state is gone, though it has been here", {
    where: path,
    hint: "restore it from a backup; or stop every service, move the whole folder away and start again",
  });
}

/** The lane's record in a draft, made when it is new. */
export function laneIn(draft: AgentState, key: string): LaneRecord {
  const lane = (draft.lanes[key] ??= emptyLane());
  return lane;
}
