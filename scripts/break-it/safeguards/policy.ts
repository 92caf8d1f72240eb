import type { Safeguard } from "../safeguard.ts";

const governance = "src/engine/policy/governance.test.ts";
const bypass = "src/policy/floor-bypass.test.ts";
const under = "src/policy/under.test.ts";
const untouched = {
  file: governance,
  name: "changes nothing of what is no policy more slowly",
};
const sameToTheByte = { file: under, name: "is the same to the byte under the policy" };

/** Who changes what decides, and whether the past can be asked about it. */
export const policy: readonly Safeguard[] = [
  {
    name: "policy-two-people",
    prevents: "one person changes policy in team mode by signing twice",
    off: "a person may sign a proposal again",
    edits: [
      {
        file: "src/engine/policy/sign.ts",
        text: 'if (before.some((act) => act.content["person"] === person)) {',
        replacement: "if (before.length > 99) {",
      },
    ],
    noticedBy: [{ file: governance, name: "waits for two different people" }],
    unaffected: untouched,
  },
  {
    name: "policy-own-proposal",
    prevents: "whoever proposed a change of policy is the second who signs it",
    off: "the proposer's name is not looked at",
    edits: [
      {
        file: "src/engine/policy/sign.ts",
        text: "if (own !== null) {",
        replacement: "if (own === undefined) {",
      },
    ],
    noticedBy: [{ file: governance, name: "is never signed as the second by who proposed it" }],
    unaffected: untouched,
  },
  {
    name: "policy-right",
    prevents: "somebody without the right signs a change of policy",
    off: "rights are not looked at",
    edits: [
      {
        file: "src/engine/policy/sign.ts",
        text: "if ((await grantsFor(tx, policyRight, lane, person)).length > 0) continue;",
        replacement: "if (lane.service !== person) continue;",
      },
    ],
    noticedBy: [{ file: governance, name: "takes signatures only of who has the right there" }],
    unaffected: untouched,
  },
  {
    name: "policy-removed",
    prevents: "policy is loosened by removing a service and registering it anew",
    off: "a document that was removed counts as never there",
    edits: [
      {
        file: "src/engine/policy/changed.ts",
        text: "if (standing && row.digest === after) continue;",
        replacement: "if (!standing || row.digest === after) continue;",
      },
    ],
    noticedBy: [{ file: governance, name: "is not got round by removing what is registered" }],
    unaffected: untouched,
  },
  {
    name: "policy-void",
    prevents: "two changes that were looked at apart take effect together",
    off: "a proposal stands whatever was changed beside it",
    edits: [
      {
        file: "src/engine/policy/proposal.ts",
        text: "if (!other) continue;",
        replacement: "if (!other || other) continue;",
      },
      {
        file: "src/engine/policy/sign.ts",
        text: "if (then?.digest === now.digest) continue;",
        replacement: "if (then) continue;",
      },
    ],
    noticedBy: [{ file: governance, name: "is void when what it was made beside is another" }],
    unaffected: untouched,
  },
  {
    name: "policy-signers",
    prevents: "the shared token makes itself two people who may sign",
    off: "in team mode the right to sign is given on one person's word",
    edits: [
      {
        file: "src/engine/policy/signers.ts",
        text: 'if ((await governanceMode(tx)) !== "team") return null;\n  const { right,',
        replacement: 'if (grant.right !== "") return null;\n  const { right,',
      },
    ],
    noticedBy: [{ file: governance, name: "gives the right to sign, and keys" }],
    unaffected: untouched,
  },
  {
    name: "policy-mode-by-record",
    prevents: "an edited row in the database ends team mode",
    off: "the mode is read without holding it against the log",
    edits: [
      {
        file: "src/engine/policy/governance.ts",
        text: "if (row === undefined && !(await wasEverSet(db))) return",
        replacement: "if (row?.mode !== 'team') return",
      },
    ],
    noticedBy: [{ file: governance, name: "is not left by editing the row that says so" }],
    unaffected: untouched,
  },
  {
    name: "floor-keeps-its-name",
    prevents: "a service's own check under the name of a floor's counts as it",
    off: "of two checks under one name the service's stays",
    edits: [
      {
        file: "src/policy/floor.ts",
        text: "else if (canonicalJson(same) !== canonicalJson(check)) {",
        replacement: "else if (checks.splice(checks.indexOf(same), 1, check).length === 0) {",
      },
    ],
    noticedBy: [{ file: bypass, name: "satisfies nothing" }],
    unaffected: { file: bypass, name: "is none of the candidate's" },
  },
  {
    name: "replay-nothing-left-out",
    prevents: "past decisions that cannot be made again vanish from a replay",
    off: "what is unknown is not counted",
    edits: [
      {
        file: "src/policy/what-if.ts",
        text: "unknown: so.unknown + 1, why",
        replacement: "unknown: so.unknown, why",
      },
    ],
    noticedBy: [{ file: under, name: "are counted, every one in exactly one place" }],
    unaffected: sameToTheByte,
  },
  {
    name: "replay-evidence-of-demand",
    prevents: "evidence of a weaker check counts for a stronger one in a replay",
    off: "evidence counts by the name of its check",
    edits: [
      {
        file: "src/policy/under.ts",
        text: "return same.length === 0 ? named : same.map((item) => ({ ...item, check: demand.name }));",
        replacement:
          "return [...named, ...same].map((item) => ({ ...item, check: demand.name, demand: digest }));",
      },
    ],
    noticedBy: [
      { file: under, name: "keeps the verdict of a check that is only called otherwise" },
    ],
    unaffected: sameToTheByte,
  },
];
