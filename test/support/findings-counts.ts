import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formats } from "../../src/findings/parsers/formats.ts";
import { readText } from "../../src/findings/reading/read-text.ts";

export const samplesFolder = join(import.meta.dirname, "../fixtures/findings");

/** A real report, and how many findings the tests of another project expect in it; null: they assert nothing. */
export interface Sample {
  readonly format: string;
  readonly file: string;
  readonly expectedFindings: number | null;
  readonly oracle: string | null;
  readonly note: string;
}

export const samples: readonly Sample[] = JSON.parse(
  readFileSync(join(samplesFolder, "index.json"), "utf8"),
) as Sample[];

export interface Count {
  /** Format that reads it. */
  readonly by: string;
  readonly hits: number;
  readonly claims?: number;
  /** It says itself that it is not whole. */
  readonly incomplete?: true;
  /** Refused, with these words in the error. */
  readonly refused?: string;
  /** Why ours is another number than theirs, or why it is refused. */
  readonly why?: string;
}

/** By `format/file`. */
export const counts: Readonly<Record<string, Count>> = JSON.parse(
  readFileSync(join(samplesFolder, "counts.json"), "utf8"),
) as Record<string, Count>;

export function textOf({ format, file }: Sample): string {
  const path = join(samplesFolder, format, file);
  if (!existsSync(path)) throw new Error(`${path} is missing`);
  return readFileSync(path, "utf8");
}

/** What we make of it. */
export function countOf(sample: Sample, by: string): Count {
  const format = formats.find(({ id }) => id === by);
  if (format === undefined) throw new Error(`there is no format ${by}`);
  try {
    const { observations, claims = [], complete } = readText(format, textOf(sample));
    return {
      by,
      hits: observations.length,
      ...(claims.length === 0 ? {} : { claims: claims.length }),
      ...(complete ? {} : { incomplete: true }),
    };
  } catch (error) {
    return { by, hits: 0, refused: error instanceof Error ? error.message : String(error) };
  }
}
