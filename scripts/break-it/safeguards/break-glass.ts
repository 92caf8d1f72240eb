import type { Safeguard } from "../safeguard.ts";

const pure = "src/policy/break-glass.test.ts";
const unaffected = {
  file: pure,
  name: "passes no artifact with other bytes, no missing key or secret",
};
const standing = "src/identity/break-glass/standing.ts";
const policy = "src/policy/break-glass.ts";

/** An emergency lets through what two people signed, once, for as long as they said, and nothing worse. */
export const glassSafeguards: readonly Safeguard[] = [
  {
    name: "glass-plan",
    prevents: "what was signed for one plan lets another one through",
    off: "plan, policy and log of a broken glass are not compared",
    edits: [
      {
        file: standing,
        text: "(key) => asked[key] !== input.now[key],",
        replacement: '(key) => key === "service" && asked[key] !== input.now[key],',
      },
    ],
    noticedBy: [{ file: pure, name: "one byte of the plan differs" }],
    unaffected,
  },
  {
    name: "glass-two-people",
    prevents: "one person goes past a gate alone in a team (law 5)",
    off: "one signature is enough in team mode too",
    edits: [
      {
        file: standing,
        text: 'const needed = mode === "solo" ? 1 : 2;',
        replacement: "const needed = 1;",
      },
    ],
    noticedBy: [{ file: pure, name: "one person signed" }],
    unaffected,
  },
  {
    name: "glass-sock-puppet",
    prevents: "somebody enrols the second person who breaks the glass",
    off: "who enrolled whom is not asked",
    edits: [
      {
        file: standing,
        text: "const why = given.against ?? notAnother(given, counted, mode);",
        replacement: "const why = given.against;",
      },
    ],
    noticedBy: [{ file: pure, name: "one answers for the other" }],
    unaffected,
  },
  {
    name: "glass-end",
    prevents: "an emergency lasts for ever",
    off: "a broken glass never expires",
    edits: [
      {
        file: standing,
        text: 'if (!(Date.parse(now) < end)) return no("it has expired");',
        replacement: 'if (end === 0) return no("it has expired");',
      },
    ],
    noticedBy: [{ file: pure, name: "it has expired" }],
    unaffected,
  },
  {
    name: "glass-once",
    prevents: "one emergency lets several promotions through",
    off: "a glass that was used counts again",
    edits: [
      {
        file: standing,
        text: "if (usedBy !== null && usedBy !== promotion)",
        replacement: "if (usedBy !== null && usedBy === '-')",
      },
    ],
    noticedBy: [{ file: pure, name: "another promotion went through" }],
    unaffected,
  },
  {
    name: "glass-worse",
    prevents: "what became worse after people signed goes to users",
    off: "what is open now is not compared with what was signed",
    edits: [
      {
        file: policy,
        text: "if (worse.length > 0) return says(",
        replacement: "if (worse.length < 0) return says(",
      },
    ],
    noticedBy: [{ file: pure, name: "a finding is new" }],
    unaffected,
  },
  {
    name: "glass-what-fails",
    prevents: "a signed failure lets every later one through",
    off: "what fails is not compared with what was signed",
    edits: [
      {
        file: policy,
        text: 'if (now.check.verdict !== "fail") return true;',
        replacement: 'if (now.check.verdict === "fail") return true;',
      },
    ],
    noticedBy: [{ file: pure, name: "more fails" }],
    unaffected,
  },
  {
    name: "glass-exploited",
    prevents: "users get something anew that attackers use today",
    off: "whether a finding is known to be exploited is not asked",
    edits: [
      {
        file: policy,
        text: "if (exploited.length > 0 && leansOnEvidence(aside)) {",
        replacement: "if (exploited.length < 0 && leansOnEvidence(aside)) {",
      },
    ],
    noticedBy: [{ file: pure, name: "never brings users anew what attackers use today" }],
    unaffected,
  },
  {
    name: "glass-integrity",
    prevents: "people let through what is not what it says it is",
    off: "the signature of a release may be set aside",
    edits: [
      {
        file: "src/policy/requirements.ts",
        text: 'return asked === "sbom" ? breakable(said, { of: "evidence sbom" }) : said;',
        replacement: "return breakable(said, { of: `evidence ${asked}` });",
      },
    ],
    noticedBy: [{ file: pure, name: "a signature" }],
    unaffected,
  },
  {
    name: "glass-review",
    prevents: "an emergency that nobody reviews is followed by the next release",
    off: "a review that is owed denies nothing",
    edits: [
      {
        file: policy,
        text: '"deny",\n        reviewRule,',
        replacement: '"allow",\n        reviewRule,',
      },
    ],
    noticedBy: [
      {
        file: pure,
        name: "passes an environment that has not verified it, and a review that is owed, where both were signed",
      },
    ],
    unaffected,
  },
  {
    name: "signal-stops",
    prevents: "what runtime controls report of what is live stops nothing",
    off: "`onSignal` of a lane is not asked",
    edits: [
      {
        file: "src/policy/on-contradiction.ts",
        text: 'return [environment?.spec.floor.onSignal, lane?.onSignal].includes("stop-the-line");',
        replacement: 'return [environment?.spec.floor.onSignal].includes("stop-the-line");',
      },
    ],
    noticedBy: [
      {
        file: "src/engine/check-runs/runtime-signals.test.ts",
        name: "stops the line where the policy says so",
      },
    ],
    unaffected,
  },
  {
    name: "contradiction-isolates",
    prevents: "users keep what is known to be bad where nothing better stands",
    off: "nothing is isolated where both are bad",
    edits: [
      {
        file: "src/policy/on-contradiction.ts",
        text: 'const isolate = asked.includes("isolate");',
        replacement: "const isolate = asked.length === 0;",
      },
    ],
    noticedBy: [
      {
        file: "src/engine/contradictions/contradictions.test.ts",
        name: "takes it from users where nothing better stands",
      },
    ],
    unaffected,
  },
  {
    name: "approval-plan",
    prevents: "an approval of one plan lets another one through (law 4)",
    off: "what was signed is not compared with what is there",
    edits: [
      {
        file: "src/identity/approval/evaluate.ts",
        text: "filter((key) => asked[key] !== now[key]);",
        replacement: 'filter((key) => key === "service" && asked[key] !== now[key]);',
      },
    ],
    noticedBy: [
      {
        file: "src/identity/approval/laws.test.ts",
        name: "a changed byte of plan, policy, configuration, release, lane or log voids and says which",
      },
    ],
    unaffected,
  },
];
