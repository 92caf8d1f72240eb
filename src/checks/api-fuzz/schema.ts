import { z } from "zod";
import { scanThresholds } from "../../ports/check.ts";
import { IdentitySource, OpenApiSource, Path } from "../probing/schema.ts";
import { allFamilies, Reproduction } from "./reproduce/reproduction.ts";

/** A path inside the release. */
const TreePath = z
  .string()
  .min(1)
  .max(500)
  .regex(/^(?!\/)(?!.*(^|\/)\.\.?(\/|$))[^\0\\]+$/, "write a path inside the release");

/** Each can be left out, and the report says so; right requests are always sent. */
const families = allFamilies.filter((one) => one !== "valid");

export const ApiFuzzConfiguration = z.strictObject({
  ...scanThresholds,
  through: z.enum(["instances", "route"]).default("instances"),
  /** The same seed sends the same requests to a service that answers the same. */
  seed: z.int().min(0).max(2_147_483_647).default(1),
  /** Without it the description is looked for at the usual places of the release, then of the service. */
  openapi: z.union([OpenApiSource, z.strictObject({ file: TreePath })]).optional(),
  /** Whoever may use what is not for strangers. */
  identities: z.array(IdentitySource).max(1).default([]),
  /** Never asked for: beginnings of paths, or `METHOD /template`. Signing out is always avoided. */
  avoid: z.array(z.string().min(1).max(500)).max(200).default([]),
  skip: z.array(z.enum(families)).max(families.length).default([]),
  /** Files of the release that uploads are made from, besides the built-in ones. */
  seedFiles: z.array(TreePath).max(20).default([]),
  /** Sends only these again, and says whether the same comes of them. */
  replay: z.array(Reproduction).min(1).max(50).optional(),
  /** Starts the tested instances again with empty state, before the first or after the last request. */
  reset: z.enum(["before", "after"]).optional(),
  /** Paths where the service may have its description, when the release has none. */
  descriptionPaths: z
    .array(Path)
    .max(20)
    .default(["/openapi.json", "/openapi.yaml", "/swagger.json"]),
  limits: z
    .strictObject({
      /** The time box. What is planned and not sent by then makes the run `partial`; random cases do not count. */
      seconds: z.int().min(1).max(7_200).default(300),
      requests: z.int().min(1).max(1_000_000).default(30_000),
      requestsPerSecond: z.number().positive().max(5_000).default(200),
      /** Random cases for each operation, after the planned ones. */
      randomCases: z.int().min(0).max(100_000).default(100),
      /** An answer that takes longer hangs. */
      hangMs: z.int().min(100).max(120_000).default(5_000),
      bodyBytes: z.int().min(1_024).max(16_777_216).default(262_144),
      /** Requests for making one example smaller. */
      shrink: z.int().min(0).max(1_000).default(40),
      /** Growth of the instances' memory by one operation's requests, and again when they are repeated. */
      memoryMb: z.int().min(8).max(65_536).default(100),
    })
    .prefault({}),
  ca: z.string().max(1_000_000).optional(),
});
export type ApiFuzzConfiguration = z.infer<typeof ApiFuzzConfiguration>;
