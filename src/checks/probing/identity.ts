import type { Exchange } from "../exchange.ts";
import { parseJsonPath, readJsonPath } from "../json-path.ts";
import { randomFrom } from "./random.ts";
import type { IdentityConfiguration } from "./schema.ts";
import { readPage } from "./links.ts";
import { encode, type Json, type RawRequest } from "./operation.ts";
import type { Actor, Prober } from "./prober.ts";

/** Sessions end while they are attacked; so often they are begun again. */
const mostLogins = 30;

/** Somebody with an account: keeps the session, and takes care that it is one. */
export class Identity implements Actor {
  readonly name: string;
  readonly role: "user" | "admin";
  readonly username: string;
  readonly email: string;
  password: string;
  logins = 0;
  readonly #configuration: IdentityConfiguration;
  readonly #prober: Prober;
  #cookies = new Map<string, string>();
  #headers: Readonly<Record<string, string>> = {};

  constructor(configuration: IdentityConfiguration, seed: number, prober: Prober, variant = "") {
    const random = randomFrom(seed, "identity", configuration.name, variant);
    const word = random.word(10);
    const own = variant === "" ? configuration : { ...configuration, username: undefined };
    this.name = variant === "" ? configuration.name : `${configuration.name}-${variant}`;
    this.role = configuration.role;
    this.username = own.username ?? `tl${word}`;
    this.password =
      (variant === "" ? configuration.password : undefined) ?? `Tl-${random.word(12)}-7`;
    this.email = (variant === "" ? configuration.email : undefined) ?? `tl${word}@example.com`;
    this.#configuration = configuration;
    this.#prober = prober;
  }

  /** What must not be in a report. */
  get secrets(): readonly string[] {
    const { login } = this.#configuration;
    const given =
      login.kind === "json"
        ? Object.entries(login.body)
        : Object.entries(login.kind === "form" ? login.fields : {});
    return [
      this.password,
      ...given
        .filter(([name]) => /pass|pwd|pin|secret|token/i.test(name))
        .map(([, value]) => String(value)),
      ...this.#cookies.values(),
      ...this.sessionHeaders().map(([, value]) => value),
      ...(this.bearer === null ? [] : [this.bearer.token]),
    ].filter((value) => !value.startsWith("{{"));
  }

  get canRegister(): boolean {
    return this.#configuration.register !== undefined;
  }

  get loginConfiguration(): IdentityConfiguration["login"] {
    return this.#configuration.login;
  }

  get checkPath(): string {
    return this.#configuration.check.path;
  }

  get configuration(): IdentityConfiguration {
    return this.#configuration;
  }

  get registerConfiguration(): IdentityConfiguration["register"] {
    return this.#configuration.register;
  }

