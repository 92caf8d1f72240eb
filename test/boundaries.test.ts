import { describe, expect, it } from "vitest";
import { type ImportEdge, readImports, readSources, type SourceFile } from "./support/imports.ts";

/**
 * Imports point one way (ARCHITECTURE.md draws it). A part is a folder of `src/` or a file in it; an adapter
 * is a folder of its family. What a part may import stands here and nowhere else; what is not listed is not
 * allowed.
 */
const pure = [
  "policy",
  "findings",
  "strategies",
  "pipeline-file",
  "tree",
  "ledger",
  "evidence",
  "audit",
  "identity",
];

const mayImport: Readonly<Record<string, readonly string[]>> = {
  model: [],
  ports: ["model"],
  api: ["model", "ports"],
  egress: ["model"],

  policy: ["model", "ports", "identity"],
  identity: ["model", "ports", "ledger", "evidence"],
  findings: ["model", "ports"],
  "pipeline-file": ["model", "ports", "policy"],
  strategies: ["model", "ports", "policy"],
  tree: ["model", "ports"],
  ledger: ["model"],
  evidence: ["model", "ports", "ledger"],
  audit: ["model", "ports", "ledger", "evidence", "policy", "identity"],

  store: ["model", "ports", ...pure],
  // Asks identity providers for their keys, and speaks OpenID Connect with them.
  issuers: ["model", "ports", "egress", "identity", "evidence", "pipeline-file"],
  witness: ["model", "ports", "egress", "store", "ledger"],
  engine: ["model", "ports", "api", "store", "reports", "checks", "witness", "issuers", ...pure],
  reports: ["model", "ports", "store", ...pure],
  agent: ["model", "ports", "tree"],
  intake: ["model", "ports", "api", ...pure],

  // The families' shared parts (harness, registry); the adapters themselves are `adapterMayImport`.
  checks: ["model", "ports", "egress", "tree", "evidence"],
  secrets: ["model", "ports"],
  targets: ["model", "ports"],
  routers: ["model", "ports"],
  trackers: ["model", "ports", "egress"],
  "git-hosts": ["model", "ports", "egress"],

  "compose.ts": ["*"],
  "compose-local.ts": ["*"],
  server: ["model", "ports", "api", "identity", "store", "compose.ts"],
  cli: ["model", "ports", "api", "intake", "compose-local.ts", ...pure],
};

/** Folders whose folders are adapters. */
const families = [
  "checks",
  "secrets",
  "targets",
  "routers",
  "trackers",
  "git-hosts",
  "databases",
  "notify",
];
const adapterMayImport = ["model", "ports", "egress"];

/** Single edges that are right although their parts' rule says no, each with its reason. */
const exceptions: Readonly<Record<string, string>> = {
  "checks/attack-specs/select.ts -> findings/parsers/xml.ts":
    "the one XML reader that expands nothing: what a program wrote is hostile here as well",
  "checks/attack-specs/steps/tools.ts -> findings/parsers/xml.ts": "as above",
  "ports/control-plane.ts -> api/views/change.ts": "as for views; types only",
  "ports/control-plane.ts -> api/audit.ts": "as for views: what is asked for, types only",
  "ports/ledger-control.ts -> api/views/ledger.ts":
    "what the engine answers is what the API shows; types only",
  "ports/check-control.ts -> api/routes/checks.ts": "as for views; types only",
  "ports/check-control.ts -> api/routes/manual.ts": "as for views; types only",
  "ports/people-control.ts -> api/routes/manual.ts": "as for views; types only",
  "ports/people-control.ts -> api/routes/people.ts": "as for views; types only",
  "ports/review-control.ts -> api/routes/reviews.ts": "as for views; types only",
  "ports/host-review-control.ts -> api/routes/host-reviews.ts": "as for views; types only",
  "ports/catalogue-control.ts -> api/routes/catalogue.ts": "as for views; types only",
  "ports/control-plane.ts -> api/routes/chain.ts": "as for views; types only",
  "ports/signal-control.ts -> api/routes/signals.ts": "as for views; types only",
  "ports/service-security-control.ts -> api/routes/security.ts": "as for views; types only",
  "ports/engagement-control.ts -> api/routes/engagements.ts": "as for views; types only",
  "ports/stop-control.ts -> api/routes/stops.ts": "as for views; types only",
  "ports/feed-control.ts -> api/routes/feeds.ts": "as for views; types only",
  "ports/identity-control.ts -> api/routes/federation.ts": "as for views; types only",
  "ports/workload-control.ts -> api/routes/federation.ts": "as for views; types only",
  "ports/control-plane.ts -> api/routes/policy.ts": "as for views; types only",
  "ports/access-control.ts -> api/routes/access.ts": "as for views; types only",
  "ports/account-control.ts -> api/routes/accounts.ts": "as for views; types only",
  "ports/policy-control.ts -> api/routes/policy.ts": "as for views; types only",
  "ports/gate-control.ts -> api/views/gate.ts": "as for views; types only",
  "ports/finding-control.ts -> api/views/finding.ts": "as for views; types only",
  "ports/finding-control.ts -> api/views/finding-metrics.ts": "as for views; types only",
  "ports/approval-control.ts -> api/routes/approvals.ts": "as for views; types only",
  "ports/passkey-control.ts -> api/routes/passkeys.ts": "as for views; types only",
  "ports/waiver-control.ts -> api/routes/waivers.ts": "as for views; types only",
  "ports/break-glass-control.ts -> api/routes/break-glass.ts": "as for views; types only",
  "ports/control-plane.ts -> api/views.ts":
    "what the engine answers is what the API shows; types only, and views import no port but the agent's",
  "ports/ledger-outside.ts -> api/views/outside.ts":
    "what the engine answers is what the API shows; types only",
};

