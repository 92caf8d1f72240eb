import type { Page } from "../model/principal.ts";
import type { EngagementView } from "../api/routes/engagements.ts";
import type { EngagementId } from "../model/engagement.ts";
import type { Digest } from "../model/primitives.ts";
import type { Actor } from "./control-plane.ts";

/** Penetration tests, red teams, bug bounties: records that people sign and that end. */
export interface EngagementControl {
  /** Throws `invalid-input` for what is no signed record, `forbidden` without the right. */
  add(actor: Actor, envelope: Uint8Array): Promise<EngagementView>;
  /** Newest first. */
  list(filter: { readonly service: string | null } & Page): Promise<readonly EngagementView[]>;
  show(id: EngagementId): Promise<EngagementView>;
  /** Throws `not-found` for what is none of its files. */
  evidence(id: EngagementId, digest: Digest): Promise<{ name: string; bytes: Uint8Array }>;
  withdraw(actor: Actor, id: EngagementId, reason: string): Promise<EngagementView>;
}
