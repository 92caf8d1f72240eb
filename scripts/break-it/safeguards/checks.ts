import type { Safeguard } from "../safeguard.ts";

const graph = "src/engine/check-runs/check-graph.test.ts";
const marks = "src/engine/check-runs/scan-marks.test.ts";
const late = "src/engine/check-runs/late-checks.test.ts";
const witnessed = "test/crash/agent-identity.test.ts";
const parse = "src/pipeline-file/parse.test.ts";
const isolation = "src/checks/isolation/isolation.test.ts";
const sinks = "test/crash/agent-sinks.test.ts";
const counter = "src/agent/router/scans.test.ts";
const identity = "src/policy/identity.ts";
const intrusive = "src/engine/check-runs/intrusive.ts";

const cheapFirst = { file: graph, name: "run cheap ones together and first, then the dear ones" };
const shown = { file: graph, name: "stands in the report: before, during and after" };
const counted = { file: counter, name: "a mark is found beside others that a proxy has added" };
const stays = { file: marks, name: "counts when all of its requests met the tested colour" };
const waits = {
  file: late,
  name: "is waited for by nobody, and a bad answer that comes late opens the decision again",
};
const passes = {
  file: isolation,
  name: "passes when each marker arrives in its sink and none on the live side",
};

/** Whom a check tests, what it may do to users, and what its answer does when it comes late. */
export const checks: readonly Safeguard[] = [
  {
    name: "void-stranger",
    prevents: "a scan of a program that took the port over counts as one of the release (law 10)",
    off: "who holds the sockets while a check runs does not matter",
    edits: [
      {
        file: identity,
        text: "const stranger = seen.strangers[0];",
        replacement: "const stranger = seen.strangers[seen.strangers.length];",
      },
      {
        file: identity,
        text: "if (stranger === undefined || stranger === null) return null;",
        replacement:
          "if (stranger === undefined || stranger === null || Date.now() > 0) return null;",
      },
    ],
    noticedBy: [
      {
        file: graph,
        name: "makes the run void when another process takes the port over, and a retry needs a new proof",
      },
      {
        file: witnessed,
        name: "a run is void at once when another process takes over the port during it",
      },
    ],
    unaffected: shown,
  },
  {
    name: "void-other-instances",
    prevents: "a scan that began on one deployment and ended on another counts for either",
    off: "the deployment that a check began with is not asked for again",
    edits: [
      {
        file: identity,
        text: "if (seen.deployed.generation !== expected.generation) {",
        replacement: "if (seen.deployed.generation !== expected.generation && Date.now() < 0) {",
      },
    ],
    noticedBy: [{ file: graph, name: "makes it void when other instances stand there" }],
    unaffected: shown,
  },
  {
    name: "void-handed-on",
    prevents:
      "a release that hands on what it is asked is judged by the live one's answers (law 10)",
    off: "where a scan's requests came back to is not looked at",
    edits: [
      {
        file: "src/engine/check-runs/scan-marks.ts",
        text: "if (strayed + returned === 0) return null;",
        replacement: "if (strayed + returned >= 0) return null;",
      },
    ],
    noticedBy: [{ file: marks, name: "is void when requests" }],
    unaffected: stays,
  },
  {
    name: "void-counts-lost",
    prevents: "a router that was started again during a scan hides where its requests went",
    off: "counts that were lost are taken for none",
    edits: [
      {
        file: "src/engine/check-runs/scan-marks.ts",
        text: "if (seen === null || weights === null || router !== mark.router) {",
        replacement: "if (seen === null || weights === null) {",
      },
    ],
    noticedBy: [{ file: marks, name: "is void when the router" }],
    unaffected: stays,
  },
  {
    name: "scan-mark-signature",
    prevents: "anybody voids somebody else's scan, or floods its counters",
    off: "a mark counts whoever signed it",
    edits: [
      {
        file: "src/agent/router/scans.ts",
        text: "verify(null, Buffer.from(domain + text), publicKey, signature),",
        replacement: "publicKey.type !== undefined && signature.length + text.length >= 0,",
      },
    ],
    noticedBy: [
      {
        file: counter,
        name: "marks that nobody signed, of another lane, and old ones are not counted",
      },
    ],
    unaffected: counted,
  },
  {
    name: "tester-not-a-scan",
    prevents: "a scan's mark, which every service sees, opens the idle colour",
    off: "a mark and a tester's credential sign the same bytes",
    edits: [
      {
        file: "src/agent/router/scans.ts",
        text: 'const domain = "tidelock-scan\\n";',
        replacement: 'const domain = "";',
      },
    ],
    noticedBy: [
      { file: counter, name: "a mark is no tester's credential, and a credential is no mark" },
    ],
    unaffected: counted,
  },
  {
    name: "weakest-identity",
    prevents: "a proof that was lost while a check ran still counts at the gate (law 10)",
    off: "a run has the identity that it began with",
    edits: [
      {
        file: "src/store/queries/evidence.ts",
        text: "...(report.identity === undefined ? {} : { identity: identityOf(report.identity) }),",
        replacement: "...(report.identity === undefined || identityOf(report.identity) ? {} : {}),",
      },
    ],
    noticedBy: [
      {
        file: graph,
        name: "counts at the gate as the weakest of what was shown, however well it was proven before",
      },
    ],
    unaffected: shown,
  },
  {
    name: "intrusive-file",
    prevents: "a pipeline file lets an attack meet users",
    off: "where users are is not asked when a file is read",
    edits: [
      {
        file: "src/pipeline-file/check-demands.ts",
        text: "const where = whereUsersAre(demand, strategy);",
        replacement:
          "const where = strategy === undefined ? whereUsersAre(demand, strategy) : null;",
      },
    ],
    noticedBy: [
      { file: parse, name: "that hurt are refused where users are, at their place in the file" },
      { file: parse, name: "of the floor as well" },
    ],
    unaffected: { file: parse, name: "are held against the adapter's own schema" },
  },
  {
    name: "intrusive-plan",
    prevents: "a floor's attack meets users because another file chose the strategy",
    off: "a plan is made without asking where its checks would meet users",
    edits: [
      {
        file: intrusive,
        text: "if (where === null || !engine.checks.has(demand.uses)",
        replacement: "if (where !== undefined || !engine.checks.has(demand.uses)",
      },
    ],
    noticedBy: [
      {
        file: graph,
        name: "is refused in a plan where a floor's demand meets a strategy that another file chose",
      },
    ],
    unaffected: { file: graph, name: "does not begin where its colour has come to be live" },
  },
  {
    name: "intrusive-live",
    prevents: "an attack begins on a colour that has come to be live since its plan",
    off: "what is live is not asked when an intrusive check begins",
    edits: [
      {
        file: intrusive,
        text: "if (lane?.live_colour === colour) return `it is intrusive, and ${colour} is live`;",
        replacement: "if (lane === null) return `it is intrusive, and ${colour} is live`;",
      },
    ],
    noticedBy: [{ file: graph, name: "does not begin where its colour has come to be live" }],
    unaffected: cheapFirst,
  },
  {
    name: "intrusive-route",
    prevents: "an attack begins on a colour to which the router sends users, whatever our rows say",
    off: "the router is not asked when an intrusive check begins",
    edits: [
      {
        file: intrusive,
        text: "return weights !== undefined && weights[colour] > 0",
        replacement: "return weights !== undefined && weights[colour] < 0",
      },
    ],
    noticedBy: [
      {
        file: graph,
        name: "does not begin where the router sends users to its colour by then",
      },
    ],
    unaffected: { file: graph, name: "does not begin where its colour has come to be live" },
  },
  {
    name: "isolation-live-side",
    prevents: "a mail or a row of a tested colour that reached the live side goes unseen",
    off: "the check `isolation` does not look for its markers on the live side",
    edits: [
      {
        file: "src/checks/isolation/pursue.ts",
        text: "else for (const marker of seen.markers) this.#escapes(sent, marker, nameOf(probe));",
        replacement:
          "else if (Date.now() < 0) this.#escapes(sent, seen.markers.join(), nameOf(probe));",
      },
    ],
    noticedBy: [
      {
        file: isolation,
        name: "fails when a row of the tested colour shows on the live side, even late",
      },
    ],
    unaffected: passes,
  },
  {
    name: "isolation-sinks",
    prevents: "a colour that sent nothing at all passes for isolated",
    off: "a marker that arrived nowhere is not missed",
    edits: [
      {
        file: "src/checks/isolation/index.ts",
        text: 'results.push({ name, verdict: "inconclusive", message });',
        replacement: 'results.push({ name, verdict: "pass", message });',
      },
    ],
    noticedBy: [
      { file: isolation, name: "is inconclusive when " },
      { file: isolation, name: "is inconclusive when one kind of two is not proven" },
    ],
    unaffected: passes,
  },
  {
    name: "isolation-credentials",
    prevents: "a colour that holds a live credential is attacked, and may use it",
    off: "live credentials that were found do not fail the check `isolation`",
    edits: [
      {
        file: "src/checks/isolation/index.ts",
        text: "if (search.found.length > 0) {",
        replacement: "if (search.found.length < 0) {",
      },
    ],
    noticedBy: [{ file: isolation, name: "a live credential is held" }],
    unaffected: passes,
  },
  {
    name: "credential-search",
    prevents: "a live credential inside an address is not recognised in what instances were given",
    off: "the agent looks for values only as they are, not as addresses and base64 carry them",
    edits: [
      {
        file: "src/agent/slots/search.ts",
        text: "return [...forms].filter((form)",
        replacement: "return [...forms].slice(0, 1).filter((form)",
      },
    ],
    noticedBy: [
      {
        file: sinks,
        name: "the agent finds a live credential in what a colour was really given, and never shows it",
      },
    ],
    unaffected: { file: sinks, name: "a live deployment is offered no sink" },
  },
  {
    name: "errors-only-retried",
    prevents: "a finding is tried away by running the check again",
    off: "`retries` tries whatever did not pass again",
    edits: [
      {
        file: "src/engine/steps/check.ts",
        text: 'if (last.report.verdict === "error" && last.attempt <= demand.retries)',
        replacement: "if (last.attempt <= demand.retries)",
      },
    ],
    noticedBy: [
      {
        file: graph,
        name: "are tried again after an error of their own, and never after a finding",
      },
    ],
    unaffected: cheapFirst,
  },
  {
    name: "ended-once",
    prevents: "an attack that has ended runs once more, on whatever stands there by then",
    off: "whether a run has ended is not asked when it is begun again",
    edits: [
      {
        file: "src/engine/check-runs/check-runner.ts",
        text: "if (waits !== null || !open) {",
        replacement: "if (waits !== null || (!open && Date.now() < 0)) {",
      },
    ],
    noticedBy: [
      {
        file: "src/engine/check-runs/check-runner.test.ts",
        name: "is not carried out again when it ended between the look and the beginning",
      },
    ],
    unaffected: {
      file: "src/engine/check-runs/check-runner.test.ts",
      name: "reports no verdict on a check that could not begin because the host agent was away",
    },
  },
  {
    name: "fail-fast",
    prevents: "attacks go on after a check has failed",
    off: "a failed check keeps no other from beginning",
    edits: [
      {
        file: "src/policy/check-graph.ts",
        text: "if (failed.length > 0) {",
        replacement: "if (failed.length < 0) {",
      },
    ],
    noticedBy: [
      {
        file: "src/policy/check-graph.test.ts",
        name: "begins nothing after a failure, and names it",
      },
    ],
    unaffected: {
      file: "src/policy/check-graph.test.ts",
      name: "starts independent ones together, as many as may run at once",
    },
  },
  {
    name: "no-overlap",
    prevents: "a load test and what measures latency falsify each other",
    off: "checks that disturb each other overlap",
    edits: [
      {
        file: "src/policy/check-graph.ts",
        text: "if (a.subject === null || a.subject !== b.subject) return false;",
        replacement:
          "if (a.subject === null || a.subject !== b.subject || !a.exclusive) return false;",
      },
    ],
    noticedBy: [
      { file: graph, name: "keep apart what would falsify each other" },
      {
        file: "src/policy/check-graph.test.ts",
        name: "no two that conflict ever overlap, and never more run than may",
      },
    ],
    unaffected: cheapFirst,
  },
  {
    name: "exclusive-lease",
    prevents: "another promotion deploys into an environment that a check has to itself",
    off: "nobody waits for a check with `exclusive: true`",
    edits: [
      {
        file: "src/engine/lanes/exclusive.ts",
        text: "if (!held || held.promotion === promotion.id) return null;",
        replacement: "if (!held || held.promotion !== '') return null;",
      },
      {
        file: "src/engine/lanes/exclusive.ts",
        text: "if (held && held.promotion !== run.promotion) {",
        replacement: "if (held && held.promotion === '') {",
      },
    ],
    noticedBy: [
      { file: graph, name: "makes another service's promotion wait, which says on whom" },
    ],
    unaffected: cheapFirst,
  },
  {
    name: "late-finding-marks",
    prevents: "a release about which a bad answer came late still counts as verified (law 3)",
    off: "a late finding does not mark what leaned on the check",
    edits: [
      {
        file: "src/engine/check-runs/weigh-late-run.ts",
        text: "await revoke(engine, tx, promotion.id, reason);",
        replacement: "if (place < 0) await revoke(engine, tx, promotion.id, reason);",
      },
    ],
    noticedBy: [waits],
    unaffected: {
      file: late,
      name: "is taken up by another server when the one that held it died",
    },
  },
  {
    name: "late-finding-returns",
    prevents: "a release stays live although the pipeline wants it taken back for a late finding",
    off: "a late finding gives no traffic back",
    edits: [
      {
        file: "src/engine/check-runs/weigh-late-run.ts",
        text: 'if (plan.onLateFailure === "return") await giveBack(engine, promotion, plan, reason);',
        replacement:
          'if (plan.onLateFailure === "return" && reason === "") await giveBack(engine, promotion, plan, reason);',
      },
    ],
    noticedBy: [
      {
        file: late,
        name: "gives the traffic back where the pipeline says so, and denies the release from then on",
      },
    ],
    unaffected: waits,
  },
  {
    name: "late-finding-rollback",
    prevents: "a release that is live again by a rollback keeps users despite a late finding",
    off: "a late finding does not reach rollbacks to the same release",
    edits: [
      {
        file: "src/engine/check-runs/weigh-late-run.ts",
        text: 'if (live?.kind !== "rollback") return {};',
        replacement: "if (live?.release !== undefined) return {};",
      },
      {
        file: "src/engine/check-runs/weigh-late-run.ts",
        text: "await revoke(engine, tx, id, reason);\n    }",
        replacement: 'if (id === "") await revoke(engine, tx, id, reason);\n    }',
      },
    ],
    noticedBy: [
      {
        file: late,
        name: "gives the traffic back where its release is live again by a rollback, and marks that one too",
      },
    ],
    unaffected: waits,
  },
  {
    name: "late-once",
    prevents: "two servers carry one out-of-band check out at the same time",
    off: "a run that another server holds is taken all the same",
    edits: [
      {
        file: "src/store/queries/late-runs.ts",
        text: "and (c.holder_until is null or c.holder_until <= clock_timestamp())",
        replacement: "and (c.holder_until is null or c.holder_until > '-infinity')",
      },
    ],
    noticedBy: [{ file: late, name: "is carried out by one of two servers that look at once" }],
    unaffected: waits,
  },
];
