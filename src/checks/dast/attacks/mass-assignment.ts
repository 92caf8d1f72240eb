import type { Lab } from "../lab.ts";
import { Identity, parseJson } from "../../probing/identity.ts";
import {
  type Change,
  type Json,
  keyOf,
  type Operation,
  type RawRequest,
} from "../../probing/operation.ts";
import { isAccountRoute, ok, words } from "./access-words.ts";
import type { SiteAttack } from "./attack.ts";

/** Fields that a form does not have, sent all the same (OWASP API3: mass assignment). */
export const massAssignment: SiteAttack = {
  id: "mass-assignment",
  run: async (lab) => {
    await atRegistration(lab);
    const actor = lab.identities.at(0);
    if (actor === undefined) return;
    for (const operation of lab.surface.operations) {
      if (!["POST", "PUT", "PATCH"].includes(operation.method) || operation.body !== "json")
        continue;
      if (isAccountRoute(operation.template) || lab.prober.avoids(operation)) continue;
      await inBody(lab, operation, actor);
    }
  },
};

/** What a new account is, as it sees itself, with a field more and without. */
async function atRegistration(lab: Lab): Promise<void> {
  const model = lab.identities.find(
    ({ canRegister, registerConfiguration }) =>
      canRegister && registerConfiguration?.encoding === "json",
  );
  const register = model?.registerConfiguration;
  if (model === undefined || register === undefined) return;
  const plain = await accountWith(lab, model, "plain", {});
  if (plain === null) return;
  // Fields that the service itself shows come first; all at once may be refused.
  const names = Object.keys(words);
  const shown = names.filter(
    (name) => valueOf(plain.view, name) !== undefined || lab.surface.seen(name).length > 0,
  );
  for (const name of [...shown, ...names.filter((one) => !shown.includes(one))].slice(0, 12)) {
    const wanted = words[name] ?? true;
    if (valueOf(plain.view, name) === wanted) continue;
    const first = await accountWith(lab, model, `with${name}`, { [name]: wanted });
    if (first === null || valueOf(first.view, name) !== wanted) continue;
    const second = await accountWith(lab, model, `again${name}`, { [name]: wanted });
    if (second === null || valueOf(second.view, name) !== wanted) continue;
    const operation: Operation = {
      method: register.method,
      template: register.path,
      parameters: [],
      body: "json",
      source: "form",
      secured: null,
    };
    const replay: RawRequest = {
      method: register.method,
      path: register.path,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...register.body, [name]: wanted }),
    };
    lab.report(
      { operation, parameter: { name, in: "json", value: wanted, required: false }, actor: null },
      {
        rule: "mass-assignment",
        technique: "registration",
        evidence: [
          `an account that was registered with ${name}: ${JSON.stringify(wanted)} is that; one without is ${JSON.stringify(valueOf(plain.view, name) ?? null)}`,
          "and so is another account",
        ],
        replay,
      },
    );
    return;
  }
}

async function accountWith(
  lab: Lab,
  model: Identity,
  variant: string,
  extra: Readonly<Record<string, Json>>,
): Promise<{ view: unknown } | null> {
  const account = new Identity(model.configuration, lab.configuration.seed, lab.prober, variant);
  if ((await account.register(extra)) !== null || (await account.signIn()) !== null) return null;
  lab.assertions += 1;
  const answer = await lab.prober.send(
    { method: "GET", path: account.checkPath, headers: {} },
    account,
  );
  return answer === null || !ok(answer) ? null : { view: parseJson(answer.body) };
}

/** The first field of that name, wherever it is. */
function valueOf(view: unknown, name: string, depth = 0): unknown {
  if (typeof view !== "object" || view === null || depth > 5) return undefined;
  if (!Array.isArray(view) && Object.hasOwn(view, name)) {
    return (view as Record<string, unknown>)[name];
  }
  for (const inner of Object.values(view)) {
    const found = valueOf(inner, name, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Objects: the field comes back as ours, where without us it is another, and nonsense is not kept. */
async function inBody(lab: Lab, operation: Operation, actor: Identity): Promise<void> {
  const random = lab.random("mass", keyOf(operation));
  const ask = async (extra: Readonly<Record<string, Json>>) => {
    const changes: Change[] = Object.entries(extra).map(([name, value]) => ({
      parameter: { name, in: "json" },
      value,
    }));
    return lab.ask(operation, [...fresh(operation, random.word(8)), ...changes], actor);
  };
  const plain = await ask({});
  if (plain === null || !ok(plain.answer)) return;
  const view = parseJson(plain.answer.body);
  const nonsense = `tl${random.word(8)}`;
  const odd = await ask({ [nonsense]: true });
  if (odd !== null && valueOf(parseJson(odd.answer.body), nonsense) !== undefined) return;
  const sent = new Set(operation.parameters.map(({ name }) => name));
  for (const [name, wanted] of Object.entries(words)) {
    const now = valueOf(view, name);
    if (now === undefined || now === wanted || sent.has(name)) continue;
    lab.assertions += 1;
    const first = await ask({ [name]: wanted });
    if (first === null || valueOf(parseJson(first.answer.body), name) !== wanted) continue;
    const second = await ask({ [name]: wanted });
    if (second === null || valueOf(parseJson(second.answer.body), name) !== wanted) continue;
    lab.report(
      { operation, parameter: { name, in: "json", value: wanted, required: false }, actor },
      {
        rule: "mass-assignment",
        technique: "object",
        evidence: [
          `${name} is ${JSON.stringify(wanted)} when sent, and ${JSON.stringify(now)} when not; another unknown field is not kept`,
          "and again with another object",
        ],
        replay: first.request,
      },
    );
  }
}

/** New texts, so that "exists already" does not answer for the rest. */
function fresh(operation: Operation, word: string): readonly Change[] {
  return operation.parameters
    .filter(
      (one) =>
        one.in === "json" && typeof one.value === "string" && /name|title|slug/i.test(one.name),
    )
    .map((parameter) => ({ parameter, value: `tl${word}` }));
}
