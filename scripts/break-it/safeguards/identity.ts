import type { Safeguard } from "../safeguard.ts";

const reconciling = "src/findings/identity/reconcile.test.ts";
const prints = "src/findings/identity/fingerprint.test.ts";
const life = "src/findings/life-cycle.test.ts";
const acting = "src/findings/acts.test.ts";

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
        file: "src/findings/life-cycle.ts",
        text: 'if (!absence.trusted) return noted("not observed: nobody vouches for the report");',
        replacement: "",
      },
    ],
    noticedBy: [
      { file: reconciling, name: "closes nothing when nobody vouches for it" },
      { file: life, name: "only a whole, trusted scan of a release that is not older verifies" },
    ],
    unaffected: moved,
  },
  {
    name: "absence-whole",
    prevents: "a scan that broke off ends what it did not look at",
    off: "absence counts in a scan that was not whole",
    edits: [
      {
        file: "src/findings/life-cycle.ts",
        text: 'if (!absence.complete) return noted("not observed: the scan was not whole");',
        replacement: "",
      },
    ],
    noticedBy: [{ file: reconciling, name: "closes nothing when it is not whole" }],
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
    prevents: "whoever has to repair a finding calls it false (law 5)",
    off: "who proposed it, or worked on it, may confirm it",
    edits: [
      {
        file: "src/findings/acts.ts",
        text: "if (!solo && (own || !proven || !proposal.proven)) {",
        replacement: "if (!solo && (!proven || !proposal.proven)) {",
      },
    ],
    noticedBy: [
      { file: acting, name: "needs a second person who is known, and did not work on it" },
    ],
    unaffected: moved,
  },
];
