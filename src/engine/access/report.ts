import type { AccessReport } from "../../api/routes/access.ts";
import {
  type AccessLine,
  lockedNote,
  roleNotes,
  ruleNotes,
  tokenNotes,
} from "../../identity/access-report.ts";
import { holdingOf, ofMachine, ofWorkload } from "../../identity/holdings.ts";
import { type Permission, permissionNames } from "../../model/permissions.ts";
import type { Holding } from "../../model/principal.ts";
import type { WorkloadRule } from "../../model/workload.ts";
import { platforms } from "../../identity/workload/platforms.ts";
import { listAssignments, listRoles } from "../../store/queries/tokens.ts";
import { listReviews, overdueReviews } from "../../store/queries/access-reviews.ts";
import { lockedPeople, readBootstrap } from "../../store/queries/accounts.ts";
import { lastSeen } from "../../store/queries/sessions.ts";
import type { Engine } from "../engine.ts";
import { absentPeople } from "./people/standing.ts";
import { assignmentViews } from "./roles.ts";
import { listTokens } from "./tokens.ts";
import { makePeopleControl } from "./people/people.ts";
import { listWorkloadRules } from "./federation/workload-rules.ts";

/** Everybody and everything that may do something here now, one line for each way. */
export async function accessReport(engine: Engine): Promise<AccessReport> {
  const { db } = engine;
  const [tokens, given, rows, roles, people, rules] = await Promise.all([
    listTokens(engine, "valid"),
    assignmentViews(engine),
    listAssignments(db),
    listRoles(db),
    makePeopleControl(engine).list(),
    listWorkloadRules(engine),
  ]);
  const own = new Map(roles.map(({ name, permissions }) => [name, permissions]));
  const held = (role: string, service: string | null, environment: string | null): Holding =>
    holdingOf({ role, permissions: own.get(role) ?? null, service, environment });
  const now = Date.now();
  const lines: AccessLine[] = (await readBootstrap(db))?.ended ? [] : [bootstrapLine];
  const seen = await lastSeen(db);

  for (const view of given) {
    const machine = view.to.kind === "token";
    const token = tokens.find(({ id }) => id === view.to.id);
    // A role of a token that ended lets nobody do anything.
    if (machine && !token) continue;
    const plain = held(view.role, view.service, view.environment);
    const holding = machine ? ofMachine(plain) : plain;
    const theirs = tokens.filter(({ person }) => person?.person === view.to.id);
    const used = machine
      ? (token?.lastUsedAt ?? null)
      : latest([...theirs.map((one) => one.lastUsedAt), seen.get(view.to.id) ?? null]);
    const signedIn = seen.has(view.to.id);
    const notes = machine
      ? []
      : roleNotes(
          holding,
          { name: view.to.name, tokens: theirs.length, signedIn, addedAt: view.addedAt },
          now,
        );
    lines.push({
      who: view.to.name ?? view.to.id,
      kind: view.to.kind,
      by: view.id,
      has: view.role,
      service: view.service,
      environment: view.environment,
      permissions: sorted(holding.permissions),
      givenBy: view.addedBy,
      since: view.addedAt,
      until: token?.expiresAt ?? null,
      lastUsed: used,
      notes,
    });
  }

  for (const rule of rules) {
    const { service, environment, issuer } = rule;
    lines.push({
      who: `${rule.name} (${issuer}: ${idsText(rule)})`,
      kind: "workload",
      by: rule.id,
      has: rule.role,
      service,
      environment,
      permissions: sorted(ofWorkload(held(rule.role, service, environment)).permissions),
      givenBy: rule.addedBy,
      since: rule.addedAt,
      until: null,
      lastUsed: rule.lastUsedAt,
      notes: ruleNotes(rule, now),
    });
  }

  for (const token of tokens) {
    // Theirs is the line of the rule that gave them.
    if (token.workload !== null) continue;
    const { service, environment, person } = token;
    const assigned = rows
      .filter((row) => (person === null ? row.token === token.id : row.person === person.person))
      .map((row) => held(row.role, row.service, row.environment));
    const within = token.role === null ? null : held(token.role, service, environment);
    const permissions = new Set<Permission>(
      person === null
        ? [...(within ? [within] : []), ...assigned].flatMap((one) => [
            ...ofMachine(one).permissions,
          ])
        : assigned
            .flatMap((one) => [...one.permissions])
            .filter((one) => within === null || within.permissions.has(one)),
    );
    const facts = { ...token, permissions, machine: person === null };
    lines.push({
      who: person === null ? token.name : (person.name ?? person.person),
      kind: "token",
      by: token.id,
      has: token.role ?? "what its person may",
      service,
      environment,
      permissions: sorted(permissions),
      givenBy: token.addedBy,
      since: token.addedAt,
      until: token.expiresAt,
      lastUsed: token.lastUsedAt,
      notes: tokenNotes(facts, now),
    });
  }

  for (const { name, person, grants } of people) {
    for (const grant of grants.filter(({ removedAt }) => removedAt === null)) {
      lines.push({
        who: name ?? person,
        kind: "person",
        by: grant.id,
        has: `right ${grant.right}`,
        service: grant.service,
        environment: grant.environment,
        permissions: [],
        givenBy: grant.addedBy,
        since: grant.addedAt,
        until: null,
        lastUsed: null,
        notes: name === null ? ["this person was erased: take the right away"] : [],
      });
    }
  }
  const absent = await absentPeople(db);
  const gone = new Set(people.flatMap(({ person, name }) => (absent.has(person) ? [name] : [])));
  const locked = new Set(await lockedPeople(db));
  const [overdue, reviews] = await Promise.all([
    overdueReviews(db, { fresh: false }),
    listReviews(db, { limit: 100 }),
  ]);
  return {
    reviews: {
      overdue: overdue.map(({ id }) => id),
      lastDone: latest(reviews.map(({ closed_at }) => closed_at?.toISOString() ?? null)),
    },
    at: new Date(now).toISOString(),
    lines: lines.map(({ ...line }) => ({
      ...line,
      permissions: [...line.permissions],
      notes: [
        ...line.notes,
        ...(line.kind !== "bootstrap" && gone.has(line.who)
          ? ["suspended or gone: nothing of it counts now"]
          : []),
        ...(line.kind !== "bootstrap" && line.kind !== "workload" && locked.has(line.who)
          ? [lockedNote(line)]
          : []),
      ],
    })),
  };
}

const bootstrapLine: AccessLine = {
  who: "operator",
  kind: "bootstrap",
  by: null,
  has: "administrator",
  service: null,
  environment: null,
  permissions: permissionNames,
  givenBy: "whoever owns the data directory",
  since: null,
  until: null,
  lastUsed: null,
  notes: [
    "shared by everybody who can read server/token: give people and machines tokens of their own",
  ],
};

function sorted(permissions: Iterable<Permission>): readonly Permission[] {
  return [...permissions].sort();
}

/** Who is let in, by what does not change. */
function idsText({ platform, claims }: Pick<WorkloadRule, "platform" | "claims">): string {
  return platforms[platform].immutable
    .map((claim) => `${claim} ${claims[claim]?.join(" or ") ?? "?"}`)
    .join(", ");
}

function latest(times: readonly (string | null)[]): string | null {
  return times.reduce((a, b) => (a === null || (b !== null && b > a) ? b : a), null);
}
