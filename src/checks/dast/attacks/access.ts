import type { Exchange } from "../../exchange.ts";
import type { Lab } from "../lab.ts";
import { type Identity, parseJson } from "../../probing/identity.ts";
import { type Change, keyOf, type Operation, type Parameter } from "../../probing/operation.ts";
import { fits } from "../surface/template.ts";
import { split, valuesIn } from "../surface/surface.ts";
import type { SiteAttack } from "./attack.ts";
import { isAccountRoute, ok, passwordField, sensitive } from "./access-words.ts";

/** Something that the first identity made or is, by which its object can be asked for. */
interface Own {
  readonly value: string;
  /** Marker in a field that only the owner should see, and the field's name. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** Object ids of one identity, asked for by the other one (OWASP API1: broken object level authorization). */
export const objectAccess: SiteAttack = {
  id: "object-access",
  run: async (lab) => {
    const [owner, other] = lab.identities.filter(({ role }) => role === "user");
    if (owner === undefined || other === undefined) return;
    const made = await makeObjects(lab, owner);
    for (const operation of lab.surface.operations) {
      if (lab.prober.avoids(operation) || isShared(lab, operation)) continue;
      const parameter = operation.parameters.find(isId);
      if (parameter === undefined) continue;
      const candidates = candidatesOf(lab, operation, parameter, owner, other, made).slice(0, 6);
      for (const own of candidates) {
        if (lab.has("object-access", operation, parameter)) break;
        if (operation.method === "GET") await readOf(lab, operation, parameter, own, owner, other);
        else if (passwordField(operation) === null) {
          await writeOf(lab, operation, parameter, own, owner, other);
        }
      }
    }
  },
};

function isId({ in: place, name }: Parameter): boolean {
  return (
    place === "path" ||
    (place === "query" && /(^|_)id$|Id$|^(user|account|order|file|name|key)$/.test(name))
  );
}

function isShared(lab: Lab, { method, template }: Operation): boolean {
  return lab.configuration.shared.some(
    (one) => one === template || one === `${method} ${template}`,
  );
}

/** Creates what can be created, with a word of our own in every text. */
async function makeObjects(lab: Lab, owner: Identity): Promise<readonly Own[]> {
  const made: Own[] = [];
  for (const operation of lab.surface.operations) {
    if (operation.method !== "POST" || lab.prober.avoids(operation)) continue;
    if (isAccountRoute(operation.template)) continue;
    const random = lab.random("make", keyOf(operation));
    const changes: Change[] = [];
    const secrets = new Map<string, string>();
    for (const parameter of operation.parameters) {
      if (parameter.in !== "json" && parameter.in !== "form") continue;
      if (
        typeof parameter.value !== "string" ||
        /mail|url|date|uuid/i.test(`${parameter.name} ${parameter.type}`)
      )
        continue;
      const word = `tl${random.word(10)}`;
      changes.push({ parameter, value: word });
      secrets.set(parameter.name, word);
    }
    const seen = await lab.ask(operation, changes, owner);
    if (seen === null || !ok(seen.answer)) continue;
    lab.surface.harvest(seen.answer);
    const ids = [...secrets.values(), ...idsIn(seen.answer)];
    for (const value of ids) made.push({ value, secrets });
  }
  return made;
}

function idsIn(answer: Exchange): readonly string[] {
  const found: string[] = [];
  const walk = (value: unknown, name: string, depth: number): void => {
    if (depth > 4 || found.length > 10) return;
    if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) walk(inner, key, depth + 1);
    } else if (
      /^_?id$|uuid|[a-z]_id$|[a-z]Id$/.test(name) &&
      (typeof value === "string" || typeof value === "number")
    ) {
      found.push(String(value));
    }
  };
  walk(parseJson(answer.body), "", 0);
  const location = answer.headers.location?.split("/").at(-1);
  return location === undefined || location === "" ? found : [...found, location];
}

function candidatesOf(
  lab: Lab,
  operation: Operation,
  parameter: Parameter,
  owner: Identity,
  other: Identity,
  made: readonly Own[],
): readonly Own[] {
  const none = new Map<string, string>();
  const own: Own[] = [];
  const byName = made.filter(({ value, secrets }) => secrets.get(parameter.name) === value);
  own.push(...byName);
  if (/user|login|account|name|mail/i.test(parameter.name)) {
    own.push({ value: /mail/i.test(parameter.name) ? owner.email : owner.username, secrets: none });
  }
  own.push(...made.filter(({ value }) => !byName.some((one) => one.value === value)));
  // What the owner was led to and the other one was not.
  const path = (one: string) => fits(operation.template, split(one)[0]);
  const seenBy = (identity: Identity) => lab.surface.visits.get(identity.name) ?? new Set<string>();
  for (const visited of seenBy(owner)) {
    if (!path(visited) || seenBy(other).has(visited)) continue;
    const value = valuesIn(operation.template, visited).get(parameter.name);
    if (typeof value === "string") own.push({ value, secrets: none });
  }
  return own;
}

