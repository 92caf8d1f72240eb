import { TidelockError } from "../../model/errors.ts";
import { permissionNames } from "../../model/permissions.ts";
import { decideAccess } from "../../identity/decide-access.ts";
import type { WhoView } from "../../api/routes/access.ts";
import type { AccessControl } from "../../ports/access-control.ts";
import type { Actor } from "../../ports/control-plane.ts";
import type { Engine } from "../engine.ts";
import { makePermissionUses, unusedReport } from "./permission-uses.ts";
import { makeByToken, makeUses } from "./authenticate.ts";
import { makeBootstrapCounts } from "./sign-in/bootstrap.ts";
import { makeBySession, makeSeen } from "./sign-in/sessions.ts";
import { placesOf } from "./places.ts";
import { accessReport } from "./report.ts";
import { allRoles, assignmentViews, assignRole, defineRole, unassignRole } from "./roles.ts";
import { createToken, listTokens, revokeToken } from "./tokens.ts";

export function makeAccessControl(engine: Engine): AccessControl {
  return {
    byToken: makeByToken(engine.db),
    used: makeUses(engine.db),
    usedPermission: makePermissionUses(engine.db),
    unused: (days) => unusedReport(engine.db, days),
    bySession: makeBySession(engine),
    seen: makeSeen(engine.db),
    bootstrapCounts: makeBootstrapCounts(engine.db),
    placesOf: (thing, reference) => placesOf(engine, thing, reference),
    report: () => accessReport(engine),
    whoami: async (actor) => whoami(actor),
    createToken: (actor, wish) => createToken(engine, actor, wish),
    listTokens: (state, sees) => listTokens(engine, state, sees),
    revokeToken: (actor, id) => revokeToken(engine, actor, id),
    listRoles: () => allRoles(engine),
    defineRole: (actor, role) => defineRole(engine, actor, role),
    listAssignments: () => assignmentViews(engine),
    assign: (actor, wish) => assignRole(engine, actor, wish),
    unassign: (actor, id) => unassignRole(engine, actor, id),
  };
}

function whoami({ principal }: Actor): WhoView {
  if (!principal) throw new TidelockError("internal", "nobody asks", { fault: "bug" });
  const { kind, id, credential, holdings, within } = principal;
  const text = ({ role, service, environment }: (typeof holdings)[number]) => ({
    role,
    service,
    environment,
  });
  const anywhere = { service: "any", environment: "any" } as const;
  return {
    kind,
    id,
    credential,
    roles: holdings.map(text),
    within: within && text(within),
    permissions: permissionNames.filter(
      (permission) => decideAccess(principal, permission, anywhere).allowed,
    ),
  };
}
