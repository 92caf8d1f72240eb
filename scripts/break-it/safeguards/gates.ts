import type { Safeguard } from "../safeguard.ts";

const gateTests = "src/policy/gate.test.ts";
const admissionTests = "src/policy/admission.test.ts";
const whole = "allows what is whole, configured, verified and soaked";
const runTests = "src/checks/run.test.ts";
const appTests = "src/server/app.test.ts";
const allows = "allows when every check passed, and says why in every part";
const healthz = "answers /healthz and /readyz without a token, and says when a part is missing";

/** Who and what is let through. */
export const gates: readonly Safeguard[] = [
  {
    name: "only-a-pass-passes",
    prevents: "a check that failed, broke or did not finish opens a gate (law 2)",
    off: "every verdict opens the gate",
    edits: [
      {
        file: "src/policy/evidence.ts",
        text: 'return ground("deny", `check.${verdict}`, text);',
        replacement: 'return ground("allow", `check.${verdict}`, text);',
      },
    ],
    noticedBy: [
      { file: gateTests, name: "denies on" },
      { file: gateTests, name: "a further bad verdict never turns a denial into an allowance" },
    ],
    unaffected: { file: gateTests, name: allows },
  },
  {
    name: "missing-check",
    prevents: "a check that never ran counts as passed",
    off: "a demanded check without evidence is allowed",
    edits: [
      {
        file: "src/policy/evidence.ts",
        text: 'ground("deny", "check.missing"',
        replacement: 'ground("allow", "check.missing"',
      },
    ],
    noticedBy: [{ file: gateTests, name: "a demanded check without any evidence always denies" }],
    unaffected: { file: gateTests, name: allows },
  },
  {
    name: "nothing-exercised",
    prevents: "a check that looked at nothing passes",
    off: "a pass counts whatever it exercised",
    edits: [
      {
        file: "src/policy/evidence.ts",
        text: "return exercised.requests + exercised.assertions + exercised.files === 0;",
        replacement: "return exercised.requests + exercised.assertions + exercised.files < 0;",
      },
    ],
    noticedBy: [{ file: gateTests, name: "takes a pass that exercised nothing as inconclusive" }],
    unaffected: { file: gateTests, name: allows },
  },
  {
    name: "stale-evidence",
    prevents: "a pass of long ago opens a gate (law 3)",
    off: "evidence does not expire",
    edits: [
      {
        file: "src/policy/evidence.ts",
        text: 'if (item.expiresAt !== null && !(Date.parse(item.expiresAt) > Date.parse(now))) return "stale";',
        replacement: "",
      },
    ],
    noticedBy: [{ file: gateTests, name: "takes an expired pass as stale" }],
    unaffected: { file: gateTests, name: allows },
  },
  {
    name: "predecessor",
    prevents: "a release reaches production that no earlier environment has verified",
    off: "an environment that has not verified the release is no reason against it",
    edits: [
      {
        file: "src/policy/predecessors.ts",
        text: 'return ground("deny", "predecessor.verified", message);',
        replacement: 'return ground("allow", "predecessor.verified", message);',
      },
    ],
    noticedBy: [
      {
        file: admissionTests,
        name: "denies what no predecessor verified, and gives no time to wait for",
      },
    ],
    unaffected: { file: admissionTests, name: whole },
  },
  {
    name: "soak",
    prevents: "a release moves on before it has stood long enough",
    off: "a soak that is still running opens",
    edits: [
      {
        file: "src/policy/predecessors.ts",
        text: "if (lasted >= soakMs) {",
        replacement: "if (lasted >= 0) {",
      },
    ],
    noticedBy: [{ file: admissionTests, name: "waits for a soak and says until when" }],
    unaffected: { file: admissionTests, name: whole },
  },
  {
    name: "void-plan",
    prevents: "what was approved about one state of production is done to another",
    off: "the switch does not compare what is live with what the plan says",
    edits: [
      {
        file: "src/engine/steps/switch.ts",
        text: "if (changed) return failed(changed);",
        replacement: "",
      },
    ],
    noticedBy: [
      {
        file: "src/engine/steps/switch.test.ts",
        name: "moves nothing when something else is live than the plan says",
      },
    ],
    unaffected: {
      file: "src/engine/steps/switch.test.ts",
      name: "believes no router that confirms a switch and goes on as before",
    },
  },
  {
    name: "redaction",
    prevents: "a check's report carries a secret into records and pages (law 11)",
    off: "reports are kept as they come",
    edits: [
      {
        file: "src/model/redact.ts",
        text: "longestFirst.reduce((rest, form) => rest.replaceAll(form, blank), text);",
        replacement: "longestFirst.reduce((rest) => rest, text);",
      },
    ],
    noticedBy: [
      { file: runTests, name: "blanks secrets in every text, however they are written" },
      { file: runTests, name: "blanks secrets in the text of an error" },
    ],
    unaffected: { file: runTests, name: "hands a good report through" },
  },
  {
    name: "api-token",
    prevents: "whoever reaches the port commands the control plane",
    off: "any token is taken",
    edits: [
      {
        file: "src/server/sign-in/token-check.ts",
        text: "if (expected !== null && timingSafeEqual(Buffer.from(digest), expected)) {",
        replacement: "if (expected !== null && timingSafeEqual(expected, expected)) {",
      },
    ],
    noticedBy: [
      {
        file: appTests,
        name: "refuses a wrong token, a prefix of the right one and another scheme",
      },
    ],
    unaffected: { file: appTests, name: healthz },
  },
  {
    name: "host-name",
    prevents: "a page in a browser reaches the API by DNS rebinding",
    off: "the Host header is not compared with the known names",
    edits: [
      {
        file: "src/server/host-check.ts",
        text: "return name !== null && known.has(name);",
        replacement: "return name !== null && known.size > 0;",
      },
    ],
    noticedBy: [
      { file: appTests, name: "answers only to loopback names, whatever else resolves to it" },
      { file: appTests, name: "keeps the page and /healthz from foreign names as well" },
    ],
    unaffected: { file: appTests, name: healthz },
  },
  {
    name: "origin",
    prevents: "a page of another site sends requests in the operator's name",
    off: "the Origin header is not looked at",
    edits: [
      {
        file: "src/server/host-check.ts",
        text: 'if (foreign || (elsewhere && headers["sec-fetch-mode"] !== "navigate")) {',
        replacement: "if (foreign && elsewhere && known.size < 0) {",
      },
    ],
    noticedBy: [{ file: appTests, name: "refuses requests that a page of another origin sends" }],
    unaffected: { file: appTests, name: healthz },
  },
  {
    name: "isolation-probe",
    prevents: "separate users are claimed where a service can read what is ours (law 13)",
    off: "what the probe could reach is not looked at",
    edits: [
      {
        file: "src/agent/isolation/probe.ts",
        text: 'if (reached.length > 0) return `user ${user} could ${reached.join(", ")}`;',
        replacement: "",
      },
    ],
    noticedBy: [
      {
        file: "src/agent/isolation/probe.test.ts",
        name: "tells which closed folder it can look into",
      },
    ],
    unaffected: {
      file: "src/agent/isolation/probe.test.ts",
      name: "tells which folder it needs and cannot reach",
    },
  },
  {
    name: "own-users",
    prevents: "a hostile service or check reads token, key, socket and database",
    off: "services and checks run as the agent's own user, and the agent still claims otherwise",
    edits: [
      {
        file: "src/agent/processes/spawn.ts",
        text: "{ uid: request.user, gid: request.user }",
        replacement: "{}",
      },
      {
        file: "src/agent/checks/runner.ts",
        text: "{ uid: user, gid: user }",
        replacement: "{}",
      },
    ],
    noticedBy: [
      {
        file: "test/crash/agent-isolation.test.ts",
        name: "a hostile service reaches no token, key, socket, database or other service",
      },
      {
        file: "test/crash/agent-isolation.test.ts",
        name: "a hostile check reaches none of them either",
      },
    ],
    unaffected: {
      file: "test/crash/agent-isolation.test.ts",
      name: "the agent claims separate users",
    },
  },
  {
    name: "closed-folders",
    prevents: "a hostile service reads token, key or database",
    off: "our own folders are left open to every user, and the probe does not object",
    edits: [
      {
        file: "src/agent/isolation/folders.ts",
        text: "const privateFolder = 0o700;",
        replacement: "const privateFolder = 0o755;",
      },
      {
        file: "src/agent/isolation/probe.ts",
        text: 'if (reached.length > 0) return `user ${user} could ${reached.join(", ")}`;',
        replacement: "",
      },
    ],
    noticedBy: [
      {
        file: "test/crash/agent-isolation.test.ts",
        name: "a hostile service reaches no token, key, socket, database or other service",
      },
    ],
    unaffected: {
      file: "test/crash/agent-isolation.test.ts",
      name: "the router serves as a user of its own",
    },
  },
];