async function readOf(
  lab: Lab,
  operation: Operation,
  parameter: Parameter,
  own: Own,
  owner: Identity,
  other: Identity,
): Promise<void> {
  const change: readonly Change[] = [{ parameter, value: own.value }];
  const mine = await lab.ask(operation, change, owner);
  if (mine === null || !ok(mine.answer)) return;
  lab.assertions += 1;
  const theirs = await lab.ask(operation, change, other);
  if (theirs === null || !ok(theirs.answer)) return;
  const private_ = privateIn(mine.answer, own, owner);
  if (private_ === null || !theirs.answer.body.includes(private_.text)) return;
  const stranger = await lab.ask(operation, change, null);
  if (stranger !== null && ok(stranger.answer) && stranger.answer.body.includes(private_.text)) {
    // What strangers see too is either public or another rule's.
    return;
  }
  const nothing = await lab.ask(
    operation,
    [{ parameter, value: `tl${lab.random(own.value).word(12)}` }],
    other,
  );
  if (nothing !== null && nothing.answer.body.includes(private_.text)) return;
  if (!private_.sensitive && (await inListing(lab, operation, private_.text, other))) return;
  const again = await lab.ask(operation, change, other);
  if (again === null || !again.answer.body.includes(private_.text)) return;
  lab.report(
    { operation, parameter, actor: other },
    {
      rule: "object-access",
      technique: "read",
      evidence: [
        `${other.name} gets ${private_.what} of ${owner.name}'s object, and again when asked again`,
        "a stranger does not get it, nor does an object that is not there show it",
      ],
      replay: theirs.request,
    },
  );
}

/** Something in the owner's answer that is nobody else's: a marker of ours, or who the owner is. */
function privateIn(
  answer: Exchange,
  own: Own,
  owner: Identity,
): { text: string; what: string; sensitive: boolean } | null {
  const markers = [...own.secrets].filter(
    ([, word]) => word !== own.value && answer.body.includes(word),
  );
  const best = markers.find(([name]) => sensitive.test(name)) ?? markers[0];
  if (best !== undefined) {
    const [name, word] = best;
    return { text: word, what: `the field ${name}`, sensitive: sensitive.test(name) };
  }
  for (const [what, text] of [
    ["the e-mail address", owner.email],
    ["the user name", owner.username],
  ] as const) {
    if (text !== own.value && answer.body.includes(text)) return { text, what, sensitive: false };
  }
  return null;
}

/** Whether the other one is shown the same in a list anyway. */
async function inListing(
  lab: Lab,
  operation: Operation,
  text: string,
  other: Identity,
): Promise<boolean> {
  const lists = lab.surface.operations.filter(
    (one) =>
      one.method === "GET" &&
      !one.template.includes("{") &&
      operation.template.startsWith(one.template.replace(/\/$/, "")),
  );
  for (const list of lists.slice(0, 5)) {
    const seen = await lab.ask(list, [], other);
    if (seen !== null && seen.answer.body.includes(text)) return true;
  }
  return false;
}

async function writeOf(
  lab: Lab,
  operation: Operation,
  parameter: Parameter,
  own: Own,
  owner: Identity,
  other: Identity,
): Promise<void> {
  const read = lab.surface.operations.find(
    (one) => one.method === "GET" && one.template === operation.template,
  );
  const view = async () => {
    if (read !== undefined) return lab.ask(read, [{ parameter, value: own.value }], owner);
    const path = owner.checkPath;
    const answer = await lab.prober.send({ method: "GET", path, headers: {} }, owner);
    return answer === null ? null : { answer };
  };
  const before = await view();
  if (before === null || !ok(before.answer)) return;
  const random = lab.random("write", keyOf(operation), own.value);
  if (operation.method === "DELETE") {
    // Accounts are not deleted: the rest of the scan needs them.
    if (own.value === owner.username || own.value === owner.email) return;
    const deleted = await lab.ask(operation, [{ parameter, value: own.value }], other);
    if (deleted === null || !ok(deleted.answer)) return;
    const after = await view();
    if (after === null || after.answer.status !== 404) return;
    lab.report(
      { operation, parameter, actor: other },
      {
        rule: "object-access",
        technique: "delete",
        evidence: [
          `${other.name} deleted an object of ${owner.name}: the answer was ${deleted.answer.status}`,
          `${owner.name} could read it before, and gets 404 after`,
        ],
        replay: deleted.request,
      },
    );
    return;
  }
  const says: string[] = [];
  for (let round = 0; round < 2; round += 1) {
    const word = `tl${random.word(10)}`;
    const changes = writes(operation, word);
    if (changes.length === 0) return;
    const written = await lab.ask(operation, [...changes, { parameter, value: own.value }], other);
    if (written === null || !ok(written.answer)) return;
    const after = await view();
    if (after === null || !after.answer.body.includes(word)) return;
    says.push(
      round === 0
        ? `${other.name} wrote into an object of ${owner.name}, who then read it there`
        : "and again with another word",
    );
    if (round === 1) {
      lab.report(
        { operation, parameter, actor: other },
        {
          rule: "object-access",
          technique: "write",
          evidence: [says[0] ?? "", says[1] ?? ""],
          replay: written.request,
        },
      );
    }
  }
}

/** Every text of a body gets our word, in the form that its name asks for. */
function writes(operation: Operation, word: string): readonly Change[] {
  return operation.parameters
    .filter((one) => (one.in === "json" || one.in === "form") && typeof one.value === "string")
    .map((parameter) => ({
      parameter,
      value: /mail/i.test(parameter.name) ? `${word}@example.com` : word,
    }));
}
