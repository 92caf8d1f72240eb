import { z } from "zod";

/**
 * Places that Tidelock offers to a colour under test instead of the real ones: what arrives there is kept
 * and goes nowhere. An isolated value names one by a placeholder, which becomes its address when the
 * instances start: `SMTP_URL: "{sink.mail}"`.
 */
export const SinkKind = z.enum(["mail", "http", "tcp"]);
export type SinkKind = z.infer<typeof SinkKind>;

/** What a placeholder stands for: `{sink.mail}`, `{sink.mail.host}`, `{sink.mail.port}`. */
const placeholder = /\{sink\.([a-z]+)(?:\.([a-z]+))?\}/g;
const parts = new Set<string | undefined>([undefined, "host", "port"]);

export interface SinkAddress {
  readonly host: string;
  readonly port: number;
}
export type SinkAddresses = Readonly<Partial<Record<SinkKind, SinkAddress>>>;

const schemes: Readonly<Record<SinkKind, string>> = { mail: "smtp://", http: "http://", tcp: "" };

/** Kinds of sinks that the values ask for, each once, in a fixed order. */
export function sinkKindsIn(values: Iterable<string>): readonly SinkKind[] {
  const wanted = new Set<string>();
  for (const value of values) {
    for (const [, kind = ""] of value.matchAll(placeholder)) wanted.add(kind);
  }
  return SinkKind.options.filter((kind) => wanted.has(kind));
}

/** The first placeholder that stands for nothing, as it is written; null when all are known. */
export function unknownSinkIn(value: string): string | null {
  for (const [text, kind, part] of value.matchAll(placeholder)) {
    if (!SinkKind.safeParse(kind).success || !parts.has(part)) return text;
  }
  return null;
}

/** True for a value that names a sink, known or not. */
export function namesSink(value: string): boolean {
  return value.search(placeholder) !== -1;
}

/** Puts addresses in the place of placeholders; one without an address stays as it is. */
export function fillSinks(value: string, addresses: SinkAddresses): string {
  return value.replaceAll(placeholder, (text: string, kind: string, part: string | undefined) => {
    const known = SinkKind.safeParse(kind);
    const address = known.success ? addresses[known.data] : undefined;
    if (!known.success || address === undefined || !parts.has(part)) return text;
    if (part === "host") return address.host;
    if (part === "port") return String(address.port);
    return `${schemes[known.data]}${address.host}:${address.port}`;
  });
}
