import { z } from "zod";
import { ofService } from "../../model/permissions.ts";
import { Name } from "../../model/primitives.ts";

/** Who had a hand in a release. */

export const ReleaseChainView = z.object({
  service: z.string(),
  version: z.string(),
  id: z.string(),
  /** In `solo` nothing of it is claimed to be different people. */
  governance: z.enum(["solo", "team"]),
  /** By its newest promotion into each environment. */
  items: z.array(
    z.object({
      environment: z.string(),
      promotion: z.string(),
      state: z.string(),
      at: z.iso.datetime(),
      chain: z.array(
        z.object({
          stage: z.string(),
          what: z.string(),
          who: z.string(),
          /** Whether it is shown that it was them. */
          proven: z.boolean(),
          how: z.string(),
        }),
      ),
    }),
  ),
});
export type ReleaseChainView = z.infer<typeof ReleaseChainView>;

export const chainRoutes = {
  releaseChain: {
    method: "GET",
    path: "/api/v1/services/:service/releases/:release/chain",
    permission: "release.read",
    resource: ofService,
    params: z.object({ service: Name, release: z.string().min(1).max(200) }),
    response: ReleaseChainView,
  },
} as const;
