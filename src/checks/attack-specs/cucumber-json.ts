import type { Played } from "./play.ts";
import type { Scenario } from "./read-feature.ts";

/**
 * The run in Cucumber's JSON form, which every reporter of that family reads: features, elements, steps with a
 * result each. Sessions and secrets are blanked by whoever calls.
 */
export function toCucumberJson(played: readonly Played[], passedOver: readonly Scenario[]): string {
  const features = new Map<string, { head: object; elements: object[] }>();
  const add = (scenario: Scenario, element: object) => {
    const known = features.get(scenario.file) ?? {
      head: {
        uri: scenario.file,
        id: idOf(scenario.feature),
        keyword: "Feature",
        name: scenario.feature,
      },
      elements: [],
    };
    known.elements.push(element);
    features.set(scenario.file, known);
  };
  for (const one of played)
    add(
      one.scenario,
      elementOf(one.scenario, (at) => resultOf(one, at)),
    );
  for (const one of passedOver)
    add(
      one,
      elementOf(one, () => ({ status: "skipped" })),
    );
  return JSON.stringify(
    [...features.values()].map(({ head, elements }) => ({ ...head, elements })),
  );
}

function elementOf(scenario: Scenario, result: (at: number) => object): object {
  return {
    id: `${idOf(scenario.feature)};${idOf(scenario.name)}`,
    keyword: "Scenario",
    type: "scenario",
    name: scenario.name,
    line: scenario.line,
    tags: scenario.tags.map((name) => ({ name })),
    steps: scenario.steps.map(({ keyword, text, where }, at) => ({
      keyword,
      name: text.slice(0, 500),
      line: Number(where.split(":").at(-1)),
      result: result(at),
    })),
  };
}

function resultOf({ verdict, message, at }: Played, step: number): object {
  if (verdict === "pass") return { status: "passed" };
  // Nothing of it was begun, or it ran through and shows nothing.
  if (at === null) return { status: step === 0 ? "undefined" : "skipped", error_message: message };
  if (step < at) return { status: "passed" };
  if (step > at) return { status: "skipped" };
  return { status: verdict === "fail" ? "failed" : "pending", error_message: message };
}

function idOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .slice(0, 100);
}
