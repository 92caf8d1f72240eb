import { z } from "zod";

/** What kinds of scanning there are, as adapters declare them. */
export const ScanKind = z.enum([
  "sast",
  "secrets",
  "dependencies",
  "licences",
  "iac",
  "dast",
  "tls",
  "ports",
  "host",
]);
export type ScanKind = z.infer<typeof ScanKind>;

/** What `each` means: one of each kind that hits different flaws. */
export const eachKind = ["sast", "secrets", "dependencies", "iac", "dast"] as const;

const atLeast = z.int().min(1).max(8).optional();

/** How many different programs of a kind have to pass, as a file says it. */
export const Diversity = z.union([
  z.literal("each"),
  z
    .strictObject({
      sast: atLeast,
      secrets: atLeast,
      dependencies: atLeast,
      licences: atLeast,
      iac: atLeast,
      dast: atLeast,
      tls: atLeast,
      ports: atLeast,
      host: atLeast,
    })
    .refine((asked) => Object.keys(asked).length > 0, "name at least one kind"),
]);
export type Diversity = z.infer<typeof Diversity>;

/** Least number of different programs by kind; a kind that is not named is not asked. */
export type ProgramsByKind = Readonly<Partial<Record<ScanKind, number>>>;

/** What a demanded check counts as. */
export const Scanner = z.object({
  /** The demand's name. */
  check: z.string(),
  /** Two checks with the same one are the same program twice. */
  engine: z.string(),
  kinds: z.array(ScanKind).min(1),
});
export type Scanner = z.infer<typeof Scanner>;

/** Of each kind the most that anybody asks; undefined when nobody asks. */
export function strictestDiversity(
  ...asked: readonly (Diversity | undefined)[]
): ProgramsByKind | undefined {
  const programs: Partial<Record<ScanKind, number>> = {};
  for (const one of asked) {
    if (one === undefined) continue;
    for (const kind of ScanKind.options) {
      const count = one === "each" ? (eachKind.some((name) => name === kind) ? 1 : 0) : one[kind];
      if (count) programs[kind] = Math.max(programs[kind] ?? 0, count);
    }
  }
  return Object.keys(programs).length === 0 ? undefined : programs;
}

/** Of one kind: how many are asked, and the different programs that there are. */
export interface KindCount {
  readonly kind: ScanKind;
  readonly asked: number;
  /** Sorted. */
  readonly engines: readonly string[];
}

/** Counts each kind that is asked for; the same program under two names counts once. */
export function countPrograms(
  asked: ProgramsByKind,
  scanners: readonly Scanner[],
): readonly KindCount[] {
  return ScanKind.options.flatMap((kind) => {
    const count = asked[kind];
    if (count === undefined) return [];
    const engines = scanners.filter(({ kinds }) => kinds.includes(kind)).map((one) => one.engine);
    return [{ kind, asked: count, engines: [...new Set(engines)].sort() }];
  });
}
