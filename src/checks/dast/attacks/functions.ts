import type { Exchange } from "../../exchange.ts";
import { likeness, lookAt } from "../compare.ts";
import type { Lab } from "../lab.ts";
import type { Identity } from "../../probing/identity.ts";
import { keyOf, type Operation, type RawRequest } from "../../probing/operation.ts";
import { ok } from "./access-words.ts";
import type { SiteAttack } from "./attack.ts";
import { pageOf } from "./cors.ts";

/** Places of administrators and operators, by their usual names. */
const adminPaths = [
  "/admin",
  "/admin/",
  "/admin/users",
  "/api/admin",
  "/api/admin/users",
  "/administrator",
  "/manage",
  "/management",
  "/console",
  "/debug",
  "/debug/vars",
  "/debug/pprof/",
  "/internal",
  "/actuator/env",
  "/actuator/heapdump",
  "/metrics",
  "/server-status",
  "/phpinfo.php",
];
const adminName =
  /(^|[/_-])(admin|administrator|manage|management|internal|debug|console|actuator)([/_-]|$)/i;

/** Vertical access: what is an administrator's, asked for by users and strangers (OWASP API5). */
export const functionAccess: SiteAttack = {
  id: "function-access",
  run: async (lab) => {
    const admin = lab.identities.find(({ role }) => role === "admin");
    const user = lab.identities.find(({ role }) => role === "user");
    const nothing = await lab.prober.send(
      page(`/tl${lab.random("absent").word(12)}`),
      user ?? null,
    );
    for (const operation of adminOperations(lab, admin, user)) {
      if (lab.prober.avoids(operation)) continue;
      for (const actor of user === undefined ? [null] : [user, null]) {
        if (lab.has("function-access", operation)) break;
        await tryAs(lab, operation, actor, admin, nothing);
      }
    }
  },
};

function adminOperations(lab: Lab, admin?: Identity, user?: Identity): readonly Operation[] {
  const reached = (operation: Operation, by?: Identity) =>
    by !== undefined && lab.surface.reachedBy.get(keyOf(operation))?.has(by.name) === true;
  const known = lab.surface.operations.filter(
    (one) =>
      one.method === "GET" &&
      (adminName.test(one.template) || (reached(one, admin) && !reached(one, user))),
  );
  const guessed = adminPaths
    .filter((path) => !known.some(({ template }) => template === path))
    .map(pageOf);
  return [...known, ...guessed];
}

async function tryAs(
  lab: Lab,
  operation: Operation,
  actor: Identity | null,
  admin: Identity | undefined,
  nothing: Exchange | null,
): Promise<void> {
  const seen = await lab.ask(operation, [], actor);
  lab.assertions += 1;
  if (seen === null || !ok(seen.answer) || seen.answer.body.trim() === "") return;
  const look = lookAt(seen.answer, [operation.template]);
  // A page that answers everything is no administrator's.
  if (nothing !== null && likeness(lookAt(nothing), look) > 0.9) return;
  const who = actor === null ? "a stranger" : `${actor.name}, a user,`;
  const says: string[] = [`${who} gets an answer with content`];
  if (admin !== undefined) {
    const theirs = await lab.ask(operation, [], admin);
    if (theirs === null || likeness(lookAt(theirs.answer, [operation.template]), look) < 0.9)
      return;
    says.push("the same that the administrator gets");
  } else if (!adminName.test(operation.template)) return;
  const again = await lab.ask(operation, [], actor);
  if (again === null || !ok(again.answer)) return;
  says.push("and gets it again; an address that is not there is answered otherwise");
  lab.report(
    { operation, actor },
    {
      rule: "function-access",
      technique: admin === undefined ? "name" : "compared",
      evidence: [says[0] ?? "", says.slice(1).join(", ")],
      replay: seen.request,
      // By its name alone it may be meant for everybody.
      ...(admin === undefined ? { severity: 6.5 } : {}),
    },
  );
}

/** Routes that are declared secured, or were seen with a session only, asked for without one. */
export const missingAuthentication: SiteAttack = {
  id: "missing-authentication",
  run: async (lab) => {
    for (const operation of lab.surface.operations) {
      if (lab.prober.avoids(operation) || operation.method === "DELETE") continue;
      if (operation.secured === true) await declared(lab, operation);
      else if (operation.method === "GET" && operation.secured === null)
        await seenOnly(lab, operation);
    }
  },
};

async function declared(lab: Lab, operation: Operation): Promise<void> {
  lab.assertions += 1;
  const first = await lab.ask(operation, [], null);
  if (first === null || !ok(first.answer)) return;
  const second = await lab.ask(operation, [], null);
  if (second === null || second.answer.status >= 500 || second.answer.status === 401) return;
  lab.report(
    { operation, actor: null },
    {
      rule: "missing-authentication",
      technique: "declared",
      evidence: [
        `the API's description demands a session; without one it answers ${first.answer.status}`,
        `and again ${second.answer.status}`,
      ],
      replay: first.request,
    },
  );
}

async function seenOnly(lab: Lab, operation: Operation): Promise<void> {
  const by = lab.surface.reachedBy.get(keyOf(operation));
  const identity = lab.identities.find(({ name }) => by?.has(name) === true);
  if (identity === undefined || by?.has("stranger") === true) return;
  lab.assertions += 1;
  const signed = await lab.ask(operation, [], identity);
  const personal = [identity.username, identity.email];
  const text = personal.find((one) => signed?.answer.body.includes(one) === true);
  if (signed === null || !ok(signed.answer) || text === undefined) return;
  const first = await lab.ask(operation, [], null);
  if (first === null || !ok(first.answer) || !first.answer.body.includes(text)) return;
  const second = await lab.ask(operation, [], null);
  if (second === null || !second.answer.body.includes(text)) return;
  lab.report(
    { operation, actor: null },
    {
      rule: "missing-authentication",
      technique: "seen",
      evidence: [
        `only ${identity.name} was led there, and a stranger gets who ${identity.name} is`,
        "and again when asked again",
      ],
      replay: first.request,
    },
  );
}

function page(path: string): RawRequest {
  return { method: "GET", path, headers: {} };
}
