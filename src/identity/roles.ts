import { type Permission, permissionNames } from "../model/permissions.ts";

/** A named set of permissions. */
export interface Role {
  readonly name: string;
  /** One sentence for whoever gives it. */
  readonly says: string;
  readonly permissions: ReadonlySet<Permission>;
}

/** What may be seen of services without reading evidence, secrets' names or people. */
const seeing: readonly Permission[] = [
  "server.read",
  "service.read",
  "pipeline.read",
  "release.read",
  "promotion.read",
  "promotion.plan",
  "check.read",
  "finding.read",
  "waiver.read",
  "break-glass.read",
  "engagement.read",
  "signal.read",
  "feed.read",
  "line.read",
  "approval.read",
  "policy.read",
];

const building: readonly Permission[] = ["content.write", "release.create", "release.attest"];

const builtIn: Readonly<Record<string, readonly [string, readonly Permission[]]>> = {
  monitor: ["Reads the figures of the server, and nothing else.", ["metrics.read"]],
  developer: [
    "Hands in releases and configurations, starts promotions where the role counts, works on findings.",
    [
      ...seeing,
      ...building,
      "log.read",
      "configuration.read",
      "configuration.write",
      "promotion.start",
      "promotion.abort",
      "promotion.rollback",
      "finding.import",
      "finding.act",
      "waiver.propose",
      "break-glass.open",
      "break-glass.sign",
    ],
  ],
  tester: [
    "Runs releases through test environments, hands in reports, and answers manual checks.",
    [
      ...seeing,
      "log.read",
      "content.write",
      "release.attest",
      "promotion.start",
      "promotion.abort",
      "check.answer",
      "finding.import",
      "finding.act",
    ],
  ],
  qa: [
    "Answers manual checks, and approves or rejects; starts nothing.",
    [
      ...seeing,
      "log.read",
      "check.answer",
      "finding.act",
      "approval.sign",
      "person.vouch",
      "break-glass.review",
    ],
  ],
  sre: [
    "Runs services: promotes, returns traffic, stops lines, keeps secrets and configurations.",
    [
      ...seeing,
      "log.read",
      "configuration.read",
      "configuration.write",
      "secret.list",
      "secret.write",
      "promotion.start",
      "promotion.abort",
      "promotion.rollback",
      "service.stop",
      "line.stop",
      "line.clear",
      "signal.add",
      "check.answer",
      "approval.sign",
      "person.vouch",
      "break-glass.open",
      "break-glass.sign",
      "break-glass.review",
    ],
  ],
  security: [
    "Judges findings, accepts risks with a second person, bans releases, keeps feeds and engagements.",
    [
      ...seeing,
      "content.write",
      "release.attest",
      "release.ban",
      "line.stop",
      "line.clear",
      "check.answer",
      "finding.import",
      "finding.act",
      "finding.judge",
      "waiver.propose",
      "waiver.sign",
      "waiver.withdraw",
      "break-glass.open",
      "break-glass.sign",
      "break-glass.review",
      "engagement.add",
      "engagement.withdraw",
      "signal.add",
      "feed.import",
      "security.write",
      "approval.sign",
      "policy.sign",
      "person.vouch",
      "access.review",
      "ledger.read",
      "ledger.verify",
    ],
  ],
  auditor: [
    "Reads everything that is recorded, and changes nothing.",
    [
      ...seeing,
      "configuration.read",
      "ledger.read",
      "ledger.verify",
      "erasure.read",
      "audit.read",
      "audit.export",
      "person.read",
      "token.read",
      "role.read",
      "access.report",
    ],
  ],
  administrator: [
    "May do everything; own work and second persons stay what they are.",
    permissionNames,
  ],
  ci: [
    "A build's token: creates releases and hands in evidence about them; promotes, approves, waives and closes nothing.",
    ["server.read", "release.read", ...building, "finding.import"],
  ],
};

export const builtInRoles: ReadonlyMap<string, Role> = new Map(
  Object.entries(builtIn).map(([name, [says, permissions]]) => [
    name,
    { name, says, permissions: new Set(permissions) },
  ]),
);

/** All that a program may whom another platform vouches for: nobody's promotion, approval, waiver or closing is its word. */
export const workloadsMay: ReadonlySet<Permission> = new Set<Permission>([
  ...seeing,
  ...building,
  "finding.import",
  "signal.add",
  "feed.import",
]);

/** What no role of a machine holds, however it is put together: these are people's words. */
export const peopleOnly: ReadonlySet<Permission> = new Set<Permission>([
  "check.answer",
  "finding.judge",
  "waiver.sign",
  "break-glass.open",
  "break-glass.sign",
  "break-glass.review",
  "approval.sign",
  "policy.sign",
  "person.vouch",
  "access.review",
  "governance.set",
  "erasure.confirm",
]);
