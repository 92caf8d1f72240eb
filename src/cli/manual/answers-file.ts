import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { TidelockError } from "../../model/errors.ts";
import { answerProblems, ManualAnswers, type ManualForm } from "../../model/manual-check.ts";
import { withFiles } from "./evidence-files.ts";

const maxBytes = 256 * 1024;

/** Reads answers from a file (YAML or JSON) and holds them against the questions; every problem is named. */
export function readAnswers(path: string, form: ManualForm): ManualAnswers {
  let value: unknown;
  try {
    const text = readFileSync(path, "utf8");
    if (text.length > maxBytes) throw new Error(`it has more than ${maxBytes} characters`);
    value = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    throw new TidelockError("invalid-input", "the file of answers cannot be read", {
      fault: "operator",
      where: path,
      hint: error instanceof Error ? (error.message.split("\n")[0] ?? "") : "",
    });
  }
  const parsed = ManualAnswers.safeParse(value);
  if (!parsed.success) {
    throw new TidelockError("invalid-input", `${path} holds no answers`, {
      fault: "operator",
      hint: "begin with: tidelock check answer <request> --template",
      problems: parsed.error.issues.map((issue) => ({
        where: `${path} (${z.core.toDotPath(issue.path) || "document"})`,
        message: issue.message,
      })),
    });
  }
  return withFiles(requireFit(parsed.data, form, path), dirname(path));
}

export function requireFit(answers: ManualAnswers, form: ManualForm, where: string): ManualAnswers {
  const problems = answerProblems(form, answers);
  if (problems.length === 0) return answers;
  throw new TidelockError("invalid-input", "these are no answers to what is asked", {
    fault: "operator",
    problems: problems.map((message) => ({ where, message })),
  });
}

/** A file to fill in: every question, and nothing that would pass as it is. */
export function answersTemplate(form: ManualForm): string {
  const head = [
    `# Fill this in, then: tidelock check answer <request> --file <this file> --key <your key>`,
    `kind: ${form.kind}`,
  ];
  if (form.kind === "session") {
    return [
      ...head,
      `# Charter: ${form.charter}`,
      `# What you really spent, at most ${form.timeBox / 60_000}${form.atLeast > 0 ? ` and at least ${form.atLeast / 60_000}` : ""} minutes.`,
      "minutes: 0",
      "# What you looked at.",
      form.areas.length === 0 ? "covered: []" : "covered:",
      ...form.areas.map((area) => `  # - ${JSON.stringify(area)}`),
      "# severity: critical, high, medium, low, info; place: a route such as GET /orders/{id}, a page, a file",
      "findings: []",
      "#  - { severity: high, title: ..., place: GET /orders/{id}, description: ..., replay: ... }",
      "",
    ].join("\n");
  }
  const items = form.items.flatMap((item) => [
    `  # ${item.text}`,
    `  # pass${item.evidence ? " (with evidence)" : ""}${item.comment ? " (with a comment)" : ""}, fail (with a comment)${item.notApplicable ? ", not-applicable (with a comment)" : ""}`,
    `  - id: ${item.id}`,
    "    result: ",
    '    comment: ""',
    ...(item.evidence
      ? [
          "    # links, tickets, or files by their digest: [QA-7, file:basket.png]",
          "    evidence: []",
        ]
      : []),
  ]);
  return [...head, "items:", ...items, ""].join("\n");
}
