import { z } from "zod";
import { Role } from "./manual-check.ts";
import { Name } from "./primitives.ts";

/**
 * A kind of change that deserves more eyes: told by where it is (globs over the paths of the release) or by what stands
 * in the changed files, before or after. Whoever declares it says who has to look as well.
 */
export const HighRisk = z.strictObject({
  /** A known class (`authentication`, `cryptography`, `pipeline`, …) brings paths and contents; another name has only its own. */
  class: Name,
  /** Globs beside those of a known class; capitals and leading dots do not matter. */
  paths: z.array(z.string().min(1).max(200)).max(64).optional(),
  /** Texts, exactly as written, beside those of a known class. */
  contains: z.array(z.string().min(3).max(200)).max(64).optional(),
  /** Who is asked for a signed review besides everything else. */
  review: z.strictObject({
    role: Role,
    /** Different ones. */
    people: z.int().min(1).max(3).default(1),
  }),
});
export type HighRisk = z.infer<typeof HighRisk>;

/** A class that a change touches, and by what this is told. */
export const Touched = z.strictObject({ class: z.string(), because: z.string() });
export type Touched = z.infer<typeof Touched>;
