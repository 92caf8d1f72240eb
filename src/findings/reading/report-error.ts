import { z } from "zod";
import { TidelockError } from "../../model/errors.ts";
import { clip } from "../observe.ts";

/**
 * What a report is refused with: one sentence for a person, with the position. It quotes nothing of the report but
 * names of keys and elements: what stands in a report may be a secret.
 */
export function reportError(message: string, more: { hint?: string; cause?: unknown } = {}) {
  return new TidelockError("invalid-input", message, { fault: "operator", ...more });
}

const named = new WeakSet<TidelockError>();

/** Whatever was thrown about a part of a report (`where`), as one sentence that names the format first. */
export function refusalOf(error: unknown, format: string, where?: string): TidelockError {
  if (error instanceof TidelockError && (named.has(error) || error.code !== "invalid-input")) {
    return error;
  }
  const ours = error instanceof TidelockError;
  const place = ours || where === undefined ? "" : `${where}: `;
  const refusal = reportError(`${format}: ${place}${reasonOf(error)}`, {
    ...(ours && error.hint !== undefined ? { hint: error.hint } : {}),
    cause: ours ? error.cause : error,
  });
  named.add(refusal);
  return refusal;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof z.ZodError)) {
    // What a tool says of its own failure stands in some of them.
    return clip(error instanceof Error ? error.message : String(error), 500);
  }
  const [issue] = error.issues;
  const path = issue?.path.map(String).join(".").slice(0, 200) ?? "";
  const what = issue?.message.slice(0, 200) ?? "";
  return `it does not fit: ${path === "" ? what : `${path}: ${what}`}`;
}

/** The position in V8's message about JSON, without the text that it quotes. */
export function jsonFault(error: unknown, text: string, start: number): TidelockError {
  const found = /position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
  const at = found === undefined ? text.length : Number(found);
  const byte = start + Buffer.byteLength(text.slice(0, at));
  return reportError(`JSON at byte ${byte}: no value can be read here`);
}
