import { z } from "zod";

/** Where checkpoints of the ledger are written down besides the database. */

const Folder = z
  .string()
  .max(4_096)
  .regex(/^\/[^\0]*$/, "write an absolute path");
/** No option, no traversal, nothing that git or a shell would read otherwise. */
const GitName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/, "use letters, digits, dot, dash, slash")
  .refine((name) => !/\.\.|\/\/|\/$|\.lock$/.test(name), "that is no name of a branch");

export const AnchorSettings = z.discriminatedUnion("kind", [
  /** A file for each checkpoint, in a folder of another disk or machine. */
  z.strictObject({ kind: z.literal("file"), folder: Folder }),
  /** A commit for each checkpoint, on a branch of its own; pushed when there is a remote. */
  z.strictObject({
    kind: z.literal("git"),
    repository: Folder,
    branch: GitName.default("tidelock-checkpoints"),
    remote: GitName.optional(),
  }),
]);
export type AnchorSettings = z.infer<typeof AnchorSettings>;
