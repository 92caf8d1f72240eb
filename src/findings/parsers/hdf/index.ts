import { z } from "zod";
import type { FindingKind, Severity } from "../../../model/observation.ts";
import { type Draft, cweIn } from "../../observe.ts";
import type { Format } from "../format.ts";
import { count, fieldOf, gaps, isRecord, many, wholeness, words } from "../loose.ts";

const Frame = z.object({
  platform: z.object({ name: words, release: words, target_id: words }),
  version: words,
  profiles: z.array(
    z.object({ name: words, parent_profile: words, status: words, status_message: words }),
  ),
});

const Control = z.object({
  id: words,
  title: words,
  desc: words,
  impact: count,
  tags: z.record(z.string(), z.unknown()).nullish(),
  results: many(
    z.object({
      status: words,
      code_desc: words,
      message: words,
      skip_message: words,
      exception: words,
      start_time: words,
    }),
  ),
  waived_data: z.unknown().optional(),
});
type Control = z.infer<typeof Control>;

type Status = "failed" | "error" | "passed" | "skipped" | "empty";

/** What is kept of a control until its profiles are all read: an overlay's stands before the one with results. */
interface Kept {
  readonly id: string;
  readonly title: string;
  readonly impact: number | null;
  readonly status: Status;
  readonly why: string;
  readonly waived: boolean;
  readonly cwe: readonly number[];
}

const most = 50_000;

/**
 * Heimdall Data Format, which is InSpec's JSON report as well: a control with a result that failed is a hit, once
 * however many profiles lay over each other. An impact of zero is a control that does not apply. A control that
 * broke, or that nobody reviewed, was not looked at.
 */
export const hdf: Format = {
  id: "hdf",
  title: "Heimdall Data Format, InSpec (JSON)",
  syntax: "json",
  items: [{ path: ["profiles", "*", "controls", "*"] }],
  recognise(sample) {
    if (sample.syntax !== "json") return false;
    const profiles = fieldOf(sample.value, "profiles");
    return (
      isRecord(fieldOf(sample.value, "platform")) &&
      Array.isArray(profiles) &&
      profiles.every((one) => Array.isArray(fieldOf(one, "controls")))
    );
  },
  open(frame) {
    const { platform, version, profiles } = Frame.parse(frame);
    const parents = new Map(profiles.map(({ name, parent_profile }) => [name, parent_profile]));
    const controls = new Map<string, Kept>();
    let madeAt: string | undefined;
    return {
      item(value, at) {
        const control = Control.parse(value);
        const index = at.keys.find((key) => typeof key === "number") ?? -1;
        const key = `${rootOf(profiles[index]?.name ?? "", parents)}\n${control.id.slice(0, 512)}`;
        const known = controls.get(key);
        if (known === undefined && controls.size >= most) {
          throw new Error(`it has more than ${most} controls`);
        }
        madeAt ??= instantOf(control.results[0]?.start_time ?? "");
        controls.set(key, known === undefined ? keep(control) : laidOver(known, keep(control)));
        return [];
      },
      end() {
        const left = gaps();
        for (const { name, status, status_message } of profiles) {
          if (["skipped", "failed"].includes(status))
            left.add(`${name}: ${status_message || status}`);
        }
        const broken = gaps();
        const skipped = gaps();
        const kept = [...controls.values()];
        const applying = kept.filter(({ impact }) => impact !== 0);
        for (const { id, status } of applying) {
          if (status === "error") broken.add(id);
          if (status === "skipped" || status === "empty") skipped.add(id);
        }
        const target = platform.target_id || platform.name;
        return {
          drafts: applying
            .filter(({ status }) => status === "failed")
            .map((control) => draftOf(control, target, kindOf(platform.name))),
          tool: { name: toolOf(platform.name), version: version || "unknown" },
          ...subjectOf(target, profiles),
          ...(madeAt === undefined ? {} : { madeAt }),
          exercised: {
            assertions: kept.filter(({ status }) => status === "passed" || status === "failed")
              .length,
          },
          ...wholeness(
            kept.length === 0 ? "there is no control in it" : undefined,
            left.say("profile was not run", "profiles were not run"),
            broken.say("control broke", "controls broke"),
            skipped.say("control was not reviewed", "controls were not reviewed"),
          ),
        };
      },
    };
  },
};

