import { z } from "zod";
import { ofService, wholeService } from "../../model/permissions.ts";
import { Name } from "../../model/primitives.ts";
import { ServiceSecurity } from "../../model/service-security.ts";

/** Calls about what a service's owners say of its security. */

export const ServiceSecurityView = ServiceSecurity.extend({
  service: Name,
  /** Counts its changes; 0: nobody has said anything, and defaults stand. */
  version: z.int().nonnegative(),
  setAt: z.iso.datetime().nullable(),
  setBy: z.string().nullable(),
});
export type ServiceSecurityView = z.infer<typeof ServiceSecurityView>;

export const securityRoutes = {
  securityShow: {
    method: "GET",
    path: "/api/v1/services/:service/security",
    permission: "service.read",
    resource: ofService,
    params: z.object({ service: Name }),
    response: ServiceSecurityView,
  },
  /** Takes the place of what stood there at `basedOn`, its version. */
  securitySet: {
    method: "PUT",
    path: "/api/v1/services/:service/security",
    permission: "security.write",
    resource: wholeService,
    params: z.object({ service: Name }),
    body: z.object({ security: ServiceSecurity, basedOn: z.int().nonnegative() }),
    response: ServiceSecurityView,
  },
} as const;
