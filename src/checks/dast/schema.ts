import { z } from "zod";
import { scanThresholds } from "../../ports/check.ts";
import {
  type IdentityConfiguration,
  IdentitySource,
  OpenApiSource,
  Path,
} from "../probing/schema.ts";

export const DastConfiguration = z.strictObject({
  ...scanThresholds,
  /** `passive` sends only GET, nothing that a user might not send, slowly: for staging and the live colour. */
  mode: z.enum(["active", "passive"]).default("active"),
  through: z.enum(["instances", "route"]).default("instances"),
  /** The same seed sends the same requests to the same service. */
  seed: z.int().min(0).max(2_147_483_647).default(1),
  /** Where the crawl begins. */
  start: z.array(Path).min(1).max(100).default(["/"]),
  openapi: OpenApiSource.optional(),
  /** Two of them show who may see whose things; a third with the role `admin` shows what is only for admins. */
  identities: z.array(IdentitySource).max(3).default([]),
  /** `changed`: only routes that are not in `baseline`, or differ from it. A list: only these. */
  routes: z
    .union([z.enum(["all", "changed"]), z.array(z.string().max(500)).max(500)])
    .default("all"),
  /** The API's description as the live release has it. */
  baseline: OpenApiSource.optional(),
  /** Never asked for: beginnings of paths, or `METHOD /template`. Signing out is always avoided. */
  avoid: z.array(z.string().min(1).max(500)).max(200).default([]),
  /** Templates of what everybody who is signed in may read, whoever made it. */
  shared: z.array(z.string().min(1).max(500)).max(200).default([]),
  /** Attack classes that are left out; the report names them. */
  skip: z.array(z.string().max(60)).max(40).default([]),
  /** Where our listener for server-side requests stands, as the service reaches it. `null`: none. */
  canary: z
    .strictObject({ address: z.string().max(200) })
    .nullable()
    .default({ address: "127.0.0.1" }),
  limits: z
    .strictObject({
      requests: z.int().min(1).max(1_000_000).default(30_000),
      requestsPerSecond: z.number().positive().max(5_000).default(200),
      pages: z.int().min(1).max(10_000).default(300),
      depth: z.int().min(1).max(50).default(8),
      /** Addresses that only differ in ids, or in values: so many of each kind are visited. */
      perTemplate: z.int().min(1).max(100).default(4),
      timeoutMs: z.int().min(100).max(120_000).default(10_000),
      bodyBytes: z.int().min(1_024).max(16_777_216).default(524_288),
      /** Wrong passwords that are tried before it is said that nothing stops them. */
      wrongPasswords: z.int().min(5).max(100).default(20),
    })
    .prefault({}),
  /** PEM certificates to trust besides the well-known ones. */
  ca: z.string().max(1_000_000).optional(),
});
/** As it is carried out: every secret is read. */
export type DastConfiguration = Omit<z.infer<typeof DastConfiguration>, "identities"> & {
  readonly identities: readonly IdentityConfiguration[];
};
