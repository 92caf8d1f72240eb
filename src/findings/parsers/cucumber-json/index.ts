import { z } from "zod";
import { severities, type Severity } from "../../../model/observation.ts";
import type { Draft } from "../../observe.ts";
import { type Format, isRecord, valuesOf } from "../format.ts";

const Result = z.object({ status: z.string(), error_message: z.string().optional() });
/** What runs before and after a scenario, or a step. */
const Hook = z.object({ result: Result.optional() });
const Step = z.object({
  keyword: z.string().default(""),
  name: z.string().default(""),
  line: z.number().optional(),
  result: Result.optional(),
  before: z.array(Hook).default([]),
  after: z.array(Hook).default([]),
});
const Element = z.object({
  id: z.string().optional(),
  name: z.string().default(""),
  type: z.string().default("scenario"),
  line: z.number().optional(),
  tags: z.array(z.object({ name: z.string() })).default([]),
  before: z.array(Hook).default([]),
  after: z.array(Hook).default([]),
  steps: z.array(Step).default([]),
});
const Feature = z.object({
  uri: z.string().default(""),
  name: z.string().default(""),
  tags: z.array(z.object({ name: z.string() })).default([]),
  elements: z.tuple([]).default([]),
});
const Frame = z.array(Feature);

type FeatureType = z.infer<typeof Feature>;
type ElementType = z.infer<typeof Element>;

/**
 * Cucumber's JSON report (cucumber-jvm, cucumber-js, behave's and godog's, BDD-Security's): every scenario with a
 * step that failed is an observation. One that has a step which was not carried out, and none that failed, makes
 * the report incomplete: pending, undefined, ambiguous and skipped are no pass. A severity is taken from a tag
 * (`@critical` …), else it is high; CWE numbers from tags such as `@cwe-79` and `@iriusrisk-cwe-79`.
 */
export const cucumberJson: Format = {
  id: "cucumber-json",
  title: "Cucumber (JSON)",
  syntax: "json",
  items: [{ path: ["*", "elements", "*"] }],
  recognise(sample) {
    const [first] = valuesOf(sample) ?? [];
    return isRecord(first) && "elements" in first && "keyword" in first && "uri" in first;
  },
  open(frame) {
    const features = Frame.parse(frame);
    let background: { readonly of: number; readonly element: ElementType } | null = null;
    let firstUnended: string | undefined;
    let unended = 0;
    let scenarios = 0;
    let steps = 0;
    return {
      item(value, { keys: [index] }) {
        const element = Element.parse(value);
        const of = Number(index);
        const feature = features[of];
        if (feature === undefined) return [];
        if (element.type === "background") {
          background = { of, element };
          return [];
        }
        const parts = background?.of === of ? [background.element, element] : [element];
        background = null;
        const statuses = parts.flatMap(statusesOf);
        steps += statuses.filter(({ status }) => status === "passed" || status === "failed").length;
        const failed = statuses.find(({ status }) => status === "failed");
        const whole = statuses.length > 0 && statuses.every(({ status }) => status === "passed");
        if (failed !== undefined || whole) scenarios += 1;
        else {
          unended += 1;
          firstUnended ??= `${feature.uri}: ${element.name}`.slice(0, 300);
        }
        return failed === undefined ? [] : [hitOf(feature, element, failed.why)];
      },
      end() {
        const missing =
          unended > 0
            ? `${unended} scenarios did not come to an end, the first: ${firstUnended}`
            : scenarios === 0
              ? "there is no scenario in it"
              : undefined;
        return {
          exercised: { assertions: steps, scenarios },
          complete: missing === undefined,
          ...(missing === undefined ? {} : { missing }),
        };
      },
    };
  },
};

function statusesOf({ before, after, steps }: ElementType): readonly {
  readonly status: string;
  readonly why: string;
}[] {
  const around = steps.flatMap((step) => [...step.before, ...step.after]);
  const hooks = [...before, ...after, ...around].filter(
    ({ result }) => result?.status.toLowerCase() === "failed",
  );
  return [
    ...steps.map(({ keyword, name, result }) => ({
      // A step without a result was never carried out.
      status: result?.status.toLowerCase() ?? "skipped",
      why: `${keyword.trim()} ${name}: ${result?.error_message ?? ""}`,
    })),
    ...hooks.map(({ result }) => ({
      status: "failed",
      why: `a hook failed: ${result?.error_message ?? ""}`,
    })),
  ];
}

function hitOf(feature: FeatureType, element: ElementType, why: string): Draft {
  const tags = [...feature.tags, ...element.tags].map(({ name }) => name.toLowerCase());
  const severity = severities.find((one) => tags.includes(`@${one}`));
  const name = `${feature.name}: ${element.name}`;
  return {
    rule: element.id ?? name,
    kind: "test",
    severity: severity ?? ("high" satisfies Severity),
    severityStated: severity !== undefined,
    title: name,
    message: why,
    // Its line moves with whatever is written above it.
    place: { kind: "resource", name: `${feature.uri} ${element.name}` },
    cwe: tags.flatMap((tag) => {
      const number = /(?:^@|-)cwe-(\d{1,5})(?:$|-)/.exec(tag)?.[1];
      return number === undefined ? [] : [Number(number)];
    }),
  };
}
