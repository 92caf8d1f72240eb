import { randomBytes } from "node:crypto";
import { markerPlaceholder, type Trigger } from "./schema.ts";

/** A text that is nowhere yet. Lower-case letters and digits: it survives addresses, keys and columns. */
export function newMarker(): string {
  return `tlmark${randomBytes(9).toString("hex")}`;
}

export function fillMarker(text: string, marker: string): string {
  return text.replaceAll(markerPlaceholder, marker);
}

export function bodyOf(trigger: Trigger, marker: string): string | undefined {
  if (trigger.json !== undefined) return fillMarker(JSON.stringify(trigger.json), marker);
  return trigger.body === undefined ? undefined : fillMarker(trigger.body, marker);
}

/**
 * Whether a text holds a marker, as it is or as mails carry it: quoted-printable with soft line breaks
 * (RFC 2045 section 6.7), base64 in lines (6.8) at any alignment.
 */
export function holdsMarker(text: string, marker: string): boolean {
  const lower = text.toLowerCase();
  if (lower.includes(marker) || lower.replace(/=\r?\n/g, "").includes(marker)) return true;
  const joined = text.replace(/[\r\n]/g, "");
  return [0, 1, 2].some((shift) => joined.includes(base64At(marker, shift)));
}

/** The characters of base64 that a text has for certain when `shift` bytes stand before it. */
function base64At(marker: string, shift: number): string {
  const encoded = Buffer.from("\0".repeat(shift) + marker).toString("base64");
  const whole = Math.floor((shift + marker.length) / 3) * 4;
  return encoded.slice(shift === 0 ? 0 : 4, whole);
}