  headersFor(_path: string): Readonly<Record<string, string>> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    return cookie === "" ? this.#headers : { ...this.#headers, cookie };
  }

  sessionHeaders(): readonly (readonly [string, string])[] {
    return Object.entries(this.#headers);
  }

  /** The token that it carries in a header, without the prefix; null when it has none. */
  get bearer(): {
    readonly header: string;
    readonly prefix: string;
    readonly token: string;
  } | null {
    for (const [header, value] of this.sessionHeaders()) {
      const found = /^(\S+ )?(\S{8,})$/.exec(value);
      if (found?.[2] !== undefined) return { header, prefix: found[1] ?? "", token: found[2] };
    }
    return null;
  }

  take(answer: Exchange): void {
    for (const line of answer.cookies) {
      const [pair = "", ...attributes] = line.split(";");
      const at = pair.indexOf("=");
      if (at <= 0) continue;
      const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
      const gone = value === "" || attributes.some((one) => /^\s*max-age=(0|-\d+)\s*$/i.test(one));
      if (gone) this.#cookies.delete(name);
      else if (this.#cookies.size < 50 && /^[\x21-\x7e]*$/.test(value))
        this.#cookies.set(name, value);
    }
  }

  /** Null when it worked, else what did not, for people. */
  async register(extra: Readonly<Record<string, Json>> = {}): Promise<string | null> {
    const register = this.#configuration.register;
    if (register === undefined) return null;
    const body = { ...(this.fill(register.body) as Record<string, Json>), ...extra };
    const request = requestOf(register.method, register.path, register.encoding, body);
    const answer = await this.#prober.send(request, null);
    if (answer === null) return `${this.name} cannot be registered: ${this.#prober.lastFailure}`;
    return answer.status >= 500
      ? `${this.name} cannot be registered: it answers ${answer.status}`
      : null;
  }

  /** Signs in, and looks whether it really is. Null when it is, else what is wrong. */
  async signIn(): Promise<string | null> {
    if (this.logins >= mostLogins) return `${this.name} was signed out ${mostLogins} times`;
    this.logins += 1;
    const wrong = await this.#present();
    return wrong ?? (await this.isSignedIn());
  }

  async isSignedIn(): Promise<string | null> {
    const { path, status, contains } = this.#configuration.check;
    const request: RawRequest = { method: "GET", path, headers: {} };
    const answer = await this.#prober.send(request, this);
    const shown = `${this.name} is not signed in: ${path}`;
    if (answer === null) return `${shown} does not answer`;
    if (answer.status !== status) return `${shown} answers ${answer.status}, not ${status}`;
    const wanted = contains === undefined ? undefined : String(this.fill(contains));
    if (wanted !== undefined && !answer.body.includes(wanted)) {
      return `${shown} does not show what it shows to somebody who is`;
    }
    const stranger = await this.#prober.send(request, null);
    if (
      stranger !== null &&
      stranger.status === status &&
      (wanted === undefined ? stranger.body === answer.body : stranger.body.includes(wanted))
    ) {
      return `${this.name}: ${path} shows a stranger the same, so it proves nothing`;
    }
    return null;
  }

  /** The service's answer to a name and a password, without keeping any session. */
  async tryLogin(username: string, password: string): Promise<Exchange | null> {
    const { login } = this.#configuration;
    const fill = (value: Json) => this.fill(value, { username, password });
    if (login.kind === "json") {
      const body = fill(login.body);
      return this.#prober.send(requestOf(login.method, login.path, "json", body), null);
    }
    if (login.kind === "form") {
      const filled = await this.#fillForm(
        login.page,
        fill(login.fields) as Record<string, string>,
        null,
      );
      return typeof filled === "string" ? null : this.#prober.send(filled.request, filled.jar);
    }
    return null;
  }

  /** Replaces `{{username}}` and its like by this identity's own. */
  fill(value: Json, other?: { username: string; password: string }): Json {
    if (typeof value === "string") {
      return value
        .replaceAll("{{username}}", () => other?.username ?? this.username)
        .replaceAll("{{password}}", () => other?.password ?? this.password)
        .replaceAll("{{email}}", () => this.email);
    }
    if (Array.isArray(value)) return value.map((one: Json) => this.fill(one, other));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value as Record<string, Json>).map(([key, inner]) => [
        key,
        this.fill(inner, other),
      ]),
    );
  }

  async #present(): Promise<string | null> {
    const { login } = this.#configuration;
    if (login.kind === "headers") {
      this.#headers = this.fill(login.headers) as Record<string, string>;
      return null;
    }
    if (login.kind === "cookies") {
      this.#cookies = new Map(Object.entries(this.fill(login.cookies) as Record<string, string>));
      return null;
    }
    this.#cookies.clear();
    this.#headers = {};
    return login.kind === "json" ? this.#presentJson(login) : this.#presentForm(login);
  }

  async #presentJson(
    login: Extract<IdentityConfiguration["login"], { kind: "json" }>,
  ): Promise<string | null> {
    const request = requestOf(login.method, login.path, "json", this.fill(login.body));
    const answer = await this.#prober.send(request, this);
    if (answer === null) return `${this.name} cannot sign in: ${this.#prober.lastFailure}`;
    if (answer.status >= 400) return `${this.name} cannot sign in: it answers ${answer.status}`;
    if (login.token === undefined) return null;
    const parts = parseJsonPath(login.token);
    const token = parts === null ? undefined : readJsonPath(parseJson(answer.body), parts);
    if (typeof token !== "string" || !/^[\x21-\x7e]{1,8192}$/.test(token)) {
      return `${this.name} cannot sign in: the answer has no ${login.token}`;
    }
    this.#headers = { [login.header]: `${login.prefix}${token}` };
    return null;
  }

  async #presentForm(
    login: Extract<IdentityConfiguration["login"], { kind: "form" }>,
  ): Promise<string | null> {
    const fields = this.fill(login.fields) as Record<string, string>;
    const filled = await this.#fillForm(login.page, fields, this);
    if (typeof filled === "string") return filled;
    const answer = await this.#prober.send(filled.request, this);
    if (answer === null) return `${this.name} cannot sign in: ${this.#prober.lastFailure}`;
    return answer.status >= 400 ? `${this.name} cannot sign in: it answers ${answer.status}` : null;
  }

  /** The form of a page that has all these fields, filled, its hidden fields as they are. */
  async #fillForm(
    page: string,
    fields: Readonly<Record<string, string>>,
    actor: Actor | null,
  ): Promise<{ request: RawRequest; jar: Actor } | string> {
    const jar = actor ?? new CookieJar();
    const answer = await this.#prober.send({ method: "GET", path: page, headers: {} }, jar);
    if (answer === null) return `${this.name} cannot sign in: ${page} does not answer`;
    const names = Object.keys(fields);
    const form = readPage(answer).forms.find((one) =>
      names.every((name) => one.fields.some((field) => field.name === name)),
    );
    if (form === undefined) {
      return `${this.name} cannot sign in: ${page} has no form with ${names.join(" and ")}`;
    }
    const base = new URL(page, this.#prober.origin);
    const action = form.action === "" ? base : new URL(form.action, base);
    if (action.origin !== base.origin) {
      return `${this.name} cannot sign in: the form of ${page} goes to another host`;
    }
    const all = Object.fromEntries(form.fields.map(({ name, value }) => [name, value]));
    const body = { ...all, ...fields };
    return { request: requestOf(form.method, action.pathname + action.search, "form", body), jar };
  }
}