/** The registry is for compose; what adapters of one family share is not. */
const harnessOnly = (file: string) => !file.endsWith("/registry.ts");

/** Parts without input and output: a decision that reads a file or a clock cannot be replayed. */
const withoutIo = ["model", "ports", "strategies", ...pure.filter((part) => part !== "tree")];
const ioModules = /^node:(fs|net|http|https|http2|tls|dgram|child_process|worker_threads|cluster)/;

const maxLines = 350;
/** Longer ones that are known, to be split. A file that got shorter has to leave this list. */
const tooLongForNow: readonly string[] = [
  "agent/router/client/connection.ts",
  "agent/router/client/request-head.ts",
  "agent/router/flight.ts",
];

const sources = readSources();
const edges = readImports(sources);

/** Folders of a family that are no adapter: what several of its adapters stand on. */
const sharedFolders = ["checks/probing", "checks/scanner", "checks/tool"];

function partOf(file: string): string {
  const [first = "", second = "", third] = file.split("/");
  if (sharedFolders.includes(`${first}/${second}`)) return first;
  return families.includes(first) && third !== undefined ? `${first}/${second}` : first;
}

/** Null when the edge is right, else what is wrong with it. */
function complaint({ from, to }: Pick<ImportEdge, "from" | "to">): string | null {
  const [a, b] = [partOf(from), partOf(to)];
  if (a === b || exceptions[`${from} -> ${to}`] !== undefined) return null;
  const [family = "", adapter] = a.split("/");
  const [otherFamily, otherAdapter] = b.split("/");
  if (adapter !== undefined) {
    if (b === family && harnessOnly(to)) return null;
    if (adapterMayImport.includes(b)) return null;
    const sibling = otherFamily === family && otherAdapter !== undefined;
    const what = sibling ? "another adapter of its family" : b;
    return `${from} imports ${to}: an adapter imports ${adapterMayImport.join(" and ")} and what its family shares, not ${what}`;
  }
  const allowed = mayImport[a];
  if (allowed === undefined) {
    return `${from}: the part ${a} is new; say in ${import.meta.filename} what it may import`;
  }
  if (allowed.includes("*")) {
    return ["cli", "server"].includes(b) ? `${from} imports ${to}: ${b} stands above it` : null;
  }
  // A registry names its adapters; nobody else knows one.
  if (from === `${a}/registry.ts` && otherFamily === a) return null;
  if (otherAdapter !== undefined) {
    return `${from} imports ${to}: only compose and the family's registry know an adapter`;
  }
  if (!allowed.includes(b)) {
    return `${from} imports ${to}: ${a} may import ${allowed.join(", ") || "nothing"}, not ${b}`;
  }
  if (families.includes(b) && !harnessOnly(to)) {
    return `${from} imports ${to}: only compose knows the registry`;
  }
  return null;
}

