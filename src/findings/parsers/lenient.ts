import { z } from "zod";

/**
 * Pieces of schemas for reports that tools write as they like: nulls, numbers as texts, one value where others write
 * a list. What only describes a hit never refuses it; what holds hits is read strictly, so that none is lost unseen.
 */

/** A text or a number as a text; undefined for whatever is empty or neither. */
export const words = z
  .unknown()
  .optional()
  .transform((value): string | undefined => {
    if (typeof value === "number") return String(value);
    return typeof value === "string" ? value.trim() || undefined : undefined;
  });

/** A number, also where it is written as a text. */
export const number = z
  .unknown()
  .optional()
  .transform((value): number | undefined => {
    const read = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    return typeof read === "number" && Number.isFinite(read) ? read : undefined;
  });

/** A flag, also where it is written as a text. */
export const flag = z
  .unknown()
  .optional()
  .transform((value): boolean | undefined => {
    if (typeof value === "boolean") return value;
    return value === "true" ? true : value === "false" ? false : undefined;
  });

/** A list; nothing is an empty one, and a single value a list of one. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.preprocess(
    (value) =>
      value === null || value === undefined ? [] : Array.isArray(value) ? value : [value],
    z.array(item),
  );
}

/** Texts of a list in which anything else is passed over. */
export const manyWords = listOf(words).transform((all) => all.filter((one) => one !== undefined));
