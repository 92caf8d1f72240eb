import { createHash } from "node:crypto";
import { z } from "zod";
import { send } from "../egress/send.ts";
import { asTidelockError } from "../model/errors.ts";
import { printable } from "../model/printable.ts";
import type { HostReview } from "../model/git-host.ts";
import type { AskHost } from "../ports/git-host.ts";
import { Incomplete } from "./unknown.ts";

/** Of one review, kept as evidence. */
const most = {
  answers: 400,
  bytes: 12 * 1024 * 1024,
  page: 2 * 1024 * 1024,
  pages: 50,
  problems: 50,
};

export interface Asking {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly ownPorts: readonly number[];
  readonly signal: AbortSignal;
}

class Unread extends Error {}

const Paged = z.looseObject({ values: z.array(z.unknown()), next: z.string().optional() });

/**
 * Asks a host for one review, at the address that policy names and nowhere else: no redirect is followed, no next page at
 * another address is asked for, so the token goes nowhere else. An answer that is cut off, refused or of another shape is
 * no answer.
 */
export class Asker implements AskHost {
  readonly answers: HostReview["answers"] = [];
  readonly problems: string[] = [];
  readonly #asking: Asking;
  #bytes = 0;

  constructor(asking: Asking) {
    this.#asking = asking;
  }

  async one<T>(
    path: string,
    schema: z.ZodType<T>,
    missing?: (body: string) => boolean,
  ): Promise<T | null> {
    const { status, body } = await this.#get(`${this.#asking.url}${path}`);
    if (status === 404 && missing?.(body)) return null;
    return parsed(schema, requireGood(path, status, body), path);
  }

  async all<T>(
    path: string,
    item: z.ZodType<T>,
    missing?: (body: string) => boolean,
  ): Promise<readonly T[]> {
    const items: T[] = [];
    let next: string | null = `${this.#asking.url}${path}`;
    for (let page = 0; next !== null; page += 1) {
      if (page === most.pages) throw new Unread(`${path} has more than ${most.pages} pages`);
      const { status, body, link } = await this.#get(next);
      if (page === 0 && status === 404 && missing?.(body)) return [];
      const value = requireGood(path, status, body);
      const paged = Array.isArray(value)
        ? { values: value as unknown[] }
        : parsed(Paged, value, path);
      items.push(...parsed(z.array(item), paged.values, path));
      next = this.#nextPage(path, link ?? ("next" in paged ? paged.next : undefined));
    }
    return items;
  }

  async part<T>(what: string, read: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await read();
    } catch (error) {
      this.#asking.signal.throwIfAborted();
      const ours = error instanceof Unread || error instanceof Incomplete;
      const why = ours ? error.message : asTidelockError(error).message;
      if (this.problems.length < most.problems)
        this.problems.push(printable(`${what}: ${why}`, 400));
      return otherwise;
    }
  }

  #nextPage(path: string, next: string | undefined): string | null {
    if (next === undefined) return null;
    const { url } = this.#asking;
    if (URL.canParse(next) && new URL(next).origin === new URL(url).origin) return next;
    throw new Unread(`the next page of ${path} is said to be elsewhere, and is not asked for`);
  }

  async #get(url: string): Promise<{ status: number; body: string; link: string | undefined }> {
    const { headers, ownPorts, signal } = this.#asking;
    const { pathname, search, origin } = new URL(url);
    const path = pathname + search;
    if (this.answers.length === most.answers)
      throw new Unread(`it takes more than ${most.answers} questions`);
    const answer = await send(
      {
        url,
        headers: { accept: "application/json", "user-agent": "tidelock", ...headers },
        timeoutMs: 20_000,
        maxBodyBytes: most.page,
        signal,
      },
      { allow: [origin], onlyAllowed: true, authored: { ownPorts } },
    );
    if (answer.truncated) throw new Unread(`${path} answers more than ${most.page} bytes`);
    this.#bytes += answer.body.length;
    if (this.#bytes > most.bytes) throw new Unread(`it answers more than ${most.bytes} bytes`);
    const body = Buffer.from(answer.body).toString("utf8");
    const digest = `sha256:${createHash("sha256").update(answer.body).digest("hex")}` as const;
    this.answers.push({ path, status: answer.status, digest, body });
    return { status: answer.status, body, link: nextIn(answer.headers["link"]) };
  }
}

function requireGood(path: string, status: number, body: string): unknown {
  if (status !== 200) {
    throw new Unread(`${path} answers ${status}: ${printable(body.trim())}${adviceOn(status)}`);
  }
  try {
    return JSON.parse(body);
  } catch {
    throw new Unread(`${path} does not answer with JSON`);
  }
}

function adviceOn(status: number): string {
  if (status === 401) return " (is the token right, and not over?)";
  if (status === 403) return " (may the token read this?)";
  return status === 404 ? " (are address and project right, and may the token read it?)" : "";
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new Unread(
    `${path} answers what nobody expects of it: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`,
  );
}

/** RFC 8288, as far as these hosts use it. */
function nextIn(link: string | string[] | undefined): string | undefined {
  const text = Array.isArray(link) ? link.join(",") : (link ?? "");
  for (const part of text.split(",")) {
    const [, url, relation] = /<([^>]*)>\s*;.*?rel="?([a-z]+)"?/i.exec(part) ?? [];
    if (relation === "next") return url;
  }
  return undefined;
}
