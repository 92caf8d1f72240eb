import type { z } from "zod";
import { decodeUtf8 } from "./bytes.ts";
import { bad, good, type Result } from "./result.ts";

/** Large enough for every bundle and SBOM seen; a bound on what a hostile file costs. */
export const maxEvidenceBytes = 32 * 1024 * 1024;

/** Foreign bytes as JSON of the given shape; unknown keys are passed over. */
export function readJson<T extends z.ZodType>(
  bytes: Uint8Array,
  schema: T,
  what: string,
): Result<z.output<T>> {
  if (bytes.length > maxEvidenceBytes) {
    return bad(`${what} has ${bytes.length} bytes; at most ${maxEvidenceBytes} are read`);
  }
  const text = decodeUtf8(bytes);
  if (text === null) return bad(`${what} is not UTF-8 text`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return bad(`${what} is not JSON`);
  }
  return checkShape(value, schema, what);
}

export function checkShape<T extends z.ZodType>(
  value: unknown,
  schema: T,
  what: string,
): Result<z.output<T>> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return good(parsed.data);
  const issue = parsed.error.issues[0];
  const field = issue?.path.map(String).join(".") || "the document";
  return bad(`${what} does not fit: ${field}: ${issue?.message ?? "invalid"}`);
}
