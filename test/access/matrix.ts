/**
 * Who may call what, written by hand: a second opinion beside what the routes declare and the roles hold.
 *
 * D developer of shop, T tester of shop in dev, S sre of shop in production, X security of shop, A auditor of
 * everything, C a build's token of shop, M administrator, N a person without any role. Whoever is not named is refused.
 * `!`: those who may do not do it here, because it would end or change too much.
 */
export type Row = readonly [
  method: "GET" | "POST" | "PUT" | "DELETE" | "HEAD",
  url: string,
  who: string,
  body?: object,
];

export interface Ids {
  /** Promotions of shop in dev, of shop in production, of pay in dev. */
  readonly dev: string;
  readonly production: string;
  readonly pay: string;
  /** Findings of shop and of pay. */
  readonly ours: string;
  readonly theirs: string;
  readonly release: object;
  readonly foreignRelease: object;
}

const digest = `sha256:${"0".repeat(64)}`;
const until = new Date(Date.now() + 86_400_000).toISOString();
const bytes = Buffer.from("{}");
const envelope = { envelope: "e30=" };
const reason = { reason: "why" };
const made = { authenticatorData: "AAAA", clientDataJSON: "AAAA" };
const glass = { reason: "orders are lost", expiresMs: 3_600_000 };

export function matrix(ids: Ids): readonly Row[] {
  const { dev, production, pay, ours, theirs } = ids;
  const waiver = (service: string, finding: string) => ({
    service,
    environment: "dev",
    of: { kind: "finding", finding },
    reason: "no fix is out",
    control: "blocked at the edge",
    owner: "maria",
    until,
  });
  const signal = { signal: { source: "waf", id: "1", kind: "x", severity: "low", message: "y" } };
  const configuration = (service: string) => ({
    configuration: {
      kind: "Configuration",
      formatVersion: 1,
      service,
      environment: "production",
      values: {},
    },
  });
  const promote = (service: string, environment: string) => ({
    service,
    environment,
    release: "9.9.9",
  });
  const holder = {
    name: "x@shop.example",
    right: "findings.judge",
    service: null,
    environment: null,
  };
  const everywhere = { service: null, environment: null };
  // No provider is configured.
  const identity = { name: "x@shop.example", provider: "company", subject: "1" };
  // Without ids: refused for what it says, by whoever may say it.
  const workloadRule = {
    name: "builds",
    platform: "github",
    issuer: "https://token.actions.githubusercontent.com",
    audience: "https://tidelock.shop.example",
    claims: {},
    anyWorkflow: false,
    role: "ci",
    ...everywhere,
    lastsMs: 60_000,
    maxAgeMs: 60_000,
    jwks: null,
  };
  return [
    // The server, and who one is.
    ["GET", "/api/v1/access/me", "DTSXACMN"],
    ["GET", "/api/v1/account/person", "DTSXACMN"],
    ["GET", "/api/v1/server", "DTSXACM"],

    // Sessions: one's own are everybody's, also of who has no role (a build's token has none, and hears so).
    ["GET", "/api/v1/session", "DTSXACMN"],
    ["DELETE", "/api/v1/session", "DTSXACMN"],
    ["GET", "/api/v1/sessions", "DTSXACMN"],
    ["DELETE", "/api/v1/sessions", "DTSXACMN"],
    ["DELETE", "/api/v1/sessions/snothing", "DTSXACMN"],
    // What one signs in with: a token changes nothing of it, and is told so once it may ask at all (C has no person).
    ["GET", "/api/v1/account", ""],
    ["GET", "/api/v1/account/sponsors", ""],
    ["POST", "/api/v1/account/sponsors", "", { acts: ["x"] }],
    ["PUT", "/api/v1/account/password", "", { current: "x", next: "a quiet harbour at dawn" }],
    ["POST", "/api/v1/account/totp", ""],
    ["PUT", "/api/v1/account/totp", "", { setup: "x".repeat(60), code: "123456" }],
    ["DELETE", "/api/v1/account/totp", ""],
    ["GET", "/api/v1/logins/BBBB-BBBB", "DTSXACMN"],
    ["PUT", "/api/v1/logins/BBBB-BBBB", "", { yes: true }],
    ["GET", "/api/v1/accounts", "AM"],
    ["POST", "/api/v1/accounts/links", "M", { name: "nora@shop.example", purpose: "invite" }],
    ["PUT", "/api/v1/accounts/nora@shop.example/lock", "M!", { locked: true }],
    ["GET", "/api/v1/accounts/dora@shop.example/sessions", "M"],
    ["DELETE", "/api/v1/accounts/dora@shop.example/sessions", "M"],
    ["DELETE", "/api/v1/accounts/dora@shop.example/sessions/snothing", "M"],

    // Passkeys: a token enrols none, whoever's it is.
    ["GET", "/api/v1/passkeys", "DTSXACMN"],
    ["POST", "/api/v1/passkeys/challenges", "", { use: "sign-in" }],
    ["POST", "/api/v1/passkeys", "", { use: "approval", name: "x", made }],
    ["DELETE", "/api/v1/passkeys/knothing", "DTSXACMN"],
    ["GET", "/api/v1/accounts/dora@shop.example/passkeys", "M"],
    ["DELETE", "/api/v1/accounts/dora@shop.example/passkeys/knothing", "M"],

    ["GET", "/api/v1/openapi.json", "DTSXACM"],
    ["POST", "/api/v1/server/stop", "M!"],
    ["POST", "/api/v1/server/recover", "M!"],
    ["POST", "/api/v1/down", "M!"],

    // Releases and evidence: of a service, whatever the environment.
    ["GET", "/api/v1/releases", "DTSXACM"],
    ["GET", "/api/v1/releases?service=pay", "DTSXACM"],
    ["GET", "/api/v1/services/shop/releases/1.0.0", "DTSXACM"],
    ["GET", "/api/v1/services/pay/releases/1.0.0", "AM"],
    ["GET", "/api/v1/services/shop/releases/1.0.0/evidence", "DTSXACM"],
    ["GET", "/api/v1/services/pay/releases/1.0.0/evidence", "AM"],
    ["GET", `/api/v1/services/shop/releases/1.0.0/attestations/${digest}`, "DTSXACM"],
    ["GET", `/api/v1/services/pay/releases/1.0.0/attestations/${digest}`, "AM"],
    ["GET", "/api/v1/services/shop/releases/1.0.0/changes", "DTSXACM"],
    ["GET", "/api/v1/services/shop/releases/1.0.0/review?environment=dev", "DTSXACM"],
    ["GET", "/api/v1/services/pay/releases/1.0.0/review?environment=dev", "AM"],
    ["GET", "/api/v1/services/shop/releases/1.0.0/requirements", "DTSXACM"],
    ["GET", "/api/v1/services/pay/releases/1.0.0/requirements", "AM"],
    ["GET", "/api/v1/services/pay/releases/1.0.0/changes", "AM"],
    ["GET", "/api/v1/services/shop/since", "DTSXACM"],
    ["GET", "/api/v1/services/pay/since", "AM"],
    ["GET", "/api/v1/commits/abcdef1", "DTSXACM"],
    ["POST", "/api/v1/releases", "DCM", { release: ids.release }],
    ["POST", "/api/v1/releases", "M", { release: ids.foreignRelease }],
    ["POST", "/api/v1/services/shop/releases/1.0.0/attestations", "DTXCM", { digest }],
    ["POST", "/api/v1/services/shop/releases/1.0.0/review", "DTXCM", { environment: "dev" }],
    ["POST", "/api/v1/services/pay/releases/1.0.0/review", "M", { environment: "dev" }],
    ["POST", "/api/v1/services/pay/releases/1.0.0/attestations", "M", { digest }],
    ["HEAD", `/api/v1/blobs/${digest}`, "DTXCM"],
    ["PUT", `/api/v1/blobs/${digest}`, "DTXCM", bytes],
    ["POST", "/api/v1/services/shop/releases/9.9.9/ban", "XM", reason],
    ["POST", "/api/v1/services/pay/releases/9.9.9/ban", "M", reason],

    // Promotions: where they move to.
    ["GET", "/api/v1/promotions", "DTSXAM"],
    ["GET", `/api/v1/promotions/${dev}`, "DTXAM"],
    ["GET", `/api/v1/promotions/${production}`, "DSXAM"],
    ["GET", `/api/v1/promotions/${pay}`, "AM"],
    ["GET", "/api/v1/promotions/pnothing00", "AM"],
    ["GET", `/api/v1/promotions/${dev}/decisions`, "DTXAM"],
    ["GET", `/api/v1/promotions/${pay}/decisions`, "AM"],
    ["GET", `/api/v1/promotions/${dev}/explanation`, "DTXAM"],
    ["GET", `/api/v1/promotions/${pay}/explanation`, "AM"],
    ["GET", `/api/v1/promotions/${dev}/requirements`, "DTXAM"],
    ["GET", `/api/v1/promotions/${pay}/requirements`, "AM"],
    ["GET", `/api/v1/promotions/${dev}/conformance`, "DTXAM"],
    ["GET", `/api/v1/promotions/${pay}/conformance`, "AM"],
    ["GET", `/api/v1/promotions/${dev}/checks/smoke/raw`, "DTXAM"],
    ["GET", `/api/v1/promotions/${pay}/checks/smoke/raw`, "AM"],
    ["POST", `/api/v1/promotions/${dev}/abort`, "DTM"],
    ["POST", `/api/v1/promotions/${production}/abort`, "DSM"],
    ["POST", `/api/v1/promotions/${pay}/abort`, "M"],
    ["POST", `/api/v1/promotions/${dev}/retry`, "DTM"],
    ["POST", `/api/v1/promotions/${pay}/retry`, "M"],
    ["POST", "/api/v1/promotions", "DTM", promote("shop", "dev")],
    ["POST", "/api/v1/promotions", "DSM", promote("shop", "production")],
    ["POST", "/api/v1/promotions", "M", promote("pay", "dev")],
    ["POST", "/api/v1/plans", "DSXAM", promote("shop", "production")],
    ["POST", "/api/v1/plans", "AM", promote("pay", "dev")],
    ["POST", "/api/v1/lanes/shop/production/rollback", "DSM", { to: "9.9.9" }],
    ["POST", "/api/v1/lanes/shop/dev/rollback", "DM", { to: "9.9.9" }],
    ["POST", "/api/v1/lanes/pay/dev/rollback", "M", { to: "9.9.9" }],
    ["POST", "/api/v1/lanes/shop/production/stop", "SM!"],
    ["POST", "/api/v1/lanes/shop/dev/stop", "M!"],
    ["DELETE", "/api/v1/services/shop", "M!"],

    // What runs, and what it prints.
    ["GET", "/api/v1/status", "DTSXAM"],
    ["GET", "/api/v1/deployments", "DTSXAM"],
    ["GET", "/api/v1/windows", "DTSXAM"],
    ["GET", "/api/v1/logs/shop/dev/blue", "DTM"],
    ["GET", "/api/v1/logs/shop/production/blue", "DSM"],
    ["GET", "/api/v1/logs/pay/dev/blue", "M"],
    ["GET", "/api/v1/logs/pay/dev/blue?follow=true", "M!"],
    ["GET", "/api/v1/events", "DTSXAM!"],

    // Settings.
    ["GET", "/api/v1/pipelines", "DTSXAM"],
    ["POST", "/api/v1/pipelines", "M!", { file: "x", text: "kind: Pipeline" }],
    ["GET", "/api/v1/services/shop/environments/dev/checks", "DTXAM"],
    ["GET", "/api/v1/services/pay/environments/dev/checks", "AM"],
    ["GET", "/api/v1/configurations/shop/dev", "DAM"],
    ["GET", "/api/v1/configurations/shop/production", "DSAM"],
    ["GET", "/api/v1/configurations/pay/dev", "AM"],
    ["PUT", "/api/v1/configurations/shop/production", "DSM", configuration("shop")],
    // The body names somebody else's lane: who may write to the path's is told that they differ.
    ["PUT", "/api/v1/configurations/shop/production", "DSM", configuration("pay")],
    ["PUT", "/api/v1/configurations/pay/production", "M", configuration("shop")],
    ["GET", "/api/v1/secrets/shop/production", "SM"],
    ["GET", "/api/v1/secrets/shop/dev", "M"],
    ["GET", "/api/v1/secrets/pay/production", "M"],
    ["PUT", "/api/v1/secrets/shop/production/KEY", "SM!", { value: "v" }],
    ["PUT", "/api/v1/secrets/pay/production/KEY", "M!", { value: "v" }],
    ["GET", "/api/v1/services/shop/security", "DTSXAM"],
    ["GET", "/api/v1/services/pay/security", "AM"],
    ["PUT", "/api/v1/services/shop/security", "XM", { security: {}, basedOn: 99 }],
    ["PUT", "/api/v1/services/pay/security", "M", { security: {}, basedOn: 99 }],

    // Findings and risks.
    ["GET", "/api/v1/findings", "AM"],
    ["GET", "/api/v1/findings?service=shop", "DTSXAM"],
    ["GET", "/api/v1/findings?service=pay", "AM"],
    ["GET", "/api/v1/finding-details", "AM"],
    ["GET", "/api/v1/finding-details?service=pay", "AM"],
    ["GET", "/metrics", "M"],
    ["GET", "/api/v1/findings/metrics?service=shop", "DTSXAM"],
    ["GET", "/api/v1/findings/metrics?service=pay", "AM"],
    ["GET", `/api/v1/findings/${ours}`, "DTSXAM"],
    ["GET", `/api/v1/findings/${theirs}`, "AM"],
    ["GET", "/api/v1/findings/F-999", "AM"],
    ["POST", `/api/v1/findings/${ours}/acts`, "DTXM", { act: { kind: "note", text: "x" } }],
    ["POST", `/api/v1/findings/${theirs}/acts`, "M", { act: { kind: "note", text: "x" } }],
    ["GET", "/api/v1/services/shop/finding-imports", "DTSXAM"],
    ["GET", "/api/v1/services/pay/finding-imports", "AM"],
    ["POST", "/api/v1/services/shop/finding-imports", "DTXCM", bytes],
    ["POST", "/api/v1/services/pay/finding-imports", "M", bytes],
    ["POST", "/api/v1/services/shop/finding-imports/retry", "DTXCM", { run: "none" }],
    ["POST", "/api/v1/services/pay/finding-imports/retry", "M", { run: "none" }],
    ["GET", "/api/v1/finding-proposals", "DTSXAM"],
    ["POST", "/api/v1/finding-consents", "M", { proposal: "anone", ...envelope }],
    ["GET", "/api/v1/waivers", "DTSXAM"],
    ["GET", "/api/v1/waivers/W-9", "AM"],
    ["GET", "/api/v1/waivers/W-9/mine", "AM"],
    ["POST", "/api/v1/waivers", "DXM", waiver("shop", "F-999")],
    // A finding of another service under one's own service's name.
    ["POST", "/api/v1/waivers", "DXM", waiver("shop", theirs)],
    ["POST", "/api/v1/waivers", "M", waiver("pay", theirs)],
    ["POST", "/api/v1/waivers/W-9/signatures", "M", envelope],
    ["POST", "/api/v1/waivers/W-9/withdraw", "M", reason],
    ["GET", "/api/v1/break-glass", "DTSXAM"],
    ["GET", "/api/v1/break-glass/BG-9", "AM"],
    ["GET", "/api/v1/break-glass/BG-9/mine", "AM"],
    [
      "POST",
      "/api/v1/break-glass",
      "DXM",
      { ...glass, service: "shop", environment: "dev", release: "9.9.9" },
    ],
    [
      "POST",
      "/api/v1/break-glass",
      "DSXM",
      { ...glass, service: "shop", environment: "production", release: "9.9.9" },
    ],
    [
      "POST",
      "/api/v1/break-glass",
      "M",
      { ...glass, service: "pay", environment: "dev", release: "9.9.9" },
    ],
    ["POST", `/api/v1/promotions/${dev}/break-glass`, "DXM", glass],
    ["POST", `/api/v1/promotions/${production}/break-glass`, "DSXM", glass],
    ["POST", `/api/v1/promotions/${pay}/break-glass`, "M", glass],
    ["POST", "/api/v1/break-glass/BG-9/signatures", "M", { signed: "e30=" }],
    ["POST", "/api/v1/break-glass/BG-9/review", "M", { signed: "e30=" }],
    ["POST", "/api/v1/break-glass/BG-9/withdraw", "M", reason],
    ["GET", "/api/v1/engagements", "DTSXAM"],
    ["GET", "/api/v1/engagements/E-9", "AM"],
    ["GET", `/api/v1/engagements/E-9/evidence/${digest}`, "AM"],
    ["POST", "/api/v1/engagements", "M", envelope],
    ["POST", "/api/v1/engagements/E-9/withdraw", "M", reason],
    ["GET", "/api/v1/services/shop/environments/dev/signals", "DTXAM"],
    ["GET", "/api/v1/services/pay/environments/dev/signals", "AM"],
    ["POST", "/api/v1/services/shop/environments/production/signals", "SXM", signal],
    ["POST", "/api/v1/services/shop/environments/dev/signals", "XM", signal],
    ["POST", "/api/v1/services/pay/environments/dev/signals", "M", signal],
    [
      "POST",
      "/api/v1/services/pay/environments/dev/signals/falco",
      "M",
      { rule: "x", priority: "Notice" },
    ],
    ["GET", "/api/v1/feeds", "DTSXAM"],
    ["POST", "/api/v1/feeds/epss/imports", "M", { digest }],
    ["GET", "/api/v1/stops", "DTSXAM"],
    ["POST", "/api/v1/stops/S-99/clear", "M", reason],

    // Approvals and manual checks.
    ["GET", "/api/v1/approvals", "DTSXAM"],
    ["GET", "/api/v1/approvals?waitsFor=me", "DTSXAM"],
    ["GET", "/api/v1/approvals/abcdef12", "AM"],
    ["GET", "/api/v1/approvals/abcdef12/mine", "AM"],
    ["POST", "/api/v1/approvals/abcdef12/answers", "M", { signed: "e30=" }],
    ["GET", "/api/v1/manual-checks", "DTSXAM"],
    ["POST", "/api/v1/manual-checks/show", "AM", { request: "abcdef12" }],
    ["POST", "/api/v1/manual-checks/mine", "AM", { request: "abcdef12" }],
    ["POST", "/api/v1/manual-checks/begin", "M", { request: "abcdef12" }],
    ["POST", "/api/v1/manual-checks/answer", "M", { request: "abcdef12", ...envelope }],

    // Policy.
    ["GET", "/api/v1/policy", "AM"],
    ["GET", "/api/v1/policy?environment=dev", "AM"],
    ["POST", "/api/v1/policy/replay", "AM", { file: "x", text: "x", sinceMs: 1 }],
    ["GET", "/api/v1/policy/proposals", "AM"],
    ["GET", "/api/v1/policy/proposals/anone", "AM"],
    ["POST", "/api/v1/policy/proposals/sign", "M", { proposal: "anone", ...envelope }],
    ["GET", "/api/v1/governance", "DTSXAM"],
    ["POST", "/api/v1/governance", "M!", { mode: "solo" }],
    ["GET", "/api/v1/environments/dev/gate?service=shop", "DTXAM"],
    ["GET", "/api/v1/environments/dev/gate?service=pay", "AM"],
    ["GET", "/api/v1/environments/dev/gate", "AM"],
    ["GET", "/api/v1/services/shop/environments/dev/gate/explanation", "DTXAM"],
    ["GET", "/api/v1/services/pay/environments/dev/gate/explanation", "AM"],

    // The record.
    ["GET", "/api/v1/ledger", "XAM"],
    ["GET", "/api/v1/ledger/proof?entry=0", "AM"],
    ["POST", "/api/v1/ledger/verify-state", "AM"],
    ["GET", "/ledger/keys.json", "XAM"],
    ["GET", "/ledger/tile/entries/000.p/1", "AM"],
    ["POST", "/api/v1/ledger/keys", "M!", { use: "evidence" }],
    ["POST", "/api/v1/ledger/keys/0123456789abcdef/compromised", "M!", {}],
    ["POST", "/api/v1/ledger/recover", "M!"],
    ["GET", "/api/v1/ledger/erasures", "AM"],
    ["POST", "/api/v1/ledger/erasures", "M!", { wish: { entry: 1 }, reason: "x" }],
    ["POST", "/api/v1/ledger/erasures/e1/confirm", "M"],
    ["GET", "/api/v1/ledger/holds", "AM"],
    ["POST", "/api/v1/ledger/holds", "M!", { stream: null, reason: "x" }],
    ["DELETE", "/api/v1/ledger/holds/h1", "M"],
    ["GET", "/api/v1/ledger/witnesses", "XAM"],
    ["POST", "/api/v1/ledger/witnesses", "M!", { key: "x", url: "x", operator: "x" }],
    ["DELETE", "/api/v1/ledger/witnesses/w", "M"],
    ["GET", "/api/v1/ledger/anchors", "XAM"],
    ["POST", "/api/v1/ledger/anchors", "M!", {}],
    ["DELETE", "/api/v1/ledger/anchors/a", "M"],
    ["GET", "/api/v1/audit/access", "AM"],
    ["POST", "/api/v1/audit/packs", "AM", { kind: "release", service: "shop", release: "9.9.9" }],
    ["POST", "/api/v1/audit/packs", "AM", { kind: "release", service: "pay", release: "9.9.9" }],
    ["POST", "/api/v1/audit/packs", "AM!", { kind: "environment", environment: "dev" }],
    ["POST", "/api/v1/audit/packs", "AM", { kind: "access-review", review: "v0000000000" }],

    // People, tokens, roles.
    ["GET", "/api/v1/people", "AM"],
    ["POST", "/api/v1/people", "M!", { name: "x@shop.example" }],
    ["GET", "/api/v1/people/identities", "AM"],
    ["POST", "/api/v1/people/identities", "M", identity],
    ["DELETE", "/api/v1/people/identities/inone", "M"],
    ["GET", "/api/v1/people/vouching-providers", "AM"],
    ["POST", "/api/v1/people/vouching-providers", "M", { provider: "company" }],
    ["DELETE", "/api/v1/people/vouching-providers/vnone", "M"],
    ["DELETE", `/api/v1/people/keys/${digest}`, "M"],
    ["GET", "/api/v1/services/shop/releases/1.0.0/chain", "DTSXACM"],
    ["GET", "/api/v1/services/pay/releases/1.0.0/chain", "AM"],
    ["GET", "/api/v1/catalogue/tests", "DTSXAM"],
    ["GET", "/api/v1/catalogue/tools", "DTSXAM"],
    ["GET", "/api/v1/catalogue/manual", "DTSXAM"],
    ["GET", "/api/v1/access/reviews", "AM"],
    ["POST", "/api/v1/access/reviews", "XM!", { service: "shop", due: until }],
    ["POST", "/api/v1/access/reviews", "M!", { service: "pay", due: until }],
    ["POST", "/api/v1/access/reviews", "M!", { service: null, due: until }],
    ["GET", "/api/v1/access/reviews/vnone", "M"],
    ["POST", "/api/v1/access/reviews/vnone/words", "M", envelope],
    ["GET", "/api/v1/people/x@shop.example/sponsors", "AM"],
    ["GET", "/api/v1/people/x@shop.example/vouches", "SXM"],
    ["POST", "/api/v1/people/x@shop.example/vouches", "SXM", envelope],
    [
      "POST",
      "/api/v1/people/nobody@shop.example/standing",
      "M",
      { state: "suspended", from: null, ...reason },
    ],
    ["POST", "/api/v1/grants", "M!", holder],
    ["DELETE", "/api/v1/grants/g1", "M"],
    ["GET", "/api/v1/tokens", "AM"],
    ["GET", "/api/v1/access/report", "AM"],
    ["GET", "/api/v1/access/unused", "AM"],
    ["POST", "/api/v1/tokens", "M!", { name: "x", role: "ci", ...everywhere, lastsMs: 60_000 }],
    ["DELETE", "/api/v1/tokens/tnone", "M"],
    ["GET", "/api/v1/roles", "AM"],
    ["PUT", "/api/v1/roles/own", "M!", { says: "x", permissions: [] }],
    ["GET", "/api/v1/role-assignments", "AM"],
    [
      "POST",
      "/api/v1/role-assignments",
      "M!",
      { to: { token: "tnone" }, role: "ci", ...everywhere },
    ],
    ["DELETE", "/api/v1/role-assignments/rnone", "M"],
    ["GET", "/api/v1/workload/rules", "AM"],
    ["POST", "/api/v1/workload/rules", "M", workloadRule],
    ["DELETE", "/api/v1/workload/rules/wnone", "M"],
    ["POST", "/api/v1/workload/rules/test", "AM", { token: "none" }],

    // Last, because it is done: a line that is stopped holds others up.
    ["POST", "/api/v1/lines/stop", "M", { scope: "pay/production", ...reason }],
    ["POST", "/api/v1/lines/stop", "XM", { scope: "shop/*", ...reason }],
    // A bare name may be anybody's.
    ["POST", "/api/v1/lines/stop", "M", { scope: "pay", ...reason }],
    ["POST", "/api/v1/lines/stop", "M", { scope: "*/production", ...reason }],
  ];
}
