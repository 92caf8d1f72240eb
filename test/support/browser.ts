import { base32, hotp, stepOf } from "../../src/identity/accounts/totp.ts";
import type { AccessLab, Answer } from "./access-lab.ts";

/** A browser without a screen: it keeps cookies, and asks as our own pages do. */
export class Browser {
  readonly #lab: AccessLab;
  readonly #cookies = new Map<string, string>();
  /** Of the authenticator app. */
  totp: Buffer | null = null;
  /** The step of its last code: each counts once. */
  #usedStep = 0;
  recoveryCodes: readonly string[] = [];

  constructor(lab: AccessLab) {
    this.#lab = lab;
  }

  cookie(name = "tidelock"): string | undefined {
    return this.#cookies.get(name);
  }

  setCookie(name: string, value: string): void {
    this.#cookies.set(name, value);
  }

  forget(...names: readonly string[]): void {
    for (const name of names) this.#cookies.delete(name);
  }

  async ask(
    method: "GET" | "POST" | "PUT" | "DELETE",
    url: string,
    body?: object,
    { server = 0, headers = {} }: { server?: number; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const app = this.#lab.apps[server];
    if (!app) throw new Error("no such server");
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await app.inject({
      method,
      url,
      headers: {
        host: "localhost",
        origin: "http://localhost",
        "x-tidelock": "1",
        "sec-fetch-site": "same-origin",
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        ...(cookie === "" ? {} : { cookie }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: body }),
    });
    for (const { name, value, ...rest } of answer.cookies) {
      if (rest.maxAge === 0) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return {
      status: answer.statusCode,
      body: answer.json() as Record<string, unknown>,
      text: answer.body,
    };
  }

  /** The code that the app shows, or the step's before, which counts as well; asked again, the next one. */
  code(): string {
    if (this.totp === null) return "";
    // A step that is nearly over may be two back when the server reads its code.
    const oldest = stepOf(Date.now() + 1_000) - 1;
    this.#usedStep = Math.max(oldest, this.#usedStep + 1);
    return hotp(this.totp, this.#usedStep);
  }

  async signIn(name: string, password: string, code = this.code(), server = 0): Promise<Answer> {
    return this.ask("POST", "/api/v1/sign-in", { name, password, code }, { server });
  }

  /** By a link: a password, and with `app` a second factor as well. */
  async welcome(
    secret: string,
    password: string,
    { name, app = true }: { name?: string; app?: boolean } = {},
  ): Promise<Answer> {
    const who = name === undefined ? {} : { name };
    const answer = await this.ask("POST", "/api/v1/welcome", { secret, password, ...who });
    if (answer.status !== 200 || !app) return answer;
    return this.setUpApp();
  }

  async setUpApp(): Promise<Answer> {
    const begun = await this.ask("POST", "/api/v1/account/totp");
    if (begun.status !== 200) return begun;
    this.totp = fromBase32(String(begun.body["secret"]));
    this.#usedStep = 0;
    const set = { setup: begun.body["setup"], code: this.code() };
    const answer = await this.ask("PUT", "/api/v1/account/totp", set);
    this.recoveryCodes = (answer.body["recoveryCodes"] ?? []) as string[];
    return answer;
  }
}

function fromBase32(text: string): Buffer {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const letter of text) bits += alphabet.indexOf(letter).toString(2).padStart(5, "0");
  const bytes = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  if (base32(bytes) !== text) throw new Error("no base32");
  return bytes;
}
