import { IdentityProvider } from "../../src/model/identity-provider.ts";
import { AccessLab } from "./access-lab.ts";
import { Jar, TestProvider, walk } from "./identity-provider.ts";

const secret = "s".repeat(40);
export const publicUrl = "http://localhost";

/** Servers, and a real provider at which people sign in, under as many ids as a test configures. */
export class SignInLab {
  readonly access: AccessLab;
  readonly provider: TestProvider;

  private constructor(access: AccessLab, provider: TestProvider) {
    this.access = access;
    this.provider = provider;
  }

  static async create(
    settings: Readonly<Record<string, Record<string, unknown>>>,
    others: readonly string[] = [],
  ): Promise<SignInLab> {
    const back = Object.keys(settings).map((id) => `${publicUrl}/api/v1/sign-in/oidc/${id}/return`);
    const provider = await TestProvider.start(back, secret);
    const providers = Object.entries(settings).map(([id, more]) => ({
      settings: IdentityProvider.parse({
        id,
        name: "The Company",
        issuer: provider.url,
        clientId: "tidelock",
        ...more,
      }),
      secret,
    }));
    const access = await AccessLab.create({
      settings: { issuerOrigins: [provider.url, ...others] },
      providers: { publicUrl, providers },
    });
    return new SignInLab(access, provider);
  }

  browser(): Browser {
    return new Browser(this);
  }

  async close(): Promise<void> {
    await this.access.close();
    await this.provider.close();
  }
}

interface Seen {
  readonly status: number;
  readonly location: string;
  readonly text: string;
}

/** One person's browser: cookies of ours, and of the provider's. */
export class Browser {
  readonly ours = new Jar();
  readonly theirs = new Jar();
  readonly #lab: SignInLab;

  constructor(lab: SignInLab) {
    this.#lab = lab;
  }

  async get(url: string, server = 0, headers: Record<string, string> = {}): Promise<Seen> {
    const app = this.#lab.access.apps[server];
    const answer = await app!.inject({
      method: "GET",
      url,
      headers: { host: "localhost", cookie: this.ours.header, ...headers },
    });
    this.ours.take(answer.headers["set-cookie"]);
    return {
      status: answer.statusCode,
      location: String(answer.headers.location ?? ""),
      text: answer.body,
    };
  }

  /** Where our server sends the browser. */
  async start(id = "company", to = "/"): Promise<string> {
    const { status, location, text } = await this.get(
      `/api/v1/sign-in/oidc/${id}?to=${encodeURIComponent(to)}`,
    );
    if (status !== 303) throw new Error(`${status} ${text}`);
    return location;
  }

  /** With what the provider sends it back: path and query. */
  async answer(id = "company", to = "/"): Promise<string> {
    const url = new URL(await walk(await this.start(id, to), this.theirs));
    return `${url.pathname}${url.search}`;
  }

  async signIn(id = "company", to = "/"): Promise<Seen> {
    return this.get(await this.answer(id, to));
  }

  get signedIn(): boolean {
    return this.ours.has("tidelock");
  }

  /** What anybody is told of themselves. */
  async who(): Promise<Record<string, unknown>> {
    const { text } = await this.get("/api/v1/session", 0, { "sec-fetch-site": "same-origin" });
    return JSON.parse(text) as Record<string, unknown>;
  }

  async me(server = 0) {
    const { status, text } = await this.get("/api/v1/access/me", server, {
      "sec-fetch-site": "same-origin",
    });
    return { status, body: JSON.parse(text) as Record<string, unknown> };
  }
}