/** The target by these profiles: others look for other things. */
function subjectOf(
  target: string,
  profiles: z.infer<typeof Frame>["profiles"],
): { subject?: string } {
  const names = profiles.filter((one) => one.parent_profile === "").map(({ name }) => name);
  const all = [target, ...names.toSorted()].filter((one) => one !== "").slice(0, 50);
  return all.length === 0 ? {} : { subject: all.join(", ") };
}

/** The outermost of profiles that lie over each other. */
function rootOf(name: string, parents: ReadonlyMap<string, string>): string {
  let root = name;
  for (let step = 0; step < 16; step += 1) {
    const parent = parents.get(root);
    if (parent === undefined || parent === "" || parent === root) return root;
    root = parent;
  }
  return root;
}

function keep(control: Control): Kept {
  const status = statusOf(control);
  const first =
    control.results.find((one) => one.status.toLowerCase() === "failed") ?? control.results[0];
  const why = [first?.code_desc, first?.message || first?.skip_message, control.desc];
  const tags = [fieldOf(control.tags, "cwe"), fieldOf(control.tags, "cweid")].flat(1);
  return {
    id: control.id.slice(0, 512),
    title: control.title.slice(0, 512),
    impact: control.impact,
    status,
    why: status === "passed" ? "" : why.filter(Boolean).join("\n").slice(0, 1_024),
    waived: isWaived(control.waived_data),
    cwe: cweIn(tags.map((tag) => `cwe-${String(tag).replace(/^cwe-/i, "")}`)),
  };
}

function statusOf({ results }: Control): Status {
  const statuses = results.map(({ status, exception }) =>
    exception !== "" && status !== "failed" ? "error" : status.toLowerCase(),
  );
  if (statuses.length === 0) return "empty";
  if (statuses.includes("failed")) return "failed";
  if (statuses.some((one) => !["passed", "skipped"].includes(one))) return "error";
  return statuses.includes("passed") && !statuses.includes("skipped") ? "passed" : "skipped";
}

/** The overlay says how grave it is, what lies below how it ended. */
function laidOver(over: Kept, below: Kept): Kept {
  const results = over.status === "empty" ? below : over;
  return {
    ...results,
    title: over.title || below.title,
    impact: over.impact ?? below.impact,
    waived: over.waived || below.waived,
    cwe: over.cwe.length > 0 ? over.cwe : below.cwe,
  };
}

/** InSpec's: the control was run all the same, or left out because of a waiver. */
function isWaived(data: unknown): boolean {
  return isRecord(data) && Object.keys(data).length > 0;
}

/** Heimdall's scale of impacts. */
function severityOf(impact: number | null): Severity | null {
  if (impact === null || impact < 0) return null;
  if (impact >= 0.9) return "critical";
  if (impact >= 0.7) return "high";
  return impact >= 0.4 ? "medium" : "low";
}

function draftOf(control: Kept, target: string, kind: FindingKind | undefined): Draft {
  return {
    rule: control.id || control.title,
    severity: severityOf(control.impact),
    title: control.title || control.id,
    message: control.why,
    place: { kind: "resource", name: target || "unnamed" },
    kind,
    cwe: control.cwe,
    suppressed: control.waived,
  };
}

const clouds: ReadonlySet<string> = new Set([
  "aws",
  "azure",
  "gcp",
  "alicloud",
  "k8s",
  "kubernetes",
]);

function isConverted(platform: string): boolean {
  return platform.toLowerCase().startsWith("heimdall");
}

/** What was converted from another tool's report can be about anything. */
function kindOf(platform: string): FindingKind | undefined {
  if (isConverted(platform)) return undefined;
  return clouds.has(platform.toLowerCase()) ? "infrastructure" : "host";
}

function toolOf(platform: string): string {
  return isConverted(platform) ? "heimdall" : "inspec";
}

function instantOf(text: string): string | undefined {
  const time = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
