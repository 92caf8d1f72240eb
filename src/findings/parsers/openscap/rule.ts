import type { Severity } from "../../../model/observation.ts";
import type { Draft } from "../../observe.ts";
import { lookUp } from "../loose.ts";
import type { Element } from "../xml.ts";
import { childNamed, childrenNamed, textOf } from "./names.ts";

/** What is kept of a benchmark's rule until its result is read. */
export interface Rule {
  readonly title: string;
  readonly severity: string;
  readonly remedy: string;
}

/** XCCDF's words (NISTIR 7275 section 6.6.4.1); `unknown` is its default, and none of ours. */
const severities: Readonly<Record<string, Severity>> = {
  critical: "critical",
  high: "high",
  medium: "medium",
  low: "low",
  info: "info",
};

export function ruleOf(element: Element): Rule {
  return {
    title: textOf(childNamed(element, "title")).slice(0, 512),
    severity: element.attributes.get("severity") ?? "",
    remedy: textOf(childNamed(element, "fixtext")).slice(0, 512),
  };
}

/** `pass`, `fail`, `error`, `unknown`, `notapplicable`, `notchecked`, `notselected`, `informational`, `fixed`. */
export function resultOf(element: Element): string {
  return textOf(childNamed(element, "result")).toLowerCase();
}

export function draftOf(element: Element, rule: Rule | undefined, target: string): Draft {
  const id = element.attributes.get("idref") ?? "";
  const severity = (element.attributes.get("severity") || rule?.severity) ?? "";
  const idents = childrenNamed(element, "ident").map(textOf);
  const messages = childrenNamed(element, "message").map(textOf);
  return {
    rule: versionless(id),
    severity: lookUp(severities, severity.toLowerCase()),
    title: rule?.title || id,
    message: [...messages.slice(0, 20), rule?.remedy ?? ""].filter((one) => one !== "").join("\n"),
    kind: "host",
    place: { kind: "resource", name: target || "host" },
    scope: textOf(childNamed(element, "instance")),
    aliases: idents.slice(0, 64),
  };
}

/** DISA counts a rule's revisions in its id: `…_rule_SV-230221r743913_rule` is the same rule in the next. */
function versionless(id: string): string {
  return id.slice(0, 512).replace(/(SV-\d{1,10})r\d{1,10}(_rule)?$/, "$1");
}

export interface About {
  readonly target: string;
  readonly subject: string;
  readonly madeAt: string | undefined;
  readonly tool: { readonly name: string; readonly version: string };
}

/** What the results say of themselves; of several (profiles) all targets and the last moment. */
export function aboutOf(results: readonly Element[]): About {
  const targets = results.flatMap((one) => {
    const names = childrenNamed(one, "target").map(textOf);
    return names.length > 0 ? names : childrenNamed(one, "target-address").map(textOf).slice(0, 1);
  });
  const times = results
    .map((one) => one.attributes.get("end-time") ?? one.attributes.get("start-time") ?? "")
    .filter((text) => /^\d{4}-\d\d-\d\dT.{5,20}(?:Z|[+-]\d\d:\d\d)$/.test(text))
    .toSorted();
  const profiles = results.map((one) => childNamed(one, "profile")?.attributes.get("idref") ?? "");
  const target = listed(targets);
  return {
    target,
    subject: listed([target, ...profiles]),
    madeAt: times.at(-1),
    tool: toolOf(results[0]?.attributes.get("test-system") ?? ""),
  };
}

function listed(names: readonly string[]): string {
  return [...new Set(names.filter((one) => one !== ""))].toSorted().slice(0, 20).join(", ");
}

/** `cpe:/a:redhat:openscap:1.3.5`, `cpe:/a:spawar:scc:5.4.2`. */
function toolOf(system: string): { name: string; version: string } {
  const [, , , name = "", version = ""] = system.slice(0, 256).split(":");
  return { name: name || "openscap", version: version || "unknown" };
}
