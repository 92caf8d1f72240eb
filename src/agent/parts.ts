import type { Layout } from "../model/layout.ts";
import type { Slot } from "../model/primitives.ts";
import type { Artifacts } from "./artifacts/artifacts.ts";
import type { Users } from "./isolation/users.ts";
import type { Journal } from "./journal/journal.ts";
import type { Lanes } from "./lanes.ts";
import type { LogBook } from "./logs/log-book.ts";
import type { BackoffPolicy } from "./processes/backoff.ts";
import type { PortBook } from "./processes/ports.ts";
import type { FaultPoints } from "./faults/points.ts";
import type { Sinks } from "./sinks/sinks.ts";
import type { Drains } from "./slots/drains.ts";
import type { StateStore } from "./state/store.ts";

/** What the agent's parts share. Made once, in `agent.ts`. */
export interface Parts {
  readonly paths: Layout;
  readonly agentId: string;
  readonly store: StateStore;
  readonly journal: Journal;
  readonly lanes: Lanes;
  readonly users: Users;
  readonly artifacts: Artifacts;
  readonly ports: PortBook;
  readonly sinks: Sinks;
  readonly faultPoints: FaultPoints;
  readonly drains: Drains;
  readonly logs: LogBook;
  readonly backoff: BackoffPolicy;
  /** Undoes what a colour suffers on purpose; called before it gets another deployment, ends, or meets users. */
  readonly heal: (slot: Slot) => Promise<void>;
  /** Called when an instance's state changes: the router and the armed returns look again. */
  readonly slotChanged: (slot: Slot) => void;
}

/** A line in the agent's own log. Never a value of a configuration. */
export function report(message: string): void {
  process.stdout.write(`${new Date().toISOString()} ${message}\n`);
}
