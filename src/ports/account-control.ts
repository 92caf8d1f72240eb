import type { CurrentView, SessionView } from "../api/routes-accounts.ts";
import type { Actor } from "./control-plane.ts";

/** Who signs in, and who is signed in. */
export interface AccountControl {
  current(actor: Actor): Promise<CurrentView>;
  /** `name` null: the actor's own; so do those that end them. */
  sessions(actor: Actor, name: string | null): Promise<readonly SessionView[]>;
  endSession(actor: Actor, name: string | null, id: string): Promise<void>;
  /** Answers how many have ended. */
  endSessions(actor: Actor, name: string | null): Promise<number>;
}
