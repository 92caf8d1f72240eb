import type { Safeguard } from "../safeguard.ts";

const scheduleTests = "src/policy/schedule.test.ts";
const engineTests = "src/engine/schedule/schedule.test.ts";
const stopTests = "src/engine/stops/stops.test.ts";
const noReturn = "holds up no return, and nobody whose old release is gone already";

/** The right time, and what somebody has stopped. */
export const windows: readonly Safeguard[] = [
  {
    name: "closed-window",
    prevents: "a release goes to users in a freeze or outside every window",
    off: "a closed window lets through",
    edits: [
      {
        file: "src/policy/schedule.ts",
        text: 'const wait = ground("wait", "window"',
        replacement: 'const wait = ground("allow", "window"',
      },
    ],
    noticedBy: [{ file: scheduleTests, name: "waits until exactly its opening" }],
    unaffected: { file: scheduleTests, name: noReturn },
  },
  {
    name: "asked-before-the-switch",
    prevents: "traffic moves in a freeze that came after the gate",
    off: "the gate is not asked once more right before the switch",
    edits: [
      {
        file: "src/engine/steps/switch.ts",
        text: "if (still.no !== null) return still.no;",
        replacement: "",
      },
    ],
    noticedBy: [
      {
        file: engineTests,
        name: "that comes between the gate and the switch holds the traffic where it is",
      },
    ],
    unaffected: { file: engineTests, name: "holds up no return, and stands in its reasons" },
  },
  {
    name: "stopped-line",
    prevents: "a release goes forward in a line that somebody stopped",
    off: "a stopped line lets through",
    edits: [
      {
        file: "src/policy/stops.ts",
        text: 'return ground("wait", "line"',
        replacement: 'return ground("allow", "line"',
      },
    ],
    noticedBy: [{ file: scheduleTests, name: "waits for a person where a line is" }],
    unaffected: { file: scheduleTests, name: noReturn },
  },
  {
    name: "banned-content",
    prevents: "what was banned comes back under another version",
    off: "a ban is about one version",
    edits: [
      {
        file: "src/engine/stops/in-the-way.ts",
        text: 'if (row.kind === "ban") return isMadeOf(row, service, release);',
        replacement: 'if (row.kind === "ban") return row.service !== service;',
      },
    ],
    noticedBy: [
      { file: stopTests, name: "keeps the content out under every version" },
      { file: stopTests, name: "of what waits denies it where it stands" },
    ],
    unaffected: { file: stopTests, name: "is refused where it would stop nothing" },
  },
  {
    name: "banned-part",
    prevents: "what was banned comes back with one artifact left out",
    off: "a ban is about all artifacts together",
    edits: [
      {
        file: "src/engine/stops/in-the-way.ts",
        text: '(row.parts === "any" || held.length === row.artifacts.length)',
        replacement: "held.length === row.artifacts.length",
      },
    ],
    noticedBy: [
      {
        file: stopTests,
        name: "is not dodged by leaving a part out, adding one, or building it anew",
      },
    ],
    unaffected: { file: stopTests, name: "is refused where it would stop nothing" },
  },
  {
    name: "owners-predecessors",
    prevents: "a service's file leaves staging out, and production takes what nobody has tried",
    off: "which environments come first is what the service's file says alone",
    edits: [
      {
        file: "src/policy/policy-of.ts",
        text: "return [...new Set([...own, ...(spec.floor.after ?? [])])];",
        replacement: "return own;",
      },
    ],
    noticedBy: [
      {
        file: "src/engine/decisions/dropped.test.ts",
        name: "a service's file that leaves out what comes first is denied where the environment's owners demand it",
      },
    ],
    unaffected: {
      file: "src/engine/decisions/dropped.test.ts",
      name: "where nobody demands it, a decision says what came first once and does not any more",
    },
  },
];
