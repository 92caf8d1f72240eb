import type { Safeguard } from "../safeguard.ts";

const gate = "src/policy/gate.test.ts";
const exercised = "src/policy/exercised.test.ts";
const judging = "src/engine/judging/judge-report.test.ts";
const judge = "src/findings/judge.test.ts";
const running = "src/checks/run.test.ts";
const tool = "src/checks/tool/tool.test.ts";
const scanner = "src/checks/scanner/scanner.test.ts";
const egress = "src/egress/egress.test.ts";
const interpret = "src/checks/tool/interpret.ts";
const look = "src/checks/tool/look.ts";

const allows = { file: gate, name: "allows when every check passed, and says why in every part" };
const whole = {
  file: tool,
  name: "hands over paths relative to the release, and gets the rules that are ours",
};
const hit = { file: judging, name: "fails for a hit, with what stood in the report" };
const readsOn = {
  file: scanner,
  name: "examines what the scanner wants, and names what it could not examine",
};
const anywhere = { file: egress, name: "is the same one in every notation" };

/** What a scan's verdict leans on, what a scanned tree can ask for, and where anything is sent. */
export const scans: readonly Safeguard[] = [
  {
    name: "evidence-address",
    prevents: "a pass of another release, environment or configuration opens a gate (law 3)",
    off: "a run counts for whatever asks for a check of its name",
    edits: [
      {
        file: "src/policy/evidence.ts",
        text: "return named.filter((item) => item.demand === asked && isBound(item, demand, subject));",
        replacement: "return named;",
      },
    ],
    noticedBy: [{ file: gate, name: "does not count a verdict of" }],
    unaffected: allows,
  },
  {
    name: "minimum",
    prevents: "a scan of a sign-in page passes for one of the service",
    off: "the declared `minimum` is not asked for",
    edits: [
      {
        file: "src/policy/exercised.ts",
        text: "return least === undefined || count >= least ? []",
        replacement: "return least === undefined || count >= 0 ? []",
      },
    ],
    noticedBy: [
      {
        file: exercised,
        name: "below the declared minimum is inconclusive, with both numbers",
      },
    ],
    unaffected: { file: exercised, name: "makes no failure milder" },
  },
  {
    name: "half-of-last",
    prevents: "a scan that suddenly sees a fraction of what it saw before goes on passing",
    off: "a run is not compared with the last complete one",
    edits: [
      {
        file: "src/policy/exercised.ts",
        text: "export const leastShare = 0.5;",
        replacement: "export const leastShare = 0;",
      },
    ],
    noticedBy: [
      { file: exercised, name: "far less than the last time is inconclusive, with both numbers" },
      {
        file: "src/engine/check-runs/check-graph.test.ts",
        name: "are inconclusive below the declared minimum, and far below the last run",
      },
    ],
    unaffected: { file: exercised, name: "makes no failure milder" },
  },
  {
    name: "raw-report-cut",
    prevents: "a report whose end is missing passes, because the bad part was cut off",
    off: "a raw report that was cut is judged by what is left",
    edits: [
      {
        file: "src/engine/judging/judge-report.ts",
        text: "if (raw.truncated)",
        replacement: "if (raw.truncated && raw.text === '')",
      },
    ],
    noticedBy: [{ file: judging, name: "was cut" }],
    unaffected: hit,
  },
  {
    name: "raw-report-garbage",
    prevents: "a report that nobody can read passes for one without hits",
    off: "a raw report that does not parse leaves the scanner's own verdict",
    edits: [
      {
        file: "src/engine/judging/judge-report.ts",
        text: "if (!answer.ok) return spoilt(`",
        replacement: "if (!answer.ok) return report.verdict !== 'error' ? report : spoilt(`",
      },
    ],
    noticedBy: [{ file: judging, name: "is binary garbage" }],
    unaffected: hit,
  },
  {
    name: "report-limits",
    prevents: "a hostile report keeps the server busy for ever",
    off: "reading a raw report has no time limit",
    edits: [
      {
        file: "src/engine/judging/read-report.ts",
        text: "    }, limits.timeoutMs);",
        replacement: "    }, 3_600_000);",
      },
    ],
    noticedBy: [{ file: judging, name: "that takes too long is error" }],
    unaffected: hit,
  },
  {
    name: "suppressed-counts",
    prevents: "a comment in the scanned tree makes a finding go away",
    off: "hits that a tool marks as suppressed are left out",
    edits: [
      {
        file: "src/findings/judge.ts",
        text: "const { severity } = observation;",
        replacement: "const { severity } = observation;\n    if (observation.suppressed) continue;",
      },
    ],
    noticedBy: [
      { file: judge, name: "fails for a hit that the tool marks as suppressed, and says so" },
    ],
    unaffected: {
      file: judge,
      name: "names how many there were, and the first of the worst with its place",
    },
  },
  {
    name: "finding-over-error",
    prevents: "a scan that broke off after a hit is tried again until it finds nothing",
    off: "a hit in a scan that was not whole does not fail it",
    edits: [
      {
        file: "src/findings/judge.ts",
        text: 'if (failing > 0) return "fail";',
        replacement: 'if (failing > 0 && whole === "pass") return "fail";',
      },
    ],
    noticedBy: [{ file: judge, name: "lets no error be tried again over what was found" }],
    unaffected: { file: judge, name: "keeps the worst ones, whatever stood before them" },
  },
  {
    name: "report-redaction",
    prevents: "what a scanner wrote about a secret is kept with the secret in it (law 11)",
    off: "raw reports are kept as they come",
    edits: [
      {
        file: "src/checks/run.ts",
        text: "...(await keptText(raw, secrets))",
        replacement: "...(await keptText(raw, secrets.slice(secrets.length)))",
      },
    ],
    noticedBy: [{ file: running, name: "blanks secrets in every text, however they are written" }],
    unaffected: { file: running, name: "hands a good report through" },
  },
  {
    name: "nothing-exercised-report",
    prevents: "a check that looked at nothing reports a pass",
    off: "a report passes whatever it exercised",
    edits: [
      {
        file: "src/checks/run.ts",
        text: 'verdict: hollow ? "inconclusive" : report.verdict,',
        replacement: "verdict: report.verdict,",
      },
    ],
    noticedBy: [{ file: running, name: "that exercised nothing as inconclusive" }],
    unaffected: { file: running, name: "hands a good report through" },
  },
  {
    name: "check-time-limit",
    prevents: "a check that hangs keeps a promotion for ever",
    off: "a check that ignores its signal is waited for",
    edits: [
      {
        file: "src/checks/run.ts",
        text: 'const timer = setTimeout(() => reject(new Error("it did not stop when told to")), graceMs);',
        replacement:
          'const timer = setTimeout(() => reject(new Error("it did not stop when told to")), graceMs * 1_000);',
      },
    ],
    noticedBy: [{ file: running, name: "does not wait for a check that ignores its signal" }],
    unaffected: { file: running, name: "hands a good report through" },
  },
  {
    name: "missing-tool",
    prevents: "a scanner that is not installed passes, or is told as a crash",
    off: "a program that is nowhere found counts as one with nothing to scan",
    edits: [
      {
        file: "src/checks/tool/harness.ts",
        text: 'fail("missing", `${order.programs.join(" or ")} is in none',
        replacement: 'fail("nothing", `${order.programs.join(" or ")} is in none',
      },
    ],
    noticedBy: [{ file: tool, name: "is missing, with the command that installs it" }],
    unaffected: whole,
  },
  {
    name: "tool-of-the-tree",
    prevents: "a release brings the program along that is to judge it",
    off: "a program that lies in the scanned tree is taken",
    edits: [
      {
        file: "src/checks/tool/harness.ts",
        text: "if (real === root || real.startsWith(root + sep) || real.startsWith(home + sep)) continue;",
        replacement: "if (real === root || real.startsWith(home + sep)) continue;",
      },
    ],
    noticedBy: [{ file: tool, name: "cannot bring it by a link that lies where tools do" }],
    unaffected: whole,
  },
  {
    name: "tool-digest",
    prevents: "nobody can tell afterwards which program it was that scanned",
    off: "the digest of the program that ran is not recorded",
    edits: [
      {
        file: "src/checks/tool/harness.ts",
        text: "reply.program = { path: real, sha256 };",
        replacement: "reply.program = { path: real, sha256: sha256.slice(64) };",
      },
    ],
    noticedBy: [
      { file: tool, name: "is a whole scan, with its version, its digest and its place" },
    ],
    unaffected: whole,
  },
  {
    name: "tool-exit-code",
    prevents: "a scanner that broke off counts as one that found nothing",
    off: "any exit code of an external scanner is taken for a whole scan",
    edits: [
      {
        file: interpret,
        text: "if (!tool.wholeExits.includes(reply.exitCode ?? -1)) {",
        replacement: "if (!tool.wholeExits.includes(reply.exitCode ?? -1) && Date.now() < 0) {",
      },
    ],
    noticedBy: [{ file: tool, name: "an exit code that is none of its own" }],
    unaffected: whole,
  },
  {
    name: "tool-ignore-files",
    prevents: "an ignore file or a settings file of the release hides it from external scanners",
    off: "a tool's own settings and ignore files stay in what it scans",
    edits: [
      {
        file: look,
        text: "if (leaveOut?.test(path)) {",
        replacement: "if (leaveOut?.test(path) && Date.now() < 0) {",
      },
    ],
    noticedBy: [
      {
        file: tool,
        name: "has its ignore file left out, its comments made harmless, and both reported",
      },
      {
        file: tool,
        name: "has a link of that name left out as well, and what it points to scanned",
      },
      { file: tool, name: "has a folder of that name left out, and is no whole scan then" },
    ],
    unaffected: whole,
  },
  {
    name: "tool-comments",
    prevents: "a comment in the release hides the line beside it from external scanners",
    off: "comments that a tool obeys are left as they are",
    edits: [
      {
        file: look,
        text: "if (calmed !== text) {",
        replacement: "if (calmed.length !== text.length) {",
      },
    ],
    noticedBy: [
      {
        file: tool,
        name: "has its ignore file left out, its comments made harmless, and both reported",
      },
    ],
    unaffected: whole,
  },
  {
    name: "tool-settings-links",
    prevents: "a link in the release makes us overwrite what is to be scanned with our settings",
    off: "our settings are written through links of the tree",
    edits: [
      {
        file: look,
        text: "if (fs.lstatSync(above, { throwIfNoEntry: false })?.isDirectory() === false) fs.rmSync(above);",
        replacement: "fs.lstatSync(above, { throwIfNoEntry: false });",
      },
    ],
    noticedBy: [
      {
        file: tool,
        name: "cannot make us write through its links where settings of ours are put",
      },
    ],
    unaffected: whole,
  },
  {
    name: "built-in-comments",
    prevents: "a comment in the release switches the built-in secret scanner off",
    off: "the library's rule that obeys comments is left in",
    edits: [
      {
        file: "src/checks/secrets/scan.ts",
        text: '.filter(({ meta }) => !meta.id.endsWith("filter-comments"))',
        replacement: '.filter(({ meta }) => meta.id !== "")',
      },
    ],
    noticedBy: [
      {
        file: "src/checks/secrets/secrets.test.ts",
        name: "obeys nothing in a hostile repository, and says what was asked",
      },
    ],
    unaffected: {
      file: "src/checks/secrets/secrets.test.ts",
      name: "takes references, templates and placeholders for what they are",
    },
  },
  {
    name: "asked-for-silence",
    prevents: "a release that asks scanners to look away leaves no trace of it",
    off: "what the tree asks for is not listed",
    edits: [
      {
        file: "src/checks/scanner/walk-archive.ts",
        text: "for (const request of askedByComments(file)) asked.add(request);",
        replacement: "askedByComments(file);",
      },
    ],
    noticedBy: [
      {
        file: "src/checks/secrets/secrets.test.ts",
        name: "obeys nothing in a hostile repository, and says what was asked",
      },
      {
        file: "src/checks/sast/sast.test.ts",
        name: "obeys no comment or configuration, and names each file that cannot be parsed",
      },
    ],
    unaffected: readsOn,
  },
  {
    name: "scanner-permissions",
    prevents: "a flaw in a parser opens the machine to the tree that it reads",
    off: "the scanning process runs without Node's permission model",
    edits: [
      {
        file: "src/checks/scanner/run-scan.ts",
        text: '      "--permission",\n',
        replacement: "",
      },
      {
        file: "src/checks/scanner/run-scan.ts",
        text: "(folder) => `--allow-fs-read=${folder}`,",
        replacement: "(folder) => `--title=${folder}`,",
      },
    ],
    noticedBy: [
      { file: scanner, name: "may neither read, write, start anything, nor see our environment" },
    ],
    unaffected: readsOn,
  },
  {
    name: "scanned-digest",
    prevents: "a scan of other bytes than the release's counts for the release",
    off: "the digest of what was scanned is not compared",
    edits: [
      {
        file: "src/checks/scanner/walk-archive.ts",
        text: "if (digest !== order.tree) {",
        replacement: "if (digest === '') {",
      },
    ],
    noticedBy: [
      {
        file: scanner,
        name: "refuses a tree that is another than was ordered, and one that ends too early",
      },
    ],
    unaffected: readsOn,
  },
  {
    name: "egress-private",
    prevents:
      "something that Tidelock sends reaches this machine, its network or a cloud's metadata",
    off: "where a name points to is not judged",
    edits: [
      {
        file: "src/egress/resolve.ts",
        text: 'if (kind !== "public") throw forbidden(destination, `${address} is ${why[kind]}`);',
        replacement:
          'if (kind !== "public" && address === "") throw forbidden(destination, `${address} is ${why[kind]}`);',
      },
    ],
    noticedBy: [
      {
        file: egress,
        name: "is not this machine, a private network or a metadata service, in no notation",
      },
      { file: egress, name: "is no name of which one address is forbidden" },
    ],
    unaffected: anywhere,
  },
  {
    name: "egress-authored",
    prevents:
      "a pipeline's author reads a cloud's credentials or Tidelock's own API through a check",
    off: "what a pipeline allows itself is allowed",
    edits: [
      {
        file: "src/egress/resolve.ts",
        text: "if (rules.authored) refuseAuthored(",
        replacement: "if (rules.authored && own.length < 0) refuseAuthored(",
      },
    ],
    noticedBy: [
      {
        file: egress,
        name: "is no metadata service and no port of Tidelock where a pipeline's author allows it",
      },
      {
        file: "src/checks/isolation/isolation.test.ts",
        name: "asks no port of Tidelock's own, and goes on asking others of this machine",
      },
    ],
    unaffected: anywhere,
  },
  {
    name: "egress-origin",
    prevents: "a scan sends something outside its declared origin",
    off: "a check may send wherever is public",
    edits: [
      {
        file: "src/egress/resolve.ts",
        text: "if (!allowed && rules.onlyAllowed === true) {",
        replacement: "if (!allowed && rules.onlyAllowed === undefined) {",
      },
    ],
    noticedBy: [{ file: egress, name: "is nothing but the declared origin for a check" }],
    unaffected: anywhere,
  },
  {
    name: "egress-redirect",
    prevents: "an answer sends us to another host",
    off: "redirects are followed wherever they point",
    edits: [
      {
        file: "src/egress/send.ts",
        text: "if (new URL(next).origin !== new URL(url).origin) return answer;",
        replacement: "",
      },
    ],
    noticedBy: [{ file: egress, name: "follows a redirect on its host only, when asked" }],
    unaffected: anywhere,
  },
  {
    name: "egress-rebinding",
    prevents: "a name that was judged points elsewhere when the connection is made",
    off: "a connection asks the name's server once more",
    edits: [
      {
        file: "src/egress/transfer.ts",
        text: "    lookup: pinned(wanted.addresses),\n",
        replacement:
          "    ...(wanted.addresses.length < 0 ? { lookup: pinned(wanted.addresses) } : {}),\n",
      },
    ],
    noticedBy: [
      { file: egress, name: "connects to what was judged when the name changes its mind" },
    ],
    unaffected: anywhere,
  },
  {
    name: "egress-bounds",
    prevents: "an endless answer fills the memory",
    off: "an answer is read to its end",
    edits: [
      {
        file: "src/egress/transfer.ts",
        text: "if (chunk.length > room) {",
        replacement: "if (chunk.length > room && size < 0) {",
      },
    ],
    noticedBy: [{ file: egress, name: "is bounded in size and in time" }],
    unaffected: anywhere,
  },
];
