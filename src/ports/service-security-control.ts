import type { ServiceSecurityView } from "../api/routes/security.ts";
import type { ServiceSecurity } from "../model/service-security.ts";
import type { Actor } from "./control-plane.ts";

/** Who answers for a service's security, how long findings may stay, where they wait. */
export interface ServiceSecurityControl {
  show(service: string): Promise<ServiceSecurityView>;
  /** Throws `conflict` when `basedOn` is not its version any more. */
  set(
    actor: Actor,
    service: string,
    security: ServiceSecurity,
    basedOn: number,
  ): Promise<ServiceSecurityView>;
}
