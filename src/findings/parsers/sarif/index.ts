import type { Severity } from "../../../model/observation.ts";
import { cweIn, type Draft, quoted, severityOfScore } from "../../observe.ts";
import { type Format, fieldsOf, type Summary } from "../format.ts";
import { placeOf, tidelockOf } from "./place.ts";
import { Log, Result, type Rule, type Run } from "./schema.ts";

/**
 * SARIF 2.1.0 (OASIS). Built-in scanners write it too, with what it has no field for in
 * `properties.tidelock` (see place.ts). A result of kind `pass` or `notApplicable` and one that is absent
 * since the tool's own baseline is no hit; every other one is, suppressed or not.
 */
export const sarif: Format = {
  id: "sarif",
  title: "SARIF 2.1.0",
  syntax: "json",
  items: [{ path: ["runs", "*", "results", "*"] }],
  recognise(sample) {
    const value = fieldsOf(sample);
    return value?.["version"] === "2.1.0" && Array.isArray(value["runs"]);
  },
  open(frame) {
    const { runs } = Log.parse(frame);
    return {
      item(value, { keys: [index] }) {
        const run = runs[Number(index)];
        return run === undefined ? [] : hitsOf(run, Result.parse(value));
      },
      about: () => aboutOf(runs),
      end: () => summaryOf(runs),
    };
  },
};

function summaryOf(runs: readonly Run[]): Summary {
  const missing = runs.length === 0 ? "it holds no run" : runs.map(leftOut).find(Boolean);
  const files = runs.reduce((sum, run) => sum + (run.artifacts?.length ?? 0), 0);
  const madeAt = runs
    .flatMap(({ invocations }) => (invocations ?? []).flatMap(({ endTimeUtc }) => endTimeUtc ?? []))
    .toSorted()
    .at(-1);
  return {
    complete: missing === undefined,
    ...(missing === undefined ? {} : { missing }),
    ...(files === 0 ? {} : { exercised: { files } }),
    ...aboutOf(runs),
    ...(madeAt === undefined ? {} : { madeAt }),
  };
}

function aboutOf(runs: readonly Run[]): Pick<Summary, "tool" | "subject"> {
  const subject = distinct(runs.flatMap(categoryOf)).join(", ");
  const drivers = runs
    .map(({ tool }) => tool.driver)
    .filter(({ name }, index, all) => all.findIndex((one) => one.name === name) === index);
  const name = drivers.flatMap((driver) => driver.name ?? []).join(" + ");
  const version = drivers.map((one) => one.version ?? one.semanticVersion ?? "unknown").join(" + ");
  return {
    ...(name === "" ? {} : { tool: { name, version } }),
    ...(subject === "" ? {} : { subject }),
  };
}

/** What stands before the last `/` is the same in every scan; what is behind it names one run (3.17.3). */
function categoryOf({ automationDetails }: Run): readonly string[] {
  const category = automationDetails?.id?.replace(/\/?[^/]*$/, "") ?? "";
  return category === "" ? [] : [category];
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].toSorted();
}

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

function hitsOf(run: Run, result: Result): readonly Draft[] {
  const none = kindsWithoutHit.has(result.kind ?? "") || result.baselineState === "absent";
  return none ? [] : [hitOf(run, result)];
}

function hitOf(run: Run, result: Result): Draft {
  const rule = ruleOf(run, result);
  const own = tidelockOf(result);
  const message = messageOf(result, rule);
  const tags = [rule?.properties?.["tags"], result.properties?.["tags"]].flat().filter(isText);
  const taxa = [...(result.taxa ?? []), ...(rule?.relationships ?? []).map(({ target }) => target)];
  const cwe = taxa.flatMap((one) =>
    /cwe/i.test(one?.toolComponent?.name ?? "") ? [Number(one?.id?.replace(/\D+/g, ""))] : [],
  );
  const cwes = [...cwe, ...cweOf(tags), ...(own?.cwe ?? [])];
  return {
    rule: result.ruleId ?? result.rule?.id ?? rule?.id ?? "",
    ...severityOf(result, rule),
    title: rule?.shortDescription?.text ?? rule?.name ?? message,
    message,
    place: placeOf(run, result),
    cwe: cwes,
    ...(own?.aliases === undefined ? {} : { aliases: own.aliases }),
    fixedIn: own?.fixedIn,
    ...identityOf(run, result),
    ...quoted(codeOf(result), { secret: isSecret(run, tags), cwe: cwes }),
    references: rule?.helpUri === undefined ? [] : [rule.helpUri],
    unchanged: result.baselineState === "unchanged",
    suppressed: (result.suppressions ?? []).some(({ status }) => status !== "rejected"),
  };
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
  if (!text.includes("{")) return text.slice(0, 8_192);
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

/**
 * A GUID of a result holds over many scans (3.27.3, 3.27.4), and so does what a built-in scanner writes; every other
 * fingerprint counts under its own name only.
 */
function identityOf(run: Run, result: Result): Partial<Draft> {
  const { guid, correlationGuid, fingerprints, partialFingerprints, locations } = result;
  const logical = locations?.[0]?.logicalLocations?.[0];
  const named = logical?.index === undefined ? undefined : run.logicalLocations?.[logical.index];
  return {
    fingerprint: correlationGuid ?? guid ?? partialFingerprints?.["tidelock/v1"],
    fingerprints: { ...sorted(fingerprints), ...sorted(partialFingerprints) },
    scope: logical?.fullyQualifiedName ?? named?.fullyQualifiedName ?? logical?.name,
  };
}

function codeOf({ locations }: Result): string | undefined {
  const { region, contextRegion } = locations?.[0]?.physicalLocation ?? {};
  return region?.snippet?.text ?? contextRegion?.snippet?.text;
}

const secretTools = /gitleaks|trufflehog|detect-secrets|secretlint|ggshield|secret[- ]scan/i;

const weaknesses = new Map<string, readonly number[]>();

/** `cweIn`, looked for once in each of the tags that a report's rules share. */
function cweOf(tags: readonly string[]): readonly number[] {
  return tags.flatMap((tag) => {
    const known = weaknesses.get(tag);
    if (known !== undefined) return known;
    const found = cweIn([tag]);
    if (tag.length <= 128 && weaknesses.size < 10_000) weaknesses.set(tag, found);
    return found;
  });
}

const findSecrets = new WeakMap<Run, boolean>();

function isSecret(run: Run, tags: readonly string[]): boolean {
  let tool = findSecrets.get(run);
  if (tool === undefined) {
    tool = secretTools.test(run.tool.driver.name ?? "");
    findSecrets.set(run, tool);
  }
  return tool || tags.some((tag) => /^secrets?$/i.test(tag));
}

function sorted(texts: Readonly<Record<string, string>> | undefined): Record<string, string> {
  const all = Object.entries(texts ?? {});
  return all.length < 2
    ? { ...texts }
    : Object.fromEntries(all.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
