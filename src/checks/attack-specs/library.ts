import { printable } from "../../model/printable.ts";
import type { Scenario, WrittenStep } from "./read-feature.ts";
import type { Step } from "./step.ts";
import { expecting } from "./steps/answers.ts";
import { sending } from "./steps/http.ts";
import { network } from "./steps/network.ts";
import { people } from "./steps/people.ts";
import { sessions } from "./steps/sessions.ts";
import { tokens } from "./steps/tokens.ts";
import { tools } from "./steps/tools.ts";

/** Every step that there is: nothing else can be said. docs/checks/attack-specs.md lists them, held by a test. */
export const library: readonly Step[] = [
  ...sending,
  ...expecting,
  ...people,
  ...sessions,
  ...tokens,
  ...network,
  ...tools,
];

/** A step with the words of its braces. */
export interface Call {
  readonly step: Step;
  readonly words: readonly string[];
  readonly written: WrittenStep;
}

/** A scenario whose every step is known, or what is wrong with it. */
export type Understood =
  | { readonly kind: "ready"; readonly scenario: Scenario; readonly calls: readonly Call[] }
  | { readonly kind: "unclear"; readonly scenario: Scenario; readonly why: string };

export function understand(scenario: Scenario): Understood {
  const calls: Call[] = [];
  for (const written of scenario.steps) {
    const found = find(written);
    if (typeof found === "string") return { kind: "unclear", scenario, why: found };
    calls.push(found);
  }
  return { kind: "ready", scenario, calls };
}

/** The one step of the library that a text is, or a sentence with its place. */
function find(written: WrittenStep): Call | string {
  const { text, where } = written;
  const shown = JSON.stringify(printable(text, 160));
  const fitting = library.flatMap((step) => {
    const words = step.expression.match(text);
    return words === null ? [] : [{ step, words, written }];
  });
  const [first, second] = fitting;
  if (first === undefined) {
    return `${where}: there is no step ${shown}; the nearest is "${nearestStep(text)}"`;
  }
  if (second !== undefined) {
    return `${where}: ${shown} is two steps: "${first.step.expression.source}" and "${second.step.expression.source}"`;
  }
  const { takes } = first.step;
  const below = written.docString !== null ? "text" : written.table !== null ? "table" : "nothing";
  if (below === takes) return first;
  const name = `"${first.step.expression.source}"`;
  return takes === "nothing"
    ? `${where}: ${name} takes nothing below it, and there is a ${below}`
    : `${where}: ${name} needs a ${takes} below it`;
}

/** The step with most words in common, of those of about the same length. */
export function nearestStep(text: string): string {
  const wanted = wordsOf(text.slice(0, 500));
  const scored = library.map(({ expression: { source } }) => {
    const own = wordsOf(source);
    const common = [...own].filter((word) => wanted.has(word)).length;
    return { source, score: common / (own.size + wanted.size - common) };
  });
  return scored.reduce((best, one) => (one.score > best.score ? one : best)).source;
}

function wordsOf(text: string): ReadonlySet<string> {
  const plain = text
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, "{string}")
    .replace(/\b\d+\b/g, "{int}");
  return new Set(plain.toLowerCase().match(/[a-z]+|\{\w+\}/g) ?? []);
}
