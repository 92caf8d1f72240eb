import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Permission, permissionNames } from "../model/permissions.ts";
import type { Holding, Reach } from "../model/principal.ts";
import { decideAccess, firstBeyond, sightOf } from "./decide-access.ts";
import { builtInRoles, peopleOnly } from "./roles.ts";

const holding = (
  permission: Permission,
  service: string | null,
  environment: string | null,
): Holding => ({ role: "own", permissions: new Set([permission]), service, environment });

const name = fc.constantFrom("shop", "pay");
const limit = fc.option(name, { nil: null });
const reach = fc.oneof(
  fc.constantFrom<Reach>("any", "all"),
  name.map((one): Reach => ({ name: one })),
);
const permission = fc.constantFrom<Permission>("release.read", "promotion.start", "secret.write");
const holdings = fc.array(
  fc.tuple(permission, limit, limit).map((one) => holding(...one)),
  { maxLength: 4 },
);
const resource = fc.record({ service: reach, environment: reach });

describe("who may do what", () => {
  it("is nobody, without a role that says so", () => {
    fc.assert(
      fc.property(permission, resource, (wanted, where) => {
        expect(decideAccess({ holdings: [], within: null }, wanted, where)).toEqual({
          allowed: false,
          why: "nowhere",
        });
      }),
    );
  });

  it("follows from one role alone: it holds the permission, and reaches as far as the call", () => {
    fc.assert(
      fc.property(holdings, permission, resource, (all, wanted, where) => {
        const decided = decideAccess({ holdings: all, within: null }, wanted, where);
        const far = (own: string | null, asked: Reach) =>
          own === null || asked === "any" || (asked !== "all" && asked.name === own);
        const expected = all.some(
          (one) =>
            one.permissions.has(wanted) &&
            far(one.service, where.service) &&
            far(one.environment, where.environment),
        );
        expect(decided.allowed).toBe(expected);
      }),
    );
  });

  it("never grows when a token is narrower than its person", () => {
    fc.assert(
      fc.property(
        holdings,
        permission,
        limit,
        limit,
        permission,
        resource,
        (all, mine, s, e, wanted, where) => {
          const narrow = { holdings: all, within: holding(mine, s, e) };
          const allowed = decideAccess(narrow, wanted, where).allowed;
          if (!allowed) return;
          expect(decideAccess({ holdings: all, within: null }, wanted, where).allowed).toBe(true);
          expect(
            decideAccess({ holdings: [narrow.within], within: null }, wanted, where).allowed,
          ).toBe(true);
        },
      ),
    );
  });

  it("makes no role of one service's role and a token of another", () => {
    const asked = { service: "any", environment: "any" } as const;
    const mixed = {
      holdings: [holding("release.read", "shop", null)],
      within: holding("release.read", "pay", null),
    };
    expect(decideAccess(mixed, "release.read", asked).allowed).toBe(false);
  });
});

describe("giving what one has", () => {
  it("stops at the first permission that the giver lacks in the whole of the scope", () => {
    const giver = { holdings: [holding("release.read", "shop", null)], within: null };
    const shop = { service: "shop", environment: null };
    expect(firstBeyond(giver, ["release.read"], shop)).toBeNull();
    expect(firstBeyond(giver, ["release.read", "secret.write"], shop)).toBe("secret.write");
    const everywhere = { service: null, environment: null };
    expect(firstBeyond(giver, ["release.read"], everywhere)).toBe("release.read");
  });
});

describe("roles that come along", () => {
  const has = (role: string, wanted: Permission) => builtInRoles.get(role)?.permissions.has(wanted);

  it("let a build hand in releases and evidence, and nothing that lets one through", () => {
    expect([...(builtInRoles.get("ci")?.permissions ?? [])].sort()).toEqual([
      "content.write",
      "finding.import",
      "release.attest",
      "release.create",
      "release.read",
      "server.read",
    ]);
    for (const one of peopleOnly) expect(has("ci", one)).toBe(false);
  });

  it("let an auditor read, and change nothing", () => {
    const changing =
      /\.(create|write|start|stop|remove|apply|attest|ban|abort|rollback|answer|import|act|judge|propose|sign|withdraw|add|clear|set|manage|request|confirm|revoke|define|assign|recover|open|review|vouch|fetch)$/;
    const held = [...(builtInRoles.get("auditor")?.permissions ?? [])];
    expect(held.filter((one) => changing.test(one))).toEqual([]);
    expect(permissionNames.filter((one) => !changing.test(one) && !held.includes(one))).toEqual([
      "metrics.read",
      "log.read",
      "secret.list",
    ]);
  });

  it("leave no permission that nobody could have", () => {
    for (const one of permissionNames) expect(has("administrator", one)).toBe(true);
  });
});

describe("where somebody may do something, for a database to look there", () => {
  it("is exactly where a decision allows it, narrowed or not", () => {
    const side = (at: string | null, reach: Reach) =>
      at === null || reach === "any" || (reach !== "all" && reach.name === at);
    const placed = fc.oneof(fc.constant<Reach>("any"), name.map((one): Reach => ({ name: one }))); // prettier-ignore
    const narrow = fc.option(fc.tuple(permission, limit, limit).map((one) => holding(...one)), { nil: null }); // prettier-ignore
    fc.assert(
      fc.property(
        holdings,
        narrow,
        permission,
        placed,
        placed,
        (held, within, wanted, service, environment) => {
          const who = { holdings: held, within };
          const sees = sightOf(who, wanted);
          const inSight = sees === "everything" || sees.some((at) => side(at.service, service) && side(at.environment, environment)); // prettier-ignore
          expect(inSight).toBe(decideAccess(who, wanted, { service, environment }).allowed);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
