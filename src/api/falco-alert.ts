import { createHash } from "node:crypto";
import { z } from "zod";
import type { Severity } from "../model/observation.ts";
import { printable } from "../model/printable.ts";
import type { SignalInput } from "../model/signal.ts";

/**
 * An alert as Falco's `http_output` posts it (`json_output: true`), and as Falcosidekick passes it on. Everything in it
 * may have been chosen by whoever attacks the workload.
 *
 * Source: https://falco.org/docs/concepts/outputs/channels/
 */
export const FalcoAlert = z.object({
  rule: z.string().min(1).max(1_024),
  priority: z.string().max(64),
  output: z.string().max(65_536).default(""),
  /** RFC 3339, nanoseconds; only told, never believed: the database's clock says when it came. */
  time: z.string().max(64).optional(),
  /** Since Falco 0.41. */
  uuid: z.string().max(64).optional(),
  source: z.string().max(64).optional(),
  hostname: z.string().max(256).optional(),
  output_fields: z.record(z.string(), z.unknown()).nullish(),
});
export type FalcoAlert = z.infer<typeof FalcoAlert>;

/** Falco's words, which are syslog's. */
const severityOf: ReadonlyMap<string, Severity> = new Map([
  ["emergency", "critical"],
  ["alert", "critical"],
  ["critical", "critical"],
  ["error", "high"],
  ["warning", "medium"],
  ["notice", "low"],
  ["informational", "info"],
  ["info", "info"],
  ["debug", "info"],
]);

/** Rules by which Falco speaks of itself: events were lost, so that silence means nothing. */
const ownRule = /^Falco internal:/i;

/**
 * What an alert says of a release. A priority that nobody knows counts as critical; that events were lost counts as
 * medium at least. The same alert twice is one signal. Pure.
 */
export function falcoSignal(alert: FalcoAlert): SignalInput {
  const { rule, priority, output, uuid } = alert;
  const said = severityOf.get(priority.toLowerCase()) ?? "critical";
  const lost = ownRule.test(rule);
  return {
    source: "falco",
    id:
      uuid !== undefined && /^[0-9a-fA-F-]{8,64}$/.test(uuid)
        ? uuid.toLowerCase()
        : ofContent(alert),
    kind: lost ? "events-lost" : wordOf(rule),
    severity: lost && (said === "low" || said === "info") ? "medium" : said,
    message: printable(output === "" ? rule : output, 450).slice(0, 500),
  };
}

/** Of what was seen, and when: without a number of its own an alert is known by what it says. */
function ofContent({ rule, priority, output, time, hostname }: FalcoAlert): string {
  const text = JSON.stringify([rule, priority, output, time ?? null, hostname ?? null]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

function wordOf(rule: string): string {
  const word = rule
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 100)
    .replace(/^-+|-+$/g, "");
  // `heartbeat` means that a source is there and saw nothing: no rule may call itself that.
  return word === "" || word === "heartbeat" ? "alert" : word;
}
