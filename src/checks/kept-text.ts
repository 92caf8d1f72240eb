import { redactor } from "../model/redact.ts";
import { apart, longText } from "./apart.ts";

/** What of a raw report is kept; the rest is cut and said so. */
export const maxRawBytes = 16 * 1024 * 1024;

export interface Raw {
  readonly text: string;
  readonly truncated: boolean;
}

/** A raw report without secrets (law 11), cut to what is kept. A long one is worked on in a thread of its own. */
export async function keptText(raw: Raw, secrets: readonly string[]): Promise<Raw> {
  if (raw.text.length < longText) return blankAndCut(raw, secrets);
  return apart<Raw>(new URL("./kept-text-thread", import.meta.url), { raw, secrets });
}

/** The work itself: as often over the whole text as there are forms of secrets. */
export function blankAndCut({ text, truncated }: Raw, secrets: readonly string[]): Raw {
  const redact = redactor(secrets);
  const kept = cut((truncated ? redact.cleanCut : redact.clean)(text), maxRawBytes);
  return { text: kept.text, truncated: truncated || kept.truncated };
}

export function cut(text: string, bytes: number): Raw {
  const whole = text.toWellFormed();
  if (Buffer.byteLength(whole) <= bytes) return { text: whole, truncated: false };
  // A character cut in half at the end decodes to U+FFFD.
  const part = Buffer.from(whole)
    .subarray(0, bytes)
    .toString("utf8")
    .replace(/\uFFFD$/, "");
  return { text: part, truncated: true };
}
