import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { TidelockError } from "../../model/errors.ts";
import { errorCode, writeDurably } from "../os/durable.ts";
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
   * @throws TidelockError `incompatible` for a file that is not ours: starting empty beside running
   *   services would be worse than not starting.
   */
  static async open(path: string): Promise<StateStore> {
    const found = await readState(path);
    if (found !== null) return new StateStore(path, found);
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
      hint: "start the version that wrote it; or stop every service, move the file away and start again",
      cause,
    });
  }
}

/** The lane's record in a draft, made when it is new. */
export function laneIn(draft: AgentState, key: string): LaneRecord {
  const lane = (draft.lanes[key] ??= emptyLane());
  return lane;
}
