import type { Safeguard } from "../safeguard.ts";

const reconciling = "src/findings/identity/reconcile.test.ts";
const prints = "src/findings/identity/fingerprint.test.ts";
const life = "src/findings/life-cycle.test.ts";
const acting = "src/engine/findings/acts/acts.test.ts";
const retiring = "src/engine/findings/acts/retire-scan.test.ts";
const consenting = "src/engine/findings/acts/consent.ts";
const takingIn = "src/engine/findings/import/take-in.ts";
const trust = "src/engine/findings/trust.test.ts";
const absence = "src/engine/findings/absence.test.ts";

const moved = {
  file: reconciling,
  name: "opens nothing new where lines moved, in whatever order the report is",
};

/** What makes a finding the same, and what may end it. */
export const identity: readonly Safeguard[] = [
  {
    name: "absence-trust",
    prevents: "a stolen token that sends an empty report ends findings",
    off: "absence counts in a report that nobody vouches for",
    edits: [
      {
        file: takingIn,
        text: "const closes = complete && release !== null && trusted && whyNot === null;",
        replacement: "const closes = complete && release !== null && whyNot === null;",
      },
    ],
    noticedBy: [
      {
        file: trust,
        name: "A stolen token that imports an empty complete report closes nothing and opens no gate",
      },
    ],
    unaffected: moved,
  },
  {
    name: "absence-whole",
    prevents: "a scan that broke off, or a log of events, ends what it did not look at",
    off: "absence counts in a scan that was not whole",
    edits: [
      {
        file: takingIn,
        text: "const closes = complete && release !== null && trusted && whyNot === null;",
        replacement: "const closes = release !== null && trusted && whyNot === null;",
      },
    ],
    noticedBy: [{ file: absence, name: "a sensor's log verifies nothing by its silence" }],
    unaffected: moved,
  },
  {
    name: "absence-events",
    prevents: "a quiet hour of a sensor ends what it saw in the hour before",
    off: "a log of events is a scan like any other",
    edits: [
      {
        file: "src/findings/reading/read-report.ts",
        text: 'if (absence !== "never") return summary;',
        replacement: 'if (absence !== "never" || summary.complete) return summary;',
      },
    ],
    noticedBy: [{ file: absence, name: "a sensor's log verifies nothing by its silence" }],
    unaffected: moved,
  },
  {
    name: "absence-part",
    prevents: "a bill of materials ends the secrets that the same tool's own report named",
    off: "a report of a part is a scan of the whole",
    edits: [
      {
        file: "src/findings/reading/reading.ts",
        text: "withPart(part, whole)",
        replacement: "whole",
      },
    ],
    noticedBy: [
      {
        file: absence,
        name: "Trivy's bill of materials of a folder verifies none of the secrets",
      },
    ],
    unaffected: moved,
  },
  {
    name: "two-cves",
    prevents: "a report hides a grave CVE behind a harmless one by calling them aliases",
    off: "names are believed although something better contradicts them",
    edits: [
      {
        file: "src/findings/identity/entity.ts",
        text: "contradicts(owner, fingerprints, rank) ||",
        replacement: "",
      },
    ],
    noticedBy: [{ file: reconciling, name: "is only related where a name joins two CVEs" }],
    unaffected: moved,
  },
  {
    name: "untrusted-names",
    prevents: "a forged report gives the next real hit the standing of one that was set aside",
    off: "a report that nobody vouches for teaches fingerprints to what a trusted scan saw",
    edits: [
      {
        file: "src/findings/identity/entity.ts",
        text: "const mayLearn = this.#trusted || entity.known === null || !entity.known.trusted;",
        replacement: "const mayLearn = this.#trusted || entity.known !== undefined;",
      },
    ],
    noticedBy: [
      {
        file: reconciling,
        name: "teaches a finding that a trusted scan saw no name of another one",
      },
    ],
    unaffected: moved,
  },
  {
    name: "drift-unique",
    prevents: "one of two copies that are gone takes the other one's place",
    off: "any of several that may have moved is taken",
    edits: [
      {
        file: "src/findings/identity/drift.ts",
        text: "if (group?.made.length !== 1 || group.gone.length !== 1 || gone === undefined) continue;",
        replacement: "if (gone === undefined) continue;",
      },
    ],
    noticedBy: [
      {
        file: reconciling,
        name: "is new when two could be meant, or another rule saw it, or the scan was not whole",
      },
    ],
    unaffected: {
      file: reconciling,
      name: "is the same when its code is, and nothing else could be meant",
    },
  },
  {
    name: "field-lengths",
    prevents: "a path that goes on where the rule begins makes two hits one",
    off: "fields are joined without their lengths",
    edits: [
      {
        file: "src/findings/identity/key.ts",
        text: "text += `${one.length}:${one}`;",
        replacement: "text += one;",
      },
    ],
    noticedBy: [{ file: prints, name: "cannot be made by moving a boundary between two fields" }],
    unaffected: moved,
  },
  {
    name: "false-positive-end",
    prevents: "what was once called false is never looked at again",
    off: "a false positive never ends",
    edits: [
      {
        file: "src/findings/life-cycle.ts",
        text: 'if (!(Date.parse(at) < Date.parse(claim.until))) return "the false positive has expired";',
        replacement: "",
      },
    ],
    noticedBy: [
      {
        file: life,
        name: "covers its own fingerprints, for whom it was judged, until its end",
      },
    ],
    unaffected: moved,
  },
  {
    name: "false-positive-second",
    prevents: "one person calls a finding false (law 5)",
    off: "the same person may sign twice",
    edits: [
      {
        file: consenting,
        text: 'if (before.some(({ content }) => content["person"] === person)) {',
        replacement: 'if (before.some(({ content }) => content["person"] === "")) {',
      },
    ],
    noticedBy: [
      { file: acting, name: "counts when two different people have signed it, and not before" },
    ],
    unaffected: moved,
  },
  {
    name: "retired-unread",
    prevents: "what a scan found after its retirement was proposed is closed unread",
    off: "a retirement covers whatever the scan sees by then",
    edits: [
      {
        file: consenting,
        text: "return findings === act.scan.findings ? null",
        replacement: "return findings !== undefined ? null",
      },
    ],
    noticedBy: [
      { file: retiring, name: "is refused for a scan that has seen something else since" },
    ],
    unaffected: moved,
  },
];
