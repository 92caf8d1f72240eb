import type { Safeguard } from "../safeguard.ts";

const pure = "src/policy/waivers.test.ts";
const engine = "src/engine/waivers/waivers.test.ts";
const unaffected = {
  file: pure,
  name: "a waived check is no different program that passed",
};

/** Accepted risks stay as narrow, as shared and as short as two people signed them. */
export const waiverSafeguards: readonly Safeguard[] = [
  {
    name: "waiver-end",
    prevents: "what was accepted for a month is accepted for ever",
    off: "a waiver never ends",
    edits: [
      {
        file: "src/policy/waivers.ts",
        text: "if (!(Date.parse(now) < Date.parse(end))) {",
        replacement: "if (end === now) {",
      },
    ],
    noticedBy: [{ file: pure, name: "after its end a gate says exactly what it says without it" }],
    unaffected,
  },
  {
    name: "waiver-worse",
    prevents: "a finding that became critical stays accepted as a low one",
    off: "the severity at signing is not compared",
    edits: [
      {
        file: "src/policy/waivers.ts",
        text: "if (!isAtLeast(signed.severity, now.severity)) {",
        replacement: "if (isAtLeast(signed.severity, now.severity) === null) {",
      },
    ],
    noticedBy: [{ file: pure, name: "a graver one" }],
    unaffected,
  },
  {
    name: "waiver-what-fails",
    prevents: "an accepted failure lets every later one through",
    off: "what fails is not compared with what was accepted",
    edits: [
      {
        file: "src/policy/waivers.ts",
        text: 'return now.verdict === "fail" ? moreFails(signed, now) : null;',
        replacement: 'return now.uses === "findings" ? moreFails(signed, now) : null;',
      },
    ],
    noticedBy: [{ file: pure, name: "accepts what fails: " }],
    unaffected,
  },
  {
    name: "waiver-two-people",
    prevents: "one person accepts a risk alone (law 5)",
    off: "the same person may sign twice",
    edits: [
      {
        file: "src/engine/waivers/sign.ts",
        text: "if (first?.person === person || first?.key === key) {",
        replacement: 'if (first?.person === "") {',
      },
      {
        file: "src/engine/access/people/two-people.ts",
        text: "if (shared === undefined) continue;",
        replacement: "continue;",
      },
    ],
    noticedBy: [
      {
        file: engine,
        name: "does not count twice, without the right, for another text, or under another waiver",
      },
    ],
    unaffected: { file: engine, name: "those that hold for a release are told to whoever asks" },
  },
  {
    name: "waiver-last-look",
    prevents: "a switch leans on a waiver that ended after its last decision",
    off: "the transaction of the first intent does not look at waivers and reports again",
    edits: [
      {
        file: "src/engine/steps/still-allowed.ts",
        text: "if (!(await holds(tx))) throw",
        replacement: "if ((await holds(tx)) === null) throw",
      },
    ],
    noticedBy: [{ file: engine, name: "between the gate and the switch stops the switch" }],
    unaffected: { file: engine, name: "those that hold for a release are told to whoever asks" },
  },
  {
    name: "waiver-held",
    prevents: "a waiver that was widened in the database opens a gate",
    off: "a gate does not hold waivers against the ledger",
    edits: [
      {
        file: "src/engine/ledger/grounds.ts",
        text: "    ...(await groundsOfWaivers(engine.db, plan.lane)),\n",
        replacement: "    ...(await groundsOfWaivers(engine.db, plan.lane)).slice(0, 0),\n",
      },
    ],
    noticedBy: [{ file: engine, name: "(a waiver made " }],
    unaffected: { file: engine, name: "those that hold for a release are told to whoever asks" },
  },
];
