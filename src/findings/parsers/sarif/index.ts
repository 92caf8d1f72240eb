import type { Observation, Severity } from "../../../model/observation.ts";
import { cweIn, observe, severityOfScore } from "../../observe.ts";
import type { Parsed, Parser } from "../parser.ts";
import { placeOf, tidelockOf } from "./place.ts";
import { Log, type Result, type Rule, type Run } from "./schema.ts";

/**
 * SARIF 2.1.0 (OASIS). Built-in scanners write it too, with what it has no field for in
 * `properties.tidelock` (see place.ts). A result of kind `pass` or `notApplicable` and one that is absent
 * since the tool's own baseline is no hit; every other one is, suppressed or not.
 */
export const sarif: Parser = {
  format: "sarif",
  parse(text) {
    const log = Log.parse(JSON.parse(text.replace(/^\uFEFF/, "")));
    const observations = log.runs.flatMap(observationsOf);
    const missing = log.runs.length === 0 ? "it holds no run" : log.runs.map(leftOut).find(Boolean);
    const files = log.runs.reduce((sum, run) => sum + (run.artifacts?.length ?? 0), 0);
    const driver = log.runs[0]?.tool.driver;
    const parsed: Parsed = {
      observations,
      complete: missing === undefined,
      ...(missing === undefined ? {} : { missing }),
      ...(files === 0 ? {} : { exercised: { files } }),
      ...(driver?.name === undefined
        ? {}
        : {
            tool: {
              name: driver.name,
              version: driver.version ?? driver.semanticVersion ?? "unknown",
            },
          }),
    };
    return parsed;
  },
};

/** Why a run does not speak for everything it should have looked at; undefined when it does. */
function leftOut(run: Run): string | undefined {
  if (run.externalPropertyFileReferences?.results !== undefined) {
    return "its results stand in another file";
  }
  if (!run.results) return "it holds no list of results";
  for (const { executionSuccessful, toolExecutionNotifications } of run.invocations ?? []) {
    if (executionSuccessful === false) return "the tool did not run to its end";
    const bad = toolExecutionNotifications?.find(({ level }) => level === "error");
    if (bad) return bad.message?.text ?? "the tool met an error";
  }
  return undefined;
}

const kindsWithoutHit = new Set(["pass", "notApplicable"]);

function observationsOf(run: Run): readonly Observation[] {
  return (run.results ?? []).flatMap((result) => {
    if (kindsWithoutHit.has(result.kind ?? "") || result.baselineState === "absent") return [];
    return [observationOf(run, result)];
  });
}

function observationOf(run: Run, result: Result): Observation {
  const rule = ruleOf(run, result);
  const own = tidelockOf(result);
  const message = messageOf(result, rule);
  const tags = [rule?.properties?.["tags"], result.properties?.["tags"]].flat().filter(isText);
  const taxa = [...(result.taxa ?? []), ...(rule?.relationships ?? []).map(({ target }) => target)];
  const cwe = taxa.flatMap((one) =>
    /cwe/i.test(one?.toolComponent?.name ?? "") ? [Number(one?.id?.replace(/\D+/g, ""))] : [],
  );
  return observe({
    rule: result.ruleId ?? result.rule?.id ?? rule?.id ?? "",
    ...severityOf(result, rule),
    title: rule?.shortDescription?.text ?? rule?.name ?? message,
    message,
    place: placeOf(run, result),
    cwe: [...cwe, ...cweIn(tags), ...(own?.cwe ?? [])],
    ...(own?.aliases === undefined ? {} : { aliases: own.aliases }),
    fixedIn: own?.fixedIn,
    fingerprint: fingerprintOf(result),
    unchanged: result.baselineState === "unchanged",
    suppressed: (result.suppressions ?? []).some(({ status }) => status !== "rejected"),
  });
}

/** By identity first: an index may point into an extension's rules (3.27.7, 3.52.3). */
function ruleOf(run: Run, { ruleId, ruleIndex, rule }: Result): Rule | undefined {
  const component = rule?.toolComponent?.index;
  const tool =
    component === undefined || component < 0
      ? run.tool.driver
      : (run.tool.extensions?.[component] ?? run.tool.driver);
  const index = rule?.index ?? ruleIndex ?? -1;
  const placed = index < 0 ? undefined : tool.rules?.[index];
  const id = ruleId ?? rule?.id;
  if (placed && (id === undefined || placed.id === undefined || id.startsWith(placed.id))) {
    return placed;
  }
  return id === undefined ? undefined : byId(run).get(id);
}

const known = new WeakMap<Run, ReadonlyMap<string, Rule>>();

/** Looked up once a run, so that many results with many rules stay linear. */
function byId(run: Run): ReadonlyMap<string, Rule> {
  const before = known.get(run);
  if (before) return before;
  const made = new Map<string, Rule>();
  for (const { rules } of [run.tool.driver, ...(run.tool.extensions ?? [])]) {
    for (const rule of rules ?? []) {
      if (rule.id !== undefined && !made.has(rule.id)) made.set(rule.id, rule);
    }
  }
  known.set(run, made);
  return made;
}

const levels: Readonly<Record<string, Severity>> = {
  error: "high",
  warning: "medium",
  note: "low",
  none: "info",
};

/** `security-severity`, else the level; nothing said is a warning (3.27.10). */
function severityOf(
  result: Result,
  rule: Rule | undefined,
): { severity: Severity; severityStated: boolean } {
  const score =
    severityOfScore(result.properties?.["security-severity"]) ??
    severityOfScore(rule?.properties?.["security-severity"]);
  if (score !== null) return { severity: score, severityStated: true };
  const kind = result.kind ?? "fail";
  if (kind === "informational") return { severity: "info", severityStated: true };
  const level = result.level ?? rule?.defaultConfiguration?.level;
  const severity = level === undefined ? undefined : levels[level];
  // Of kinds `open` and `review` nobody knows yet: a level `none` is not taken for harmless.
  const undecided = kind !== "fail" && severity === "info";
  return severity === undefined || undecided
    ? { severity: "medium", severityStated: false }
    : { severity, severityStated: true };
}

function messageOf({ message }: Result, rule: Rule | undefined): string {
  const direct = message?.text ?? message?.markdown;
  const text = direct ?? (message?.id === undefined ? "" : stringOf(rule, message.id));
  const values = message?.arguments ?? [];
  return text
    .slice(0, 8_192)
    .replace(
      /\{(\d{1,3})\}/g,
      (whole, index: string) => values[Number(index)]?.slice(0, 512) ?? whole,
    );
}

function stringOf(rule: Rule | undefined, id: string): string {
  const strings = rule?.messageStrings;
  return strings !== undefined && Object.hasOwn(strings, id) ? (strings[id]?.text ?? "") : "";
}

/** One of those that the tool gives, always the same one. */
function fingerprintOf({ fingerprints, partialFingerprints }: Result): string | undefined {
  for (const all of [fingerprints, partialFingerprints]) {
    const [key] = Object.keys(all ?? {}).sort();
    if (all !== undefined && key !== undefined) return `${key}=${all[key]}`;
  }
  return undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
