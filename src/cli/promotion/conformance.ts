import type { ConformanceView } from "../../api/routes/checks.ts";
import type { Card } from "../output/print.ts";
import { stateWord, when } from "../output/words.ts";
import { clean } from "../terminal.ts";

/** The head of a report before a switch. */
export function conformanceCard(view: ConformanceView): Card<ConformanceView> {
  const { report, statement } = view;
  const { subject, policy, decision, grades, predecessors } = report;
  const { gate, minimumIsolation, floor } = policy;
  const from = predecessors.map(({ environment, verifiedAt }) =>
    verifiedAt === null ? `${environment}: not verified` : `${environment}, ${when(verifiedAt)}`,
  );
  return {
    item: view,
    name: statement,
    lines: [
      ["promotion", report.promotion],
      ["subject", `${subject.service} in ${subject.environment}, ${subject.colour}`],
      ["release", subject.release],
      ["configuration", subject.configuration],
      ["decision", `${stateWord(decision.outcome)}, as of ${when(decision.asOf)}`],
      ["decided over", `${decision.inputs} by ${decision.evaluator}`],
      ["plan", policy.plan],
      ["policy", `gate ${gate}, isolation ${minimumIsolation} at least`],
      ["floor", `gate ${floor.gate}, isolation ${floor.isolation}, ${floor.checks.length} checks`],
      ["identity", grades.identity],
      ["isolation", grades.isolation],
      ["governance", grades.governance],
      ["verified before", from.length === 0 ? null : from.join("; ")],
      ...report.requirements.map(
        ({ asked, met, message }) =>
          [asked, `${met ? "met" : "not met"}: ${clean(message)}`] as const,
      ),
      ["exceptions", report.exceptions.length === 0 ? "none" : null],
      ...report.exceptions.map(({ message }) => ["exception", clean(message)] as const),
      ...report.reasons
        .filter(({ outcome }) => outcome !== "allow")
        .map(({ message }) => ["against", clean(message)] as const),
      ["statement", statement],
    ],
  };
}

/** One line for each demanded control and each run that spoke to it. */
export function controlRows({ report }: ConformanceView): readonly (readonly string[])[] {
  return report.controls.flatMap((control) => {
    const name = `${clean(control.name)}${control.floor ? " (floor)" : ""}`;
    const first = [
      name,
      control.phase,
      control.outcome === "later" ? "after the switch" : stateWord(control.outcome),
    ];
    if (control.evidence.length === 0) return [[...first, "-", "-", "-", clean(control.message)]];
    return control.evidence.map(({ verdict, exercised, statement, summary }, index) => [
      ...(index === 0 ? first : ["", "", ""]),
      verdict,
      exercisedText(exercised),
      statement === null ? "-" : statement.digest.slice(0, 19),
      clean(`${summary}${toolsText(statement?.tools)}`),
    ]);
  });
}

export const controlTitles = [
  "control",
  "phase",
  "outcome",
  "verdict",
  "exercised",
  "statement",
  "what it said",
];

function exercisedText(exercised: Readonly<Record<string, unknown>>): string {
  const counts = Object.entries(exercised).filter(
    ([, count]) => typeof count === "number" && count > 0,
  );
  return counts.length === 0
    ? "nothing"
    : counts.map(([kind, count]) => `${count} ${kind}`).join(", ");
}

function toolsText(tools: Readonly<Record<string, string>> | undefined): string {
  const named = Object.entries(tools ?? {}).map(([name, version]) => `${name} ${version}`);
  return named.length === 0 ? "" : ` [${named.join(", ")}]`;
}
