import type { GlassAnswer } from "../../model/break-glass.ts";
import { severities } from "../../model/observation.ts";
import type { ToBreak } from "./statement.ts";

/** So many findings are read one by one; the digest is over all of them. */
const mostShown = 200;

/** What is signed, in words: whoever has the request makes the same text again. One entry a line. Pure. */
export function glassText({ asked, basis }: ToBreak, answer: GlassAnswer): readonly string[] {
  const what = `${asked.service} ${oneLine(asked.version)} in ${asked.environment}`;
  return [
    ...(answer.purpose === "break-glass"
      ? [
          `I BREAK THE GLASS for ${what}: it goes to users although its gate does not let it through.`,
        ]
      : [
          `I have REVIEWED ${asked.glass}, by which ${what} went past its gate: it was ${answer.outcome === "justified" ? "justified" : "NOT justified"}.`,
          `  promotion      ${oneLine(answer.promotion)}`,
          `  found          ${indented(answer.words)}`,
          `  findings       ${answer.findings.length === 0 ? "none" : answer.findings.join(", ")}`,
        ]),
    `  because        ${indented(asked.reason)}`,
    ...basis.asides.map(
      ({ of, says, check }) =>
        `  SET ASIDE      ${oneLine(of)}${check?.verdict === "any" ? " (whatever it says)" : ""}: ${oneLine(says)}`,
    ),
    ...findingsIn(basis.findings),
    `  release        ${asked.release}`,
    `  configuration  ${asked.configuration}`,
    `  plan           ${asked.plan}`,
    `  policy         ${asked.policy}`,
    `  decision       ${asked.decision}`,
    `  until          ${asked.expires}`,
    `  request        ${asked.glass} ${asked.request}`,
    `  ledger         ${oneLine(asked.ledger)}`,
    `  I am           ${answer.person}`,
    answer.purpose === "break-glass"
      ? "It counts for exactly this plan, once; anything worse voids it. Somebody else reviews it, and until then nothing else goes there."
      : "I am neither of those who broke it, nor somebody whose work it is to judge myself.",
  ];
}

function findingsIn(findings: ToBreak["basis"]["findings"]): readonly string[] {
  if (findings === null)
    return ["  findings       not looked at: nothing that leans on them is set aside"];
  if (findings.length === 0) return ["  findings       none is open"];
  const worstFirst = [...findings].sort(
    (a, b) =>
      severities.indexOf(a.severity) - severities.indexOf(b.severity) || (a.id < b.id ? -1 : 1),
  );
  const left = findings.length - mostShown;
  return [
    `  findings       ${findings.length} open`,
    ...worstFirst
      .slice(0, mostShown)
      .map(
        ({ id, severity, rule, exploited }) =>
          `  finding        ${severity.toUpperCase()}  ${oneLine(id)}: ${oneLine(rule)}${exploited === true ? " (known to be exploited)" : ""}`,
      ),
    ...(left > 0
      ? [`  findings       and ${left} more; the decision's digest is over all of them`]
      : []),
  ];
}

/** Words from outside cannot look like a line of the form. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
}

function indented(text: string): string {
  return text.split("\n").join("\n                 ");
}
