import { letsThrough } from "../../model/decision.ts";
import type { GateFacts } from "../../model/gate-facts.ts";
import type { Lane } from "../../model/primitives.ts";
import { approvalsRule } from "../../policy/approvals.ts";
import type { Part } from "../../policy/explain.ts";

/** What a person may do about one part of a decision. Pure; null where nothing needs to be done, or only time helps. */

export interface About {
  readonly lane: Lane;
  readonly version: string;
  readonly promotion: string | null;
  readonly facts: GateFacts | undefined;
  /** Findings that a run found against it, by the name of the check: `F-3`. */
  readonly found: ReadonlyMap<string, readonly string[]>;
  /** What people are asked now, by the name of the check. */
  readonly asked: ReadonlyMap<string, { readonly id: string; readonly role: string }>;
}

export function nextFor(part: Part, about: About, pending: boolean): string | null {
  const { outcome, rule } = part.reason;
  const asked = part.of === null ? undefined : about.asked.get(part.of);
  if (asked && part.reason.rule.startsWith("check.")) {
    return `somebody with the role ${asked.role} answers it: tidelock check answer ${asked.id}`;
  }
  if (letsThrough(outcome) || pending) return null;
  if (outcome === "wait") return forWait(part.reason, part.of);
  const [kind = ""] = rule.split(".");
  const say = sayings[kind];
  return say ? say(part, about) : `see what is asked there: ${gateShow(about)}`;
}

function forWait({ rule }: Part["reason"], of: string | null): string {
  if (rule === "line")
    return `whoever may clears it, with a reason: tidelock line clear ${of ?? "<id>"} --reason …`;
  if (rule === approvalsRule) {
    return "whoever is asked signs it, while its promotion waits: tidelock approval list";
  }
  if (rule === "ledger") return "see what is wrong with the ledger: tidelock ledger status";
  return "nothing to do: it goes on by itself when the time has come";
}

const sayings: Readonly<Record<string, (part: Part, about: About) => string>> = {
  check: ofCheck,
  rule: ofRule,
  predecessor: ({ of }, about) =>
    `promote it to ${of ?? "the environment before"} first: tidelock promote ${named(about)} --to ${of ?? "<environment>"}`,
  isolation: () => "see what is missing on this machine: tidelock doctor",
  identity: (_, { promotion }) =>
    promotion === null
      ? "let the instances be started by Tidelock, so that it can show whose sockets answer"
      : `see why nothing was proven: tidelock promotion show ${promotion}`,
  evidence: (_, about) =>
    `hand in what is asked for: tidelock release attest ${named(about)} --file <file>`,
  release: ({ of }) =>
    `make a new release: this one may go nowhere; or, with a reason, lift the ban: tidelock release unban ${of ?? "<id>"} --reason …`,
  line: () => "whoever may clears it, with a reason, and then promote again",
  ledger: () => "see who changed what: tidelock ledger verify --state",
  artifact: (_, { lane }) =>
    `make the release again: tidelock release create --service ${lane.service}`,
  configuration: ({ of }, { lane }) => {
    const keys = (of ?? "KEY").split(", ").filter(Boolean);
    const set = keys.map((key) => `${key}=…`).join(" ");
    const secret =
      keys.length === 1
        ? `--secret ${keys[0]}=<name of a secret>`
        : "--secret KEY=<name of a secret>";
    return `set what is missing: tidelock config set ${set} ${flagsOf(lane)} (or, for a secret, ${secret})`;
  },
  secret: (_, { lane }) => `set it: tidelock secret set <name> ${flagsOf(lane)}`,
  diversity: () => "demand a check by another program, or mend the one that did not pass",
  requirement: () => "let the named checks pass for this release: tidelock requirement list",
  threat: () => "let what meets it pass for this release: tidelock requirement list",
  "threat-model": () => "answer what is asked of the new surface: tidelock threat-model review",
  checks: (_, about) => `demand a check of what is deployed in tidelock.yaml: ${gateShow(about)}`,
};

function ofCheck({ reason, of, run }: Part, about: About): string {
  const { promotion, lane } = about;
  // A run's id begins with its promotion: one that came late belongs to an earlier one.
  const where = run?.run?.split("/")[0] ?? promotion;
  const look = where && of ? `tidelock check show ${where} ${of}` : "see its report";
  const found = (of === null ? undefined : about.found.get(of)) ?? [];
  if (reason.rule === "check.fail" && found.length > 0) {
    return `fix what it found (${look}) and promote a new release; or let two people accept exactly ${waiverOf(found, about)}`;
  }
  if (reason.rule === "check.fail" || reason.rule === "check.warn") {
    return `fix what it found and promote a new release: ${look}`;
  }
  if (reason.rule === "check.contradicted") {
    return `promote a release without it; where it does not concern this one, say so: tidelock findings import <VEX> --service ${lane.service}`;
  }
  if (run !== null) return `see why (${look}), then promote again`;
  return promotion === null ? "promote it" : `promote again: tidelock promotion retry ${promotion}`;
}

const mostNamed = 5;

/** A waiver is of one finding: the first as a command, the others by name. */
function waiverOf(found: readonly string[], { lane }: About): string {
  const [first = "", ...others] = found;
  const more = others.slice(0, mostNamed - 1);
  const left = others.length - more.length;
  const rest =
    others.length === 0
      ? ""
      : `; likewise ${more.join(", ")}${left > 0 ? ` and ${left} more` : ""}`;
  return `this: tidelock waiver propose ${flagsOf(lane)} --finding ${first} --reason … --control … --owner … --until <day>${rest}`;
}

function flagsOf({ service, environment }: Lane): string {
  return `--service ${service} --environment ${environment}`;
}

/** A rule over findings names the worst of them: those are what somebody has to do something about. */
function ofRule({ read }: Part, about: About): string {
  const { facts, lane } = about;
  const reads = (root: string) => read.some(({ name }) => name.split(".")[0] === root);
  const worst = (facts?.findings?.items ?? []).filter(({ waived }) => !waived).slice(0, 3);
  if (reads("findings") && facts?.findings === null) {
    return "its findings are not known: tidelock ledger verify --state says what was changed";
  }
  if (reads("findings") && worst.length > 0) {
    const named_ = worst.map(({ id, severity, rule }) => `${id} (${severity}, ${rule})`).join(", ");
    return `fix, judge or waive ${named_}: tidelock findings list --service ${lane.service}`;
  }
  if (reads("sbom") && facts?.sbom === null) {
    return `hand in an SBOM of it: tidelock release attest ${named(about)} --file <file>`;
  }
  if (reads("review") || reads("branch")) {
    const asked = facts?.review !== null && facts?.branch !== null;
    const of = `${named(about)} --env ${lane.environment}`;
    return asked
      ? `see what the git host said: tidelock review show ${of}`
      : `ask the git host, and promote again: tidelock review fetch ${of}`;
  }
  if (reads("approvals")) return "let somebody answer: tidelock check todo";
  return `change what it reads, or let its owners change the rule: ${gateShow(about)}`;
}

function gateShow({ lane }: About): string {
  return `tidelock gate show ${lane.environment} --service ${lane.service}`;
}

function named({ lane, version }: About): string {
  return `${lane.service}@${version}`;
}
