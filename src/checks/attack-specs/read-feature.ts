import { AstBuilder, compile, Errors, GherkinClassicTokenMatcher, Parser } from "@cucumber/gherkin";
import type { GherkinDocument, Pickle } from "@cucumber/messages";
import { TidelockError } from "../../model/errors.ts";
import { printable } from "../../model/printable.ts";
import { maxSpecBytes } from "./schema.ts";

/** A step as it is carried out: outlines are filled in, backgrounds are in front. */
export interface WrittenStep {
  /** `specs/login.feature:12`. */
  readonly where: string;
  readonly keyword: string;
  readonly text: string;
  readonly docString: string | null;
  /** The first row is the heading. */
  readonly table: readonly (readonly string[])[] | null;
}

export interface Scenario {
  readonly where: string;
  readonly file: string;
  readonly line: number;
  readonly feature: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly steps: readonly WrittenStep[];
}

/** A story that needs more is many stories. */
const maxSteps = 200;
/** Over all rows of an outline, before it is filled in. */
const maxFilledIn = 20_000;

/**
 * Reads one feature file, in any of Gherkin's languages. The text is hostile: it is bounded before it is
 * parsed, and an outline before it is multiplied.
 *
 * @throws TidelockError `invalid-input` with file and line
 */
export function readFeature(file: string, bytes: string): readonly Scenario[] {
  if (Buffer.byteLength(bytes) > maxSpecBytes) {
    throw refused(file, null, `it is longer than ${maxSpecBytes / 1024} KiB; split it`);
  }
  const document = parse(file, bytes.replace(/^\uFEFF/, ""));
  bound(file, document);
  let next = 0;
  const pickles = compile(document, file, () => `p${next++}`);
  const places = placesOf(document);
  const feature = document.feature?.name ?? "";
  return pickles.map((pickle) => toScenario(file, feature, pickle, places));
}

function parse(file: string, text: string): GherkinDocument {
  let next = 0;
  const builder = new AstBuilder(() => String(next++));
  const parser = new Parser(builder, new GherkinClassicTokenMatcher());
  parser.stopAtFirstError = true;
  try {
    return parser.parse(text);
  } catch (error) {
    if (!(error instanceof Errors.GherkinException)) throw error;
    const first = error.errors?.[0];
    const known = first instanceof Errors.GherkinException ? first : error;
    const message = known.message.replace(/^\(\d+:\d+\): /, "");
    throw refused(file, known.location?.line ?? null, printable(message, 300));
  }
}

function refused(file: string, line: number | null, message: string): TidelockError {
  return new TidelockError("invalid-input", `it cannot be read: ${message}`, {
    fault: "operator",
    where: `${file}${line === null ? "" : `:${line}`}`,
    hint: "https://cucumber.io/docs/gherkin/reference has the form",
  });
}

/** Everything that holds steps: scenarios of the feature and of its rules, and backgrounds. */
function holders(document: GherkinDocument) {
  return (document.feature?.children ?? []).flatMap((child) =>
    child.rule ? child.rule.children : [child],
  );
}

function bound(file: string, document: GherkinDocument): void {
  const all = holders(document);
  const before = all.reduce((sum, { background }) => sum + (background?.steps.length ?? 0), 0);
  let filledIn = 0;
  for (const { scenario } of all) {
    if (!scenario) continue;
    const { line } = scenario.location;
    const steps = scenario.steps.length + before;
    if (steps > maxSteps)
      throw refused(file, line, `a scenario has ${steps} steps; ${maxSteps} at most`);
    const rows = scenario.examples.reduce((sum, { tableBody }) => sum + tableBody.length, 0);
    // A cell may be long and stand in every step: what counts is what is written out in the end.
    const columns = scenario.examples[0]?.tableHeader?.cells.length ?? 0;
    filledIn += Math.max(1, rows) * (steps + columns);
  }
  if (filledIn > maxFilledIn) {
    throw refused(file, null, `its outlines come to ${filledIn} steps; ${maxFilledIn} at most`);
  }
}

interface Places {
  readonly lines: ReadonlyMap<string, number>;
  readonly keywords: ReadonlyMap<string, string>;
}

function placesOf(document: GherkinDocument): Places {
  const lines = new Map<string, number>();
  const keywords = new Map<string, string>();
  for (const { background, scenario } of holders(document)) {
    for (const step of [...(background?.steps ?? []), ...(scenario?.steps ?? [])]) {
      lines.set(step.id, step.location.line);
      keywords.set(step.id, step.keyword);
    }
    if (scenario) lines.set(scenario.id, scenario.location.line);
  }
  return { lines, keywords };
}

function toScenario(file: string, feature: string, pickle: Pickle, places: Places): Scenario {
  const [first = ""] = pickle.astNodeIds;
  const line = pickle.location?.line ?? places.lines.get(first) ?? 1;
  return {
    where: `${file}:${line}`,
    file,
    line,
    feature: printable(feature, 200),
    name: printable(pickle.name === "" ? "without a name" : pickle.name, 200),
    tags: [...new Set(pickle.tags.map(({ name }) => name))],
    steps: pickle.steps.map(({ text, argument, astNodeIds }) => ({
      where: `${file}:${places.lines.get(astNodeIds[0] ?? "") ?? line}`,
      keyword: places.keywords.get(astNodeIds[0] ?? "") ?? "",
      text,
      docString: argument?.docString?.content ?? null,
      table: argument?.dataTable?.rows.map(({ cells }) => cells.map(({ value }) => value)) ?? null,
    })),
  };
}
