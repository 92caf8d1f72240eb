import { parseJsonPath, readJsonPath } from "../json-path.ts";
import type { Exchange } from "../exchange.ts";
import { broken, unmet, unproven } from "./outcome.ts";
import type { Person, Request, World } from "./world.ts";

type Fields = Readonly<Record<string, unknown>>;
interface Sent {
  readonly form?: Fields | undefined;
  readonly json?: Fields | undefined;
}

export function personOf(world: World, name: string): Person {
  const { people } = world.run;
  const known = [...people.keys()].join(", ");
  return (
    people.get(name) ??
    unproven(`there is no identity ${name} in with.identities (${known === "" ? "none" : known})`)
  );
}

/** What of `with.app` a scenario cannot do without. */
export function part<Key extends keyof World["run"]["configuration"]["app"]>(
  world: World,
  key: Key,
): NonNullable<World["run"]["configuration"]["app"][Key]> {
  const found = world.run.configuration.app[key];
  if (found === undefined || found === null) {
    unproven(
      `\`with.app.${key}\` does not say how; say it, or leave the scenario out with \`except: ["@${key}"]\``,
    );
  }
  return found as NonNullable<typeof found>;
}

/** Fields with `{{username}}` and `{{password}}` filled in, as a form or as JSON. */
export function request(
  world: World,
  { method, path, form, json }: Sent & { readonly method: string; readonly path: string },
  own: Readonly<Record<string, string>> = {},
): Request {
  const fill = (value: unknown): unknown => {
    if (typeof value === "string") {
      const known = value.replace(
        /\{\{(username|password)\}\}/g,
        (all, name: string) => own[name] ?? all,
      );
      return world.fill(known);
    }
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner)]));
  };
  if (json !== undefined) {
    const headers = { "content-type": "application/json" };
    return { method, path, headers, body: JSON.stringify(fill(json)) };
  }
  if (form === undefined) return { method, path };
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  const pairs = Object.entries(fill(form) as Fields).map(([key, value]): [string, string] => [
    key,
    text(value),
  ]);
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return { method, path, headers, body: new URLSearchParams(pairs).toString() };
}

/** Under this name the answer to the last sign-in is remembered. */
export const signInAnswer = "sign-in";

/** Presents a name and a password; whatever session comes of it stays with whoever acts. */
export async function present(world: World, username: string, password: string): Promise<Exchange> {
  const login = part(world, "login");
  let form: Fields | undefined = login.form;
  if (login.page !== undefined) {
    form = await withHiddenFields(world, login.page, form);
  }
  const sent = request(
    world,
    { ...login, form: login.json === undefined ? form : undefined },
    { username, password },
  );
  const answer = await world.send(sent);
  world.answers.set(signInAnswer, answer);
  if (login.token === undefined) return answer;
  const token = tokenIn(answer, login.token);
  if (token !== null) world.jar.setHeader(login.header, `${login.prefix}${token}`);
  return answer;
}

export function tokenIn(answer: Exchange, path: string): string | null {
  try {
    const found = readJsonPath(JSON.parse(answer.body), parseJsonPath(path) ?? []);
    return typeof found === "string" && /^[\x21-\x7e]{1,8192}$/.test(found) ? found : null;
  } catch {
    return null;
  }
}

/** Opens a page and adds the hidden fields of its forms. */
export async function withHiddenFields(
  world: World,
  page: string,
  form: Fields | undefined,
): Promise<Record<string, unknown>> {
  const { body } = await world.send({ method: "GET", path: page });
  return { ...hiddenFields(body), ...form };
}

/** Hidden fields of the page's forms, which hold what keeps other sites out. */
function hiddenFields(body: string): Record<string, string> {
  const fields: [string, string][] = [];
  for (const [tag] of body.slice(0, 512 * 1024).matchAll(/<input\b[^>]{0,1000}>/gi)) {
    if (!/\btype\s*=\s*["']?hidden/i.test(tag)) continue;
    const name = /\bname\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/i.exec(tag);
    const value = /\bvalue\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/i.exec(tag);
    const of = (found: RegExpExecArray | null) => found?.[1] ?? found?.[2] ?? found?.[3] ?? "";
    if (of(name) !== "" && fields.length < 50) fields.push([of(name), of(value)]);
  }
  return Object.fromEntries(fields);
}

/** Registers (once a run, where the demand says how) and signs in; it has to work. */
export async function signIn(world: World, name: string): Promise<void> {
  const person = personOf(world, name);
  await register(world, person);
  const answer = await present(world, person.username, person.password);
  if (answer.status >= 400) {
    broken(`${name} cannot sign in: the answer is ${answer.status}`);
  }
  const page = await look(world);
  if (!isShown(world, page)) {
    broken(`${name} signed in and is not shown ${part(world, "protected").path} (${page.status})`);
  }
  world.run.seen.people.add(name);
}

export async function register(world: World, person: Person): Promise<void> {
  const { registered } = world.run.seen;
  if (person.register === undefined || registered.has(person.name)) return;
  const actor = world.actor;
  world.actor = `registration of ${person.name}`;
  const answer = await world.send(request(world, person.register, person as never));
  world.actor = actor;
  if (answer.status >= 500) broken(`${person.name} cannot be registered: ${answer.status}`);
  registered.add(person.name);
}

/** Asks for what only somebody who is signed in is shown. */
export async function look(world: World): Promise<Exchange> {
  return world.send({ method: "GET", path: part(world, "protected").path });
}

export function isShown(world: World, { status, body }: Exchange): boolean {
  const { contains } = part(world, "protected");
  return status === 200 && (contains === undefined || body.includes(world.fill(contains)));
}

/** That a stranger is kept out shows that the page shows anything. */
export async function strangerIsKeptOut(world: World): Promise<void> {
  const actor = world.actor;
  world.actor = "a stranger";
  world.jar.clear();
  const answer = await look(world);
  const shown = isShown(world, answer);
  world.actor = actor;
  if (shown) unmet(`${part(world, "protected").path} is shown to a stranger as well`);
}
