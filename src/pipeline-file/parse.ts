import { type Problem, TidelockError } from "../model/errors.ts";
import { Document, type Environment, type Pipeline } from "../model/pipeline.ts";
import { printable } from "../model/printable.ts";
import { checkDemands, checkGraphs } from "./check-demands.ts";
import { checkDiversity } from "./check-diversity.ts";
import { checkObligations } from "./check-obligations.ts";
import { crossCheck, type Placed } from "./cross-check.ts";
import { explainIssues } from "./explain.ts";
import { expandProfile } from "./profiles.ts";
import { readYaml } from "./read-yaml.ts";
import { checkRules } from "./check-rules.ts";
import type { CheckKind } from "./where-users-are.ts";

export interface Documents {
  readonly pipelines: readonly Pipeline[];
  readonly environments: readonly Environment[];
}

/** More than anybody reads. */
const maxProblems = 100;

export interface ParseOptions {
  /** The adapters by id. Without them checks are not looked into. */
  readonly checks?: ReadonlyMap<string, CheckKind>;
}

/**
 * Reads a `tidelock.yaml`: one or more documents of the two kinds, separated by `---`.
 *
 * `file` is only for messages. Durations arrive as text and leave as milliseconds; defaults are filled
 * in. A pipeline may name environments that stand elsewhere, so that is not looked at here.
 *
 * Throws `invalid-input` with *all* problems in `problems`, in the order of the file, each with
 * `file:line:column` and, where there is one, what would be right.
 */
export function parseDocuments(file: string, text: string, options: ParseOptions = {}): Documents {
  const { documents, problems: found } = readYaml(file, text);
  const problems: Problem[] = [...found];
  const refused = new Set(found.map((problem) => problem.where));
  const pipelines: Placed<Pipeline>[] = [];
  const environments: Placed<Environment>[] = [];

  for (const source of documents) {
    const parsed = Document.safeParse(source.value);
    if (!parsed.success) {
      // What was refused while reading has no value; it is not reported a second time as missing.
      const issues = explainIssues(
        { schema: Document, source, base: [] },
        parsed.error.issues,
        maxProblems + 1,
      );
      problems.push(...issues.filter((problem) => !refused.has(problem.where)));
    } else if (parsed.data.kind === "Pipeline") {
      pipelines.push({ document: parsed.data, source });
    } else environments.push({ document: parsed.data, source });
  }
  if (documents.length === 0 && problems.length === 0) {
    const hint =
      "write `kind: Pipeline` and `kind: Environment` documents; `tidelock init` makes a first file";
    problems.push({ where: `${printable(file)}:1:1`, message: "the file has no document", hint });
  }
  problems.push(...crossCheck(pipelines, environments, maxProblems + 1));
  const placed = [...pipelines, ...environments];
  problems.push(...checkGraphs(placed, maxProblems + 1));
  problems.push(...checkRules(placed, maxProblems + 1));
  if (options.checks !== undefined) {
    problems.push(...checkDemands(placed, options.checks, maxProblems + 1));
    problems.push(...checkObligations(placed, options.checks, maxProblems + 1));
    problems.push(...checkDiversity(pipelines, environments, options.checks));
  }
  if (problems.length > 0) throw invalid(file, problems);
  const { checks } = options;
  return {
    pipelines: pipelines.map(({ document }) =>
      checks === undefined ? document : withProfiles(document, checks),
    ),
    environments: environments.map(({ document }) => document),
  };
}

/** A profile stands in the document as what it means, so that a plan and its digest name every check. */
function withProfiles(pipeline: Pipeline, checks: ReadonlyMap<string, CheckKind>): Pipeline {
  const environments = pipeline.spec.environments.map((one) => expandProfile(one, checks));
  return { ...pipeline, spec: { ...pipeline.spec, environments } };
}

/** All problems of one file as one error, in the order of the file. */
export function invalid(file: string, unsorted: readonly Problem[]): TidelockError {
  const sorted = [...unsorted].sort((a, b) => order(a) - order(b));
  const problems = sorted.slice(0, maxProblems);
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const more = sorted.length > maxProblems ? "more than " : "";
  const first = problems[0];
  return new TidelockError("invalid-input", `${printable(file)} has ${more}${count}`, {
    fault: "operator",
    problems,
    ...(first === undefined ? {} : { where: first.where }),
    ...(first?.hint === undefined ? {} : { hint: first.hint }),
  });
}

/** Place in the file as one number: line, then column. */
function order(problem: Problem): number {
  const [, line, column] = /:(\d+):(\d+)$/.exec(problem.where) ?? [];
  return Number(line) * 1_000_000 + Number(column);
}
