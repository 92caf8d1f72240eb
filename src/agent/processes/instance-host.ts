import type { ParsedProcess } from "../slots/spec.ts";
import type { InstanceRecord } from "../state/schema.ts";
import type { BackoffPolicy } from "./backoff.ts";
import type { Spawned } from "./spawn.ts";

export interface StartedInstance extends Spawned {
  /** Address at which its port is. */
  readonly host: string;
}

/** What an instance needs of the slot it belongs to. */
export interface InstanceHost {
  readonly agentId: string;
  readonly process: ParsedProcess;
  readonly backoff: BackoffPolicy;
  /** Makes the record durable; rejects when the disk is full. */
  save(record: InstanceRecord): Promise<void>;
  /** Starts the program with this port. Throws when the command cannot be run. */
  spawn(record: InstanceRecord, port: number | null): Promise<StartedInstance>;
  /** Takes back what was made for it besides its process. */
  stopped(record: InstanceRecord): Promise<void>;
  /** Offset behind the last byte of its log. */
  logEnd(): number;
  /** Promises a free port to this instance, the one it had before if possible. */
  reservePort(before: number | null): Promise<number>;
  /** Whether it shall be tried for ever: true on the live colour. */
  keepTrying(): boolean;
  /** Something that an observer or the router wants to know has changed. */
  changed(): void;
  note(kind: string, detail: Record<string, unknown>): void;
}