/** The first circle through files that run, as `a → b → a`; types are gone by then. */
function findCircle(all: readonly ImportEdge[]): string | null {
  const next = new Map<string, string[]>();
  for (const { from, to, typesOnly } of all)
    if (!typesOnly) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const walk = (file: string, trail: readonly string[]): string | null => {
    const again = trail.indexOf(file);
    if (again !== -1) return [...trail.slice(again), file].join(" → ");
    if (done.has(file)) return null;
    for (const to of next.get(file) ?? []) {
      const circle = walk(to, [...trail, file]);
      if (circle !== null) return circle;
    }
    done.add(file);
    return null;
  };
  for (const file of next.keys()) {
    const circle = walk(file, []);
    if (circle !== null) return circle;
  }
  return null;
}

function offenders(pattern: RegExp, files: readonly SourceFile[] = sources): string[] {
  return files.flatMap(({ file, text }) =>
    text.split("\n").flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}`] : [])),
  );
}

describe("imports", () => {
  it("point one way", () => {
    expect(edges.length).toBeGreaterThan(100);
    expect(edges.map(complaint).filter((text) => text !== null)).toEqual([]);
  });

  it("go in no circle", () => {
    expect(findCircle(edges)).toBeNull();
  });

  it("have no exception that nobody needs any more", () => {
    const found = new Set(edges.map(({ from, to }) => `${from} -> ${to}`));
    expect(Object.keys(exceptions).filter((edge) => !found.has(edge))).toEqual([]);
  });

  it("bring no input or output into the parts that decide", () => {
    const bad = sources
      .filter(({ file }) => withoutIo.includes(partOf(file)))
      .flatMap(({ file, modules }) =>
        modules
          .filter(({ name }) => ioModules.test(name))
          .map(({ name }) => `${file} imports ${name}`),
      );
    expect(bad).toEqual([]);
  });

  it("would be found when they point the wrong way", () => {
    const wrong = [
      ["model/a.ts", "ports/b.ts"],
      ["policy/a.ts", "store/b.ts"],
      ["store/a.ts", "engine/b.ts"],
      ["engine/a.ts", "server/b.ts"],
      ["engine/a.ts", "checks/http/index.ts"],
      ["engine/a.ts", "checks/registry.ts"],
      ["checks/http/a.ts", "checks/smoke/b.ts"],
      ["checks/http/a.ts", "checks/registry.ts"],
      ["checks/http/a.ts", "policy/b.ts"],
      ["agent/a.ts", "engine/b.ts"],
      ["cli/a.ts", "engine/b.ts"],
      ["cli/a.ts", "agent/client.ts"],
      ["compose.ts", "server/b.ts"],
      ["compose-local.ts", "cli/b.ts"],
      ["novelty/a.ts", "model/b.ts"],
    ];
    for (const [from = "", to = ""] of wrong) {
      expect(complaint({ from, to }), `${from} -> ${to}`).not.toBeNull();
    }
    const right = [
      ["engine/a.ts", "checks/run.ts"],
      ["checks/http/a.ts", "checks/exchange.ts"],
      ["checks/registry.ts", "checks/http/index.ts"],
      ["compose.ts", "checks/registry.ts"],
    ];
    for (const [from = "", to = ""] of right) expect(complaint({ from, to })).toBeNull();
    const circle = ["ab", "bc", "cb"].map(([from = "", to = ""]) => ({
      from,
      to,
      typesOnly: false,
    }));
    expect(findCircle(circle)).toBe("b → c → b");
  });
});

describe("every source file", () => {
  it("starts programs by argv arrays, never through a shell", () => {
    expect(offenders(/\bshell:\s*(true|["'`])/)).toEqual([]);
    // Named imports only, so that the linter's ban of exec and execSync sees every use.
    expect(offenders(/import\s+(\* as \w+|\w+)\s+from\s+"(node:)?child_process"/)).toEqual([]);
    expect(
      offenders(/import\s*\{[^}]*\bexec(Sync)?\b[^}]*\}\s*from\s+"(node:)?child_process"/),
    ).toEqual([]);
  });

  it("has named exports only, and is no barrel", () => {
    expect(offenders(/^export default\b|\bas default\b/)).toEqual([]);
    expect(offenders(/^export \*/)).toEqual([]);
  });

  it(`has at most ${maxLines} lines`, () => {
    const long = sources
      .filter(({ lines }) => lines > maxLines)
      .map(({ file, lines }) => ({ file, lines }));
    const news = long.filter(({ file }) => !tooLongForNow.includes(file));
    expect(
      news.map(({ file, lines }) => `${file} has ${lines} lines: split it along its life cycle`),
    ).toEqual([]);
    const stillLong = long.map(({ file }) => file);
    expect(tooLongForNow.filter((file) => !stillLong.includes(file))).toEqual([]);
  });
});
