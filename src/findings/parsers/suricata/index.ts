import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import type { Draft, DraftPlace } from "../../observe.ts";
import type { Format } from "../format.ts";
import {
  count,
  fieldOf,
  isRecord,
  lookUp,
  many,
  newest,
  valuesOf,
  wholeness,
  words,
} from "../loose.ts";

const Event = z.object({
  timestamp: words,
  event_type: words,
  host: words,
  src_ip: words,
  src_port: count,
  dest_ip: words,
  dest_port: count,
  proto: words,
  direction: words,
  app_proto: words,
  /** Who began the conversation, since 6. */
  flow: z.object({ dest_ip: words, dest_port: count }).nullish(),
});
type Event = z.infer<typeof Event>;

const Alert = z.object({
  action: words,
  gid: words,
  signature_id: words,
  signature: words,
  category: words,
  severity: words,
  metadata: z
    .object({ signature_severity: many(words), cve: many(words), confidence: many(words) })
    .nullish(),
});

/** 1 is the worst; a rule without priority has 3 or 255. */
const severities: Readonly<Record<string, Severity>> = {
  "1": "high",
  "2": "medium",
  "3": "low",
  "4": "info",
  "255": "info",
};

/** What the authors of a rule say; worse than its priority it counts. */
const byAuthor: Readonly<Record<string, Severity>> = { critical: "critical", major: "high" };

/**
 * Suricata's EVE log, one event a line: alerts, and of the sensor's own counters what it dropped. An alert is of a
 * rule and of the service that was talked to, never of who talked. The subject are the sensors, where they are named.
 */
export const suricata: Format = {
  id: "suricata",
  title: "Suricata (EVE JSON lines)",
  syntax: "lines",
  absence: "never",
  recognise(sample) {
    const values = valuesOf(sample);
    return values.length > 0 && values.every(isEvent);
  },
  open() {
    const sensors = new Set<string>();
    let events = 0;
    const time = newest();
    let lost: Losses = { packets: 0, of: 0, alerts: 0 };
    return {
      item: (value) =>
        [value].flat(1).flatMap((one: unknown) => {
          if (!isEvent(one)) throw new Error("a line is no event of Suricata");
          const event = Event.parse(one);
          events += 1;
          time.see(instantOf(event.timestamp));
          if (event.host !== "" && sensors.size < 100) sensors.add(event.host.slice(0, 256));
          if (event.event_type === "stats") lost = worse(lost, lossesIn(fieldOf(one, "stats")));
          const alert = event.event_type === "alert" ? fieldOf(one, "alert") : undefined;
          return isRecord(alert) ? [draftOf(event, Alert.parse(alert))] : [];
        }),
      end() {
        if (events === 0) throw new Error("it has no event of Suricata");
        return {
          tool: { name: "suricata", version: "unknown" },
          ...time.summary,
          ...(sensors.size === 0 ? {} : { subject: [...sensors].toSorted().join(", ") }),
          ...wholeness(
            lost.packets > 0
              ? `${lost.packets} packets were dropped, ${lost.of} were seen`
              : undefined,
            lost.alerts > 0 ? `${lost.alerts} alerts were dropped` : undefined,
          ),
        };
      },
    };
  },
};

function isEvent(value: unknown): boolean {
  return (
    typeof fieldOf(value, "event_type") === "string" &&
    typeof fieldOf(value, "timestamp") === "string" &&
    ["flow_id", "stats", "src_ip", "engine"].some((key) => fieldOf(value, key) !== undefined)
  );
}

interface Losses {
  readonly packets: number;
  readonly of: number;
  readonly alerts: number;
}

/** Counters grow while it runs, and begin again when it restarts. */
function worse(one: Losses, other: Losses): Losses {
  return {
    packets: Math.max(one.packets, other.packets),
    of: Math.max(one.of, other.of),
    alerts: Math.max(one.alerts, other.alerts),
  };
}

function lossesIn(stats: unknown): Losses {
  const capture = fieldOf(stats, "capture");
  const detect = fieldOf(stats, "detect");
  const sum = (from: unknown, ...names: readonly string[]) =>
    names.reduce((all, name) => all + (count.catch(null).parse(fieldOf(from, name)) ?? 0), 0);
  return {
    packets: sum(capture, "kernel_drops", "kernel_ifdrops", "errors", "rx_packets_drops"),
    of: sum(capture, "kernel_packets"),
    alerts: sum(detect, "alert_queue_overflow"),
  };
}

function draftOf(event: Event, alert: z.infer<typeof Alert>): Draft {
  const stated = lookUp(severities, alert.severity);
  const said = alert.metadata?.signature_severity
    .map((word) => lookUp(byAuthor, word.toLowerCase()))
    .find((one) => one !== null);
  const worst = said === "critical" || (said === "high" && stated !== null) ? said : stated;
  return {
    rule: `${alert.gid || "1"}:${alert.signature_id}`,
    severity: worst ?? said ?? null,
    title: alert.signature,
    message: [alert.category, alert.action && `action: ${alert.action}`, event.app_proto]
      .filter((part) => part !== "")
      .join("; "),
    kind: "runtime",
    place: placeOf(event),
    aliases: (alert.metadata?.cve ?? [])
      .map((cve) => cve.replaceAll("_", "-").toUpperCase())
      .filter((cve) => /^CVE-\d{4}-\d{4,7}$/.test(cve)),
  };
}

/** The service: who was talked to, and not the port that its client happened to have. */
function placeOf({
  src_ip,
  src_port,
  dest_ip,
  dest_port,
  flow,
  direction,
  proto,
}: Event): DraftPlace {
  const [host, port] =
    flow?.dest_ip && flow.dest_port !== null
      ? [flow.dest_ip, flow.dest_port]
      : direction === "to_client"
        ? [src_ip, src_port]
        : [dest_ip, dest_port];
  if (port === null) return { kind: "resource", name: `${host || "network"} ${proto}`.trim() };
  return { kind: "port", host, port, protocol: proto.toUpperCase() === "UDP" ? "udp" : "tcp" };
}

/** `2023-07-06T08:34:24.526482+0000` as RFC 3339; empty when it is none. */
function instantOf(text: string): string {
  const plain = text.replace(/([+-]\d\d)(\d\d)$/, "$1:$2");
  const time = Date.parse(plain);
  return Number.isNaN(time) ? "" : new Date(time).toISOString();
}
