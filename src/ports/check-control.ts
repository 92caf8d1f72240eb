import type { Sight } from "../model/principal.ts";
import type { ManualRequestView } from "../api/routes/manual.ts";
import type { SignerView } from "../model/signer-view.ts";
import type { Actor } from "./control-plane.ts";
import type { ConformanceView, DemandsView, RawReportView } from "../api/routes/checks.ts";

/** What people do with single checks of a promotion. */
export interface CheckControl {
  /** What the registered pipeline and the floor demand together. Throws `not-found`. */
  demands(service: string, environment: string): Promise<DemandsView>;
  /** The raw report of the newest attempt that has one. Throws `not-found`. */
  raw(promotion: string, check: string): Promise<RawReportView>;
  /** What waits for people; with a promotion, all that it has asked. */
  asked(promotion: string | null, sees?: Sight): Promise<readonly ManualRequestView[]>;
  /** `request`: its id, a beginning of it, or the run. Throws `not-found`. */
  request(request: string): Promise<ManualRequestView>;
  /** Whether and how somebody can answer, before they try. */
  mine(actor: Actor, request: string): Promise<SignerView>;
  /** The time of a session begins. */
  begin(actor: Actor, request: string): Promise<ManualRequestView>;
  /** Takes a person's signed answer, by key file or passkey, or nothing. */
  answer(request: string, envelope: Uint8Array): Promise<ManualRequestView>;
  /** The newest report before a switch. Throws `not-found` while the gate has not decided. */
  conformance(promotion: string): Promise<ConformanceView>;
}
