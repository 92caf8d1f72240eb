import type { Safeguard } from "../safeguard.ts";

const agentFences = "test/crash/agent-fences.test.ts";

/** Who may act, where the effect happens and where it is recorded. */
export const fencing: readonly Safeguard[] = [
  {
    name: "agent-fence",
    prevents: "a worker that was frozen acts on a lane that another one has taken over",
    off: "the agent accepts a lower fence",
    edits: [
      {
        file: "src/agent/lanes.ts",
        text: "if (known !== null && order < 0) {",
        replacement: "if (known !== null && order < -1000) {",
      },
    ],
    noticedBy: [
      {
        file: agentFences,
        name: "is refused by every effect, which then does nothing, also by a new agent",
      },
      {
        file: agentFences,
        name: "in a frame that was held up on its way is judged when it arrives",
      },
    ],
    unaffected: { file: agentFences, name: "refuses another version with a hint" },
  },
  {
    name: "operation-once",
    prevents: "an effect whose answer was lost is done twice, undoing what came after it",
    off: "the agent does not remember which operations were done",
    edits: [
      {
        file: "src/agent/lanes.ts",
        text: 'if (known?.content === mac) return "replayed";',
        replacement: "if (known?.content === mac) this.#store.lane(fence.lane);",
      },
      {
        file: "src/agent/lanes.ts",
        text: "if (known !== undefined) {",
        replacement: "if (known !== undefined && known.content !== mac) {",
      },
    ],
    noticedBy: [
      {
        file: agentFences,
        name: "that arrives again is answered and not done again, even after later ones",
      },
    ],
    unaffected: { file: agentFences, name: "that was used for something else is a conflict" },
  },
  {
    name: "database-fence",
    prevents: "a worker writes about a lane that is not its own any more",
    off: "a transaction does not ask for the lease's epoch and holder",
    edits: [
      {
        file: "src/store/queries/lanes.ts",
        text: "and epoch = ${options.epoch} and lease_holder = ${options.holder}",
        replacement: "",
      },
    ],
    noticedBy: [
      {
        file: "src/engine/lanes/lease.test.ts",
        name: "writes nothing of a worker whose lane another one has taken since",
      },
      {
        file: "src/engine/lanes/lease.test.ts",
        name: "writes nothing of a worker that only knows the epoch of another one's lease",
      },
    ],
    unaffected: {
      file: "src/engine/lanes/lease.test.ts",
      name: "lets its holder write, and nobody else take it meanwhile",
    },
  },
  {
    name: "lease",
    prevents: "two workers act on one lane at once",
    off: "a lane is given to whoever asks for it",
    edits: [
      {
        file: "src/store/queries/lanes.ts",
        text: "or lease_holder is null or lease_expires <= clock_timestamp())\n    returning",
        replacement: "or true)\n    returning",
      },
    ],
    noticedBy: [
      {
        file: "src/engine/lanes/lease.test.ts",
        name: "lets its holder write, and nobody else take it meanwhile",
      },
    ],
    unaffected: {
      file: "src/engine/lanes/lease.test.ts",
      name: "writes nothing of a worker whose lane another one has taken since",
    },
  },
  {
    name: "intent-first",
    prevents: "something happens of which there is no record (law 1)",
    off: "effects start without an intent in the ledger",
    edits: [
      {
        file: "src/engine/lanes/effect.ts",
        text: "await engine.ledger.append(tx, this.intentOf(effect));",
        replacement: "",
      },
    ],
    noticedBy: [
      {
        file: "src/engine/lanes/effect.test.ts",
        name: "has the intent of every effect on record before the effect starts, and its outcome after",
      },
    ],
    unaffected: {
      file: "src/engine/engine.test.ts",
      name: "takes a first release and its successor through both environments",
    },
  },
  {
    name: "rollback-intent-first",
    prevents: "traffic goes back and there is no record of who wanted that (law 1)",
    off: "a rollback's switch starts without an intent in the ledger",
    edits: [
      {
        file: "src/engine/returns/switch-back.ts",
        text: ", effects.intentOf(effect));",
        replacement: ");",
      },
    ],
    noticedBy: [
      {
        file: "src/engine/lanes/effect.test.ts",
        name: "has the intent of a rollback on record before the traffic goes back",
      },
    ],
    unaffected: {
      file: "src/engine/lanes/effect.test.ts",
      name: "has the intent of every effect on record before the effect starts, and its outcome after",
    },
  },
  {
    name: "journal-signatures",
    prevents: "a changed journal of the agent becomes part of the record",
    off: "signatures and chain of the agent's journal are not checked when it is taken in",
    edits: [
      {
        file: "src/engine/lanes/journal-import.ts",
        text: "if (!genuine || entry.previous !== previous || entry.sequence !== sequence) {",
        replacement: "if (!genuine && sequence < 0) {",
      },
    ],
    noticedBy: [
      {
        file: "src/engine/lanes/journal-import.test.ts",
        name: "takes in nothing of a journal in which an entry was changed",
      },
      {
        file: "src/engine/lanes/journal-import.test.ts",
        name: "takes in nothing of a journal from which an entry is missing",
      },
    ],
    unaffected: {
      file: "src/engine/lanes/journal-import.test.ts",
      name: "takes in what the agent signed, once",
    },
  },
  {
    name: "journal-chain",
    prevents: "an entry of another history passes for what happened here",
    off: "the chain of the agent's journal is not followed",
    edits: [
      {
        file: "src/agent/journal/chain.ts",
        text: "if (entry.previous !== previous) return",
        replacement: "if (entry.previous === undefined) return",
      },
    ],
    noticedBy: [
      {
        file: "src/agent/journal/journal.test.ts",
        name: "an entry of another history by the same key does not fit in",
      },
    ],
    unaffected: {
      file: "src/agent/journal/journal.test.ts",
      name: "entries form a signed chain that goes on after a restart",
    },
  },
];
