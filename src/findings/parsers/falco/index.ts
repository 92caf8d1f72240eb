import type { Severity } from "../../../model/observation.ts";
import type { Draft } from "../../observe.ts";
import type { Format } from "../format.ts";
import { fieldOf, gaps, isRecord, lookUp, newest, valuesOf, wholeness } from "../loose.ts";
import { placeName } from "./workload.ts";

/** Falco's priorities are those of syslog. */
const priorities: Readonly<Record<string, Severity>> = {
  emergency: "critical",
  alert: "critical",
  critical: "critical",
  error: "high",
  warning: "medium",
  notice: "low",
  informational: "info",
  info: "info",
  debug: "info",
};

/**
 * Falco's alerts (`json_output`), one a line or printed over many. An alert is of a rule, a workload and a process,
 * never of a container's id or a moment. What it says about itself is no alert: events that it dropped make the
 * report incomplete.
 */
export const falco: Format = {
  id: "falco",
  title: "Falco (JSON lines)",
  syntax: "lines",
  absence: "never",
  recognise(sample) {
    const values = valuesOf(sample);
    return values.length > 0 && values.every(isAlert);
  },
  open() {
    const dropped = gaps();
    let alerts = 0;
    const time = newest();
    return {
      item: (value) =>
        [value].flat(1).flatMap((one: unknown) => {
          if (!isAlert(one)) throw new Error("a line is no alert of Falco");
          const alert = readAlert(one);
          alerts += 1;
          time.see(alert.time);
          if (!alert.rule.startsWith("Falco internal:")) return [draftOf(alert)];
          if (isLoss(alert)) dropped.add(alert.output || alert.rule);
          return [];
        }),
      end() {
        if (alerts === 0) throw new Error("it has no alert of Falco");
        return {
          tool: { name: "falco", version: "unknown" },
          ...time.summary,
          ...wholeness(dropped.say("loss of events", "losses of events")),
        };
      },
    };
  },
};

interface Alert {
  readonly rule: string;
  readonly priority: string;
  readonly output: string;
  readonly time: string;
  readonly source: string;
  readonly hostname: string;
  readonly tags: readonly string[];
  readonly fields: unknown;
}

/** Keys are written in any case: `Rule`, `output_fields`, `OutputFields`. */
function readAlert(value: Readonly<Record<string, unknown>>): Alert {
  const named = new Map(
    Object.entries(value)
      .slice(0, 100)
      .map(([key, one]) => [key.toLowerCase().replaceAll("_", ""), one]),
  );
  const text = (key: string): string => {
    const one = named.get(key);
    return typeof one === "string" ? one : "";
  };
  const tags = named.get("tags");
  return {
    rule: text("rule"),
    priority: text("priority"),
    output: text("output"),
    time: text("time"),
    source: text("source"),
    hostname: text("hostname"),
    tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === "string").slice(0, 64) : [],
    fields: named.get("outputfields"),
  };
}

function isAlert(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isRecord(value)) return false;
  const { rule, priority, output, fields } = readAlert(value);
  return rule !== "" && priority !== "" && (output !== "" || isRecord(fields));
}

/** `Falco internal: syscall event drop`; of snapshots of its counters, those with drops. */
function isLoss({ rule, fields }: Alert): boolean {
  if (!rule.includes("metrics snapshot")) return true;
  return Object.entries(isRecord(fields) ? fields : {}).some(
    ([key, value]) => /(?:^|[._])n_drops$|drops_total$/.test(key) && Number(value) > 0,
  );
}

function draftOf(alert: Alert): Draft {
  const cves = alert.tags.filter((tag) => /^cve-\d{4}-\d{4,7}$/i.test(tag));
  return {
    rule: alert.rule,
    severity: lookUp(priorities, alert.priority.toLowerCase()),
    title: alert.rule,
    // Without the moment and the priority at its beginning: `13:44:05.478445995: Critical …`.
    message: alert.output.replace(/^[\d:.TZ+-]{8,40}: (?:[A-Z][a-z]{2,20} )?/, ""),
    kind: "runtime",
    place: { kind: "resource", name: placeName(alert) },
    aliases: cves.map((tag) => tag.toUpperCase()),
    scope: String(fieldOf(alert.fields, "container.image.repository") ?? ""),
  };
}
