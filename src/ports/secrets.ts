import type { SecretReference } from "../model/configuration.ts";
import type { Lane } from "../model/primitives.ts";

/** Resolves references to values, when a process starts. Values go nowhere but to the agent. */
export interface SecretProvider {
  readonly id: string;
  /** Throws `not-found` naming the reference (never a value). */
  resolve(lane: Lane, reference: SecretReference): Promise<string>;
}
