import type { Draft } from "../../observe.ts";
import type { Format, ItemPath } from "../format.ts";
import { gaps, wholeness } from "../loose.ts";
import type { Element } from "../xml.ts";
import { childNamed, elementsNamed, localName } from "./names.ts";
import { type Rule, aboutOf, draftOf, resultOf, ruleOf } from "./rule.ts";

/** How tools bind XCCDF's namespace; under any other name rules and results are read from the frame. */
const prefixes = ["", "cdf:", "xccdf:", "xccdf-1.1:", "xccdf-1.2:", "xccdf12:"];

/** Of an ARF all that OVAL collected and defined: nothing of it is kept. */
const bulk = ["", "oval-def:", "oval-res:", "oval-sc:", "oval:", "ds:"].flatMap((prefix) =>
  [
    "definitions",
    "tests",
    "objects",
    "states",
    "variables",
    "collected_objects",
    "system_data",
  ].map((name) => `${prefix}${name}`),
);

const items: readonly ItemPath[] = [
  ...prefixes.map((prefix) => ({ path: ["**", `${prefix}Rule`] })),
  ...prefixes.map((prefix) => ({ path: ["**", `${prefix}rule-result`], pass: 2 as const })),
  ...bulk.map((name) => ({ path: ["**", name, "*"] })),
];

const most = 50_000;

/**
 * Results of XCCDF 1.1 and 1.2 (`oscap xccdf eval --results`, SCC), alone, in their benchmark, or in an ARF
 * (`--results-arf`). A rule that failed is a hit; one that broke, was not checked or has no result known was not
 * looked at. The subject is the
 * target, by a profile: another one looks for other things.
 */
export const openscap: Format = {
  id: "openscap",
  title: "OpenSCAP (XCCDF results, ARF)",
  syntax: "xml",
  items,
  recognise(sample) {
    if (sample.syntax !== "xml") return false;
    const root = sample.root.slice(sample.root.indexOf(":") + 1);
    return (
      root === "asset-report-collection" ||
      root === "TestResult" ||
      (root === "Benchmark" &&
        [...sample.attributes.values()].some((value) => value.includes("/xccdf/")))
    );
  },
  open(frame) {
    const root = frame as Element;
    const results = elementsNamed(root, "TestResult");
    if (results.length === 0) throw new Error("it has no result of an XCCDF test");
    const rules = new Map<string, Rule>();
    const about = aboutOf(results);
    const open = gaps();
    let checked = 0;
    let seen = 0;
    const keep = (element: Element): void => {
      const id = element.attributes.get("id")?.slice(0, 512);
      if (id === undefined) return;
      if (rules.size >= most) throw new Error(`it has more than ${most} rules`);
      rules.set(id, ruleOf(element));
    };
    const judge = (element: Element): readonly Draft[] => {
      const result = resultOf(element);
      seen += 1;
      if (["error", "unknown", "notchecked"].includes(result)) {
        open.add(`${element.attributes.get("idref") ?? ""}: ${result}`);
        return [];
      }
      if (["notselected", "notapplicable", "informational"].includes(result)) return [];
      checked += 1;
      if (result === "pass" || result === "fixed") return [];
      const rule = rules.get(element.attributes.get("idref")?.slice(0, 512) ?? "");
      return [draftOf(element, rule, about.target)];
    };
    const unbound = elementsNamed(root, "rule-result");
    elementsNamed(root, "Rule").forEach(keep);
    return {
      item(value) {
        const element = value as Element;
        const name = localName(element);
        if (name === "Rule") keep(element);
        return name === "rule-result" ? judge(element) : [];
      },
      end: () => ({
        drafts: unbound.flatMap(judge),
        tool: about.tool,
        ...(about.subject === "" ? {} : { subject: about.subject }),
        ...(about.madeAt === undefined ? {} : { madeAt: about.madeAt }),
        exercised: { assertions: checked },
        ...wholeness(
          open.say("rule was not checked", "rules were not checked"),
          seen === 0 ? "no rule was checked" : undefined,
          results.some(
            (one) => !one.attributes.has("end-time") && childNamed(one, "score") === undefined,
          )
            ? "its end"
            : undefined,
        ),
      }),
    };
  },
};
