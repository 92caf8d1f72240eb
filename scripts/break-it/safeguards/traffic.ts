import type { Safeguard } from "../safeguard.ts";

const switchTests = "src/engine/steps/switch.test.ts";
const drainTests = "test/router/drain.test.ts";
const raceTests = "test/router/keepalive-race.test.ts";
const requestReaches =
  "a request reaches the live colour, with what we know of the client and nothing it claimed";

/** Where requests go, and what becomes of those under way. */
export const traffic: readonly Safeguard[] = [
  {
    name: "forwarded-claims",
    prevents: "a client chooses the address that a service believes it has",
    off: "everybody's X-Forwarded-For and Forwarded are taken as a trusted proxy's",
    edits: [
      {
        file: "src/agent/router/client/request-head.ts",
        text: "if (trusted) takeForwarded(fields, kind, value, line);",
        replacement: "if (trusted || true) takeForwarded(fields, kind, value, line);",
      },
    ],
    noticedBy: [
      {
        file: "test/router/basics.test.ts",
        name: "a request reaches the live colour, with what we know of the client and nothing it claimed",
      },
    ],
    unaffected: {
      file: "test/router/basics.test.ts",
      name: "a load switches new requests at once and read tells when",
    },
  },
  {
    name: "smuggling",
    prevents: "a request hides in another one's body and reaches a service unseen",
    off: "framing fields that are there twice or spelt with an underscore are let through",
    edits: [
      {
        file: "src/agent/router/client/request-head.ts",
        text: "if (fields.contentLength !== null) {",
        replacement:
          "if (fields.contentLength !== null && fields.contentLength === value + value) {",
      },
      {
        file: "src/agent/router/client/request-head.ts",
        text: 'return refuse(400, "bad-framing", "a framing field is spelt with an underscore");',
        replacement: "return null;",
      },
    ],
    noticedBy: [
      { file: "test/router/smuggling.test.ts", name: "CL twice, different" },
      { file: "test/router/smuggling.test.ts", name: "TE with an underscore" },
    ],
    unaffected: { file: "test/router/smuggling.test.ts", name: "CL with a sign" },
  },
  {
    name: "agent-read-back",
    prevents: "a router that says yes and does nothing counts as switched",
    off: "the agent believes the router's answer without asking what it does",
    edits: [
      {
        file: "src/agent/routes/routes.ts",
        text: "sameWeights(effective.weights, route.weights)) {",
        replacement: "(sameWeights(effective.weights, route.weights) || true)) {",
      },
    ],
    noticedBy: [
      {
        file: "test/crash/agent-read-back.test.ts",
        name: "a router that confirms a change and does not do it is found out, and the old route stays wanted",
      },
    ],
    unaffected: {
      file: "test/crash/agent-fences.test.ts",
      name: "of a colour without a release answers 503, never with the other colour",
    },
  },
  {
    name: "switch-read-back",
    prevents: "a switch that did not happen is recorded as one",
    off: "the switch step believes whatever the router answers",
    edits: [
      {
        file: "src/engine/steps/switch.ts",
        text: "return sendsTo(observed, step.to)\n    ? null",
        replacement: "return sendsTo(observed, step.to) || true\n    ? null",
      },
    ],
    noticedBy: [
      {
        file: switchTests,
        name: "believes no router that confirms a switch and goes on as before",
      },
    ],
    unaffected: {
      file: switchTests,
      name: "believes no router that has gone back by itself after it had switched",
    },
  },
  {
    name: "verify-route",
    prevents: "a router that goes back after a switch serves the old release under the new name",
    off: "the verifying step does not compare what it reads",
    edits: [
      {
        file: "src/engine/steps/verify-route.ts",
        text: "if (sendsTo(observed, step.colour)) {",
        replacement: "if (sendsTo(observed, step.colour) || true) {",
      },
    ],
    noticedBy: [
      {
        file: switchTests,
        name: "believes no router that has gone back by itself after it had switched",
      },
    ],
    unaffected: {
      file: switchTests,
      name: "believes no router that confirms a switch and goes on as before",
    },
  },
  {
    name: "drain",
    prevents: "requests under way are cut by a switch",
    off: "the old colour's requests end at once",
    edits: [
      {
        file: "src/agent/router/lane.ts",
        text: "this.#drain(leaving, after.route.drainMs);",
        replacement: "this.#drain(leaving, 0);",
      },
    ],
    noticedBy: [
      {
        file: drainTests,
        name: "a request that is under way ends on the old colour while new ones go to the new",
      },
    ],
    unaffected: { file: drainTests, name: "a backend that declines an upgrade answers as usual" },
  },
  {
    name: "drain-ceiling",
    prevents: "a request that never ends keeps the old colour for ever",
    off: "nothing is ended at the ceiling",
    edits: [
      {
        file: "src/agent/router/lane.ts",
        text: "if (leaving.size === 0) return;",
        replacement: "if (leaving.size >= 0) return;",
      },
    ],
    noticedBy: [
      {
        file: drainTests,
        name: "a WebSocket open at the ceiling ends with 1001 between two frames and is counted by name",
      },
    ],
    unaffected: {
      file: drainTests,
      name: "a request that is under way ends on the old colour while new ones go to the new",
    },
  },
  {
    name: "retry-unsent-only",
    prevents: "a POST is carried out twice",
    off: "a request is sent again although a backend may have begun with it",
    edits: [
      {
        file: "src/agent/router/flight.ts",
        text: "failure.reused && !failure.responseBegun && this.#safe && !this.#retriedFresh",
        replacement: "!failure.responseBegun && !this.#retriedFresh",
      },
    ],
    noticedBy: [
      {
        file: raceTests,
        name: "a request that began to be answered, or that a fresh connection lost, is not sent again",
      },
    ],
    unaffected: {
      file: raceTests,
      name: "a refused connection goes to the next backend, whatever the method, and 503 comes when none accepts",
    },
  },
  {
    name: "idle-colour-503",
    prevents: "a test of an empty colour is answered by the live version (law 10)",
    off: "a tester without an idle colour is sent on by weight",
    edits: [
      {
        file: "src/agent/router/lane-server.ts",
        text: 'return snapshot.idle ?? refusal(503, "no-idle-colour", "there is no idle colour now");',
        replacement:
          'return snapshot.idle ?? snapshot.wheel.next() ?? refusal(503, "none", "there is none");',
      },
    ],
    noticedBy: [
      {
        file: "test/router/traffic.test.ts",
        name: "while both colours carry traffic there is no idle colour for a tester",
      },
    ],
    unaffected: { file: "test/router/basics.test.ts", name: requestReaches },
  },
  {
    name: "tester-signature",
    prevents: "anybody reaches the idle colour through the public port",
    off: "the signature of a tester credential is not checked",
    edits: [
      {
        file: "src/agent/router/tester.ts",
        text: 'if (!isSigned(text, Buffer.from(signature, "base64url"))) return { kind: "invalid" };',
        replacement: 'if (!isSigned || signature === "") return { kind: "invalid" };',
      },
    ],
    noticedBy: [
      {
        file: "src/agent/router/tester.test.ts",
        name: "whatever was not signed by the agent is invalid",
      },
      {
        file: "test/router/limits.test.ts",
        name: "a tester credential that is expired, forged, cut or another lane's is 403 and never the live version",
      },
    ],
    unaffected: {
      file: "src/agent/router/tester.test.ts",
      name: "a credential is valid for its lane until it expires",
    },
  },
  {
    name: "tester-expiry",
    prevents: "a credential of long ago still opens the idle colour",
    off: "the end of a tester credential is not looked at",
    edits: [
      {
        file: "src/agent/router/tester.ts",
        text: 'if (payload.expires <= now) return { kind: "expired" };',
        replacement: "",
      },
    ],
    noticedBy: [
      {
        file: "src/agent/router/tester.test.ts",
        name: "a credential is valid for its lane until it expires",
      },
    ],
    unaffected: {
      file: "src/agent/router/tester.test.ts",
      name: "whatever was not signed by the agent is invalid",
    },
  },
  {
    name: "tester-stripped",
    prevents: "a service learns a credential that it could use itself",
    off: "the credential is passed on to the backend",
    edits: [
      {
        file: "src/agent/router/client/request-head.ts",
        text: 'fields.tester = fields.tester === null ? value : "";',
        replacement:
          'fields.tester = fields.tester === null ? value : "";\n      fields.kept += `${line}\\r\\n`;',
      },
    ],
    noticedBy: [
      {
        file: "test/router/smuggling.test.ts",
        name: "a tester credential never reaches a backend, however it is spelt",
      },
      {
        file: "test/router/basics.test.ts",
        name: "a load switches new requests at once and read tells when",
      },
    ],
    unaffected: {
      file: "test/router/smuggling.test.ts",
      name: "pipelined requests go one after the other, in order",
    },
  },
  {
    name: "armed-return",
    prevents: "a release that cannot live keeps the traffic while no control plane is there",
    off: "the agent never returns traffic by itself",
    edits: [
      {
        file: "src/agent/returns/returns.ts",
        text: "if (since !== undefined && performance.now() - since >= noInstanceMs) {",
        replacement: "if (since !== undefined && since < 0) {",
      },
    ],
    noticedBy: [
      {
        file: "test/crash/agent-returns.test.ts",
        name: "an armed window returns the traffic when the new colour cannot live, and signs that",
      },
    ],
    unaffected: {
      file: "test/crash/agent-returns.test.ts",
      name: "nothing is returned to a colour that could not answer",
    },
  },
];
