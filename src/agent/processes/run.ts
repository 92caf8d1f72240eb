import type { ChildProcess } from "node:child_process";
import type { ProcessIdentity } from "../os/identity.ts";

/** One life of an instance's process, as its owner follows it. */
export interface Run {
  readonly identity: ProcessIdentity;
  /** Null for an adopted one. */
  readonly child: ChildProcess | null;
  readonly startedMono: number;
  ended: boolean;
}
