import type { Safeguard } from "../safeguard.ts";

/** What keeps the ledger from being changed unseen. */
export const ledger: readonly Safeguard[] = [
  {
    name: "witness-consistency",
    prevents: "a witness vouching for two histories of one log",
    off: "a witness cosigns without looking at the consistency proof",
    edits: [
      {
        file: "src/witness/decide.ts",
        text: "if (verifyConsistency(given)) return null;",
        replacement: "if (verifyConsistency(given) || proof.length >= 0) return null;",
      },
    ],
    noticedBy: [
      {
        file: "test/witness/witness.test.ts",
        name: "does not cosign what does not continue",
      },
    ],
    unaffected: {
      file: "test/witness/witness.test.ts",
      name: "cosigns a log's first checkpoint",
    },
  },
  {
    name: "witness-memory",
    prevents: "a witness that forgot a log cosigning its history anew",
    off: "a state file that cannot be read counts as no state",
    edits: [
      {
        file: "src/witness/state.ts",
        text: 'return existsSync(file) ? this.#parse(origin, readFileSync(file, "utf8"), file) : null;',
        replacement:
          'try { return this.#parse(origin, readFileSync(file, "utf8"), file); } catch { return null; }',
      },
    ],
    noticedBy: [
      {
        file: "test/witness/witness.test.ts",
        name: "refuses to forget",
      },
    ],
    unaffected: {
      file: "test/witness/witness.test.ts",
      name: "is the same, and remembers what it cosigned",
    },
  },
  {
    name: "quorum-of-parties",
    prevents: "one party passing for several by listing its key under several names",
    off: "a public key counts as often as it is listed",
    edits: [
      {
        file: "src/ledger/quorum.ts",
        text: "    taken.add(material);\n",
        replacement: "",
      },
    ],
    noticedBy: [
      {
        file: "test/witness/judge.test.ts",
        name: "counts one key once",
      },
    ],
    unaffected: {
      file: "test/witness/judge.test.ts",
      name: "grows from nothing to witnessed",
    },
  },
  {
    name: "canonical-entries",
    prevents: "one entry having two forms, and so two hashes",
    off: "an entry is read in any spelling of its JSON",
    edits: [
      {
        file: "src/ledger/entry.ts",
        text: "if (canonicalEntry(entry) !== text)",
        replacement: 'if (canonicalEntry(entry) === "")',
      },
    ],
    noticedBy: [{ file: "src/ledger/entry.test.ts", name: "are refused with" }],
    unaffected: {
      file: "src/ledger/entry.test.ts",
      name: "are the canonical JSON",
    },
  },
  {
    name: "world-before-write",
    prevents: "a restored database writing a second history before anybody looks",
    off: "what witnesses and anchors know is not compared with the database",
    edits: [
      {
        file: "src/engine/ledger/outside/world.ts",
        text: 'if (why === null) return { kind: "agrees" };',
        replacement: 'if (why !== "") return { kind: "agrees" };',
      },
    ],
    noticedBy: [
      {
        file: "src/engine/ledger/outside/outside.test.ts",
        name: "is read-only before it has written anything",
      },
    ],
    unaffected: {
      file: "src/engine/ledger/outside/outside.test.ts",
      name: "are not shown to a witness that was removed",
    },
  },
];
