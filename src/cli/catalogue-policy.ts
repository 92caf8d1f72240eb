import { type CatalogueEntry, entry } from "./catalogue-entry.ts";

/** Commands about what decides, and what was decided. */
export const policyCommands: readonly CatalogueEntry[] = [
  entry(
    "gate verify",
    "Releases",
    "Make past decisions once more, and compare to the byte",
    () => import("./commands/gate/verify.ts"),
  ),
  entry(
    "gate explain",
    "Releases",
    "Why a gate says what it says, and what would change it",
    () => import("./commands/gate/explain.ts"),
  ),
  entry(
    "gate show",
    "Releases",
    "What an environment's gate asks, in words",
    () => import("./commands/gate/show.ts"),
  ),
  entry(
    "approval list",
    "Releases",
    "List what waits for somebody's approval",
    () => import("./commands/approval/list.ts"),
  ),
  entry(
    "approval show",
    "Releases",
    "Show what is asked and what was signed, and compute its digests anew",
    () => import("./commands/approval/show.ts"),
  ),
  entry(
    "approval sign",
    "Releases",
    "Approve a promotion by signing exactly what is shown",
    () => import("./commands/approval/sign.ts"),
  ),
  entry(
    "approval reject",
    "Releases",
    "Reject a promotion, with the reason",
    () => import("./commands/approval/reject.ts"),
  ),
  entry(
    "break-glass open",
    "Releases",
    "In an emergency: ask that one plan goes past its gate",
    () => import("./commands/break-glass/open.ts"),
  ),
  entry(
    "break-glass sign",
    "Releases",
    "Be the second person who breaks the glass",
    () => import("./commands/break-glass/sign.ts"),
  ),
  entry(
    "break-glass review",
    "Releases",
    "Review afterwards what others set aside",
    () => import("./commands/break-glass/review.ts"),
  ),
  entry(
    "break-glass list",
    "Releases",
    "List broken glasses and the reviews that are owed",
    () => import("./commands/break-glass/list.ts"),
  ),
  entry(
    "break-glass show",
    "Releases",
    "Show what is set aside, who signed it, and compute its digests anew",
    () => import("./commands/break-glass/show.ts"),
  ),
  entry(
    "break-glass withdraw",
    "Releases",
    "Take one back before anything goes through it",
    () => import("./commands/break-glass/withdraw.ts"),
  ),
  entry(
    "policy show",
    "Settings",
    "Show what an environment demands, of whom, and how it came to that",
    () => import("./commands/policy/show.ts"),
  ),
  entry(
    "policy replay",
    "Settings",
    "Show which past decisions another policy would have turned",
    () => import("./commands/policy/replay.ts"),
  ),
  entry(
    "policy proposals",
    "Settings",
    "List changes of policy that wait for two people",
    () => import("./commands/policy/proposals.ts"),
  ),
  entry(
    "policy sign",
    "Settings",
    "Sign a proposed change of policy",
    () => import("./commands/policy/sign.ts"),
  ),
  entry(
    "governance show",
    "Settings",
    "Show whether one person or two change policy",
    () => import("./commands/governance/show.ts"),
  ),
  entry(
    "governance team",
    "Settings",
    "From here on two people change policy",
    () => import("./commands/governance/team.ts"),
  ),
  entry(
    "governance solo",
    "Settings",
    "Propose that one person changes policy again",
    () => import("./commands/governance/solo.ts"),
  ),
  entry(
    "requirement list",
    "Releases",
    "Which environment asks for which requirement, and what shows it",
    () => import("./commands/requirement/list.ts"),
  ),
  entry(
    "requirement report",
    "Releases",
    "Each requirement of a promotion or release: passed, failed or not run",
    () => import("./commands/requirement/report.ts"),
  ),
  entry(
    "threat-model review",
    "Releases",
    "What is new on the attack surface, and what to ask about it",
    () => import("./commands/threat-model/review.ts"),
  ),
  entry(
    "threat-model vectors",
    "Releases",
    "Known attacks on delivery, and what meets them",
    () => import("./commands/threat-model/vectors.ts"),
  ),
];
