/** One cookie as the service set it. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  /** Lower-case attribute names; without a value where they have none. */
  readonly attributes: ReadonlyMap<string, string>;
  /** An empty value, or an end that lies behind us. */
  readonly gone: boolean;
}

export function readCookie(line: string): Cookie | null {
  const [pair = "", ...rest] = line.split(";");
  const at = pair.indexOf("=");
  if (at <= 0) return null;
  const attributes = new Map(
    rest.map((part) => {
      const [name = "", ...value] = part.split("=");
      return [name.trim().toLowerCase(), value.join("=").trim()] as const;
    }),
  );
  const value = pair.slice(at + 1).trim();
  const age = attributes.get("max-age");
  const expires = Date.parse(attributes.get("expires") ?? "");
  const over = age === undefined ? expires <= Date.now() : Number(age) <= 0;
  return { name: pair.slice(0, at).trim(), value, attributes, gone: value === "" || over };
}

/** Somebody's browser: cookies, and a token where the service gives one. Paths and domains are not kept. */
export class Jar {
  #cookies = new Map<string, string>();
  #headers = new Map<string, string>();

  take(lines: readonly string[]): void {
    for (const line of lines.slice(0, 50)) {
      const cookie = readCookie(line);
      if (cookie === null || !/^[\x21-\x3a\x3c-\x7e]*$/.test(cookie.value)) continue;
      if (cookie.gone) this.#cookies.delete(cookie.name);
      else if (this.#cookies.size < 50) this.#cookies.set(cookie.name, cookie.value);
    }
  }

  setCookie(name: string, value: string): void {
    this.#cookies.set(name, value);
  }

  setHeader(name: string, value: string): void {
    this.#headers.set(name.toLowerCase(), value);
  }

  cookie(name: string): string | undefined {
    return this.#cookies.get(name);
  }

  get cookies(): ReadonlyMap<string, string> {
    return this.#cookies;
  }

  get headers(): Readonly<Record<string, string>> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    return { ...Object.fromEntries(this.#headers), ...(cookie === "" ? {} : { cookie }) };
  }

  clear(): void {
    this.#cookies = new Map();
    this.#headers = new Map();
  }

  copy(): Jar {
    const other = new Jar();
    other.#cookies = new Map(this.#cookies);
    other.#headers = new Map(this.#headers);
    return other;
  }

  /** What opens the door: what must not stand in a report, or in an address. */
  get tokens(): readonly string[] {
    const headers = [...this.#headers.values()].map((value) => value.split(" ").at(-1) ?? "");
    return [...this.#cookies.values(), ...headers];
  }
}