class CookieJar implements Actor {
  readonly name = "stranger";
  readonly #cookies = new Map<string, string>();
  headersFor(): Readonly<Record<string, string>> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    return cookie === "" ? {} : { cookie };
  }
  take(answer: Exchange): void {
    for (const line of answer.cookies) {
      const [, name, value] = /^([^=;\s]+)=([\x21-\x3a\x3c-\x7e]*)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) this.#cookies.set(name, value);
    }
  }
}

export function requestOf(
  method: string,
  path: string,
  encoding: "json" | "form",
  body: Json,
): RawRequest {
  const form = Object.entries(body as Record<string, Json>)
    .map(([name, value]) => `${encode(name)}=${encode(String(value))}`)
    .join("&");
  if (method === "GET") {
    return { method, path: `${path}${path.includes("?") ? "&" : "?"}${form}`, headers: {} };
  }
  return encoding === "json"
    ? { method, path, headers: { "content-type": "application/json" }, body: JSON.stringify(body) }
    : {
        method,
        path,
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: form,
      };
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Every identity of the configuration, signed in, or what went wrong. */
export async function openSessions(
  configuration: {
    readonly seed: number;
    readonly identities: readonly IdentityConfiguration[];
  },
  prober: Prober,
): Promise<{ readonly identities: readonly Identity[]; readonly problems: readonly string[] }> {
  const identities: Identity[] = [];
  const problems: string[] = [];
  for (const one of configuration.identities) {
    const identity = new Identity(one, configuration.seed, prober);
    const wrong = (await identity.register()) ?? (await identity.signIn());
    if (wrong === null) identities.push(identity);
    else problems.push(wrong);
  }
  return { identities, problems };
}
