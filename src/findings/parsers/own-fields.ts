import { GenericFinding } from "./generic/schema.ts";

/** Under which a format of others carries what it has no field for, as JSON of the generic format. */
export const ownKey = "tidelock";

const Own = GenericFinding.pick({
  place: true,
  kind: true,
  severityStated: true,
  scope: true,
  aliases: true,
  cwe: true,
  fixedIn: true,
  fingerprints: true,
  suppressed: true,
  cvss: true,
  references: true,
  claim: true,
}).partial();

type Fields = NonNullable<ReturnType<typeof Own.parse>>;

/** What our own export wrote there. Whatever else stands there is somebody else's, and is left alone. */
export function ownFields(text: string | undefined): Partial<Fields> {
  if (text === undefined || text.length > 100_000) return {};
  try {
    const found = Own.safeParse(JSON.parse(text));
    if (!found.success) return {};
    const entries = Object.entries(found.data).filter(([, value]) => value !== undefined);
    return Object.fromEntries(entries) as Partial<Fields>;
  } catch {
    return {};
  }
}
