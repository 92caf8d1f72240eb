import type { ApprovalAnswer, ApprovalBasis, AskedApproval } from "../../model/approval.ts";
import { severities } from "../../model/observation.ts";
import type { ToApprove } from "./statement.ts";

/** So many findings are read one by one; the digest is over all of them. */
const mostShown = 200;

/** What is signed, in words: whoever has the request makes the same text again. One entry a line. Pure. */
export function approvalText(
  { asked, basis }: ToApprove,
  answer: ApprovalAnswer,
): readonly string[] {
  const verb = answer.purpose === "approve" ? "approve" : "REJECT";
  return [
    `I ${verb} ${asked.service} ${oneLine(asked.version)} for ${asked.environment}, as ${answer.role}.`,
    `  promotion      ${oneLine(asked.promotion)}`,
    `  release        ${asked.release}`,
    `  configuration  ${asked.configuration}`,
    `  plan           ${asked.plan}`,
    `  policy         ${asked.policy}`,
    `  decision       ${asked.decision}`,
    ...checksIn(basis),
    ...findingsIn(basis),
    `  asked          ${asked.asks.map(inWords).join("; ")}`,
    ...(answer.reason === "" ? [] : [`  reason         ${indented(answer.reason)}`]),
    `  it counts      ${answer.notBefore === null ? "from now on" : `from ${answer.notBefore} on`}, ${answer.expires === null ? "as long as the policy says" : `until ${answer.expires}`}`,
    `  request        ${asked.request}`,
    `  ledger         ${oneLine(asked.ledger)}`,
    `  I am           ${answer.person}`,
    "It stands for exactly this: another plan, configuration or policy, a worse verdict or a new finding makes it void.",
  ];
}

function inWords({ roles, count, notBeforeMs, expiresMs, deviceBound }: AskedApproval): string {
  const later = notBeforeMs === 0 ? "" : `, not before ${spanOf(notBeforeMs)} have gone by`;
  const bound = deviceBound === true ? ", with a key that stays on one device" : "";
  return `${count} of ${roles.join(" or ")}${later}, each for ${spanOf(expiresMs)}${bound}`;
}

function spanOf(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1_000} s`;
}

function checksIn({ checks }: ApprovalBasis): readonly string[] {
  if (checks.length === 0) return ["  checks         none"];
  return checks.map(
    ({ check, verdict, accepted }) =>
      `  check          ${verdict.toUpperCase()}  ${oneLine(check)}${accepted ? " (accepted by a waiver)" : ""}`,
  );
}

function findingsIn({ findings }: ApprovalBasis): readonly string[] {
  if (findings === null) return ["  findings       they cannot be known"];
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
