import type { FastifyReply, FastifyRequest } from "fastify";
import { TidelockError } from "../../model/errors.ts";
import { isSessionToken } from "../../model/token.ts";

/**
 * A session in a browser: HttpOnly, never sent from another site (SameSite=Strict), and over TLS under a name that
 * no other host or path can set (`__Host-`, RFC 6265bis 4.1.3.2). On loopback without TLS the name carries the port,
 * because browsers keep cookies of all ports together.
 */

/** What `openSession` gave. */
export interface GivenSession {
  readonly secret: string;
  readonly expiresAt: Date;
}

/** Puts a session into the browser that asks. */
export function giveSession(
  request: FastifyRequest,
  reply: FastifyReply,
  { secret, expiresAt }: GivenSession,
): void {
  const seconds = Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1000));
  setCookie(request, reply, cookieName(request), secret, seconds);
}

/** Takes it out again. That it ended is said to the database by whoever calls this. */
export function dropSession(request: FastifyRequest, reply: FastifyReply): void {
  setCookie(request, reply, cookieName(request), "", 0);
}

/** A cookie that only this server's own page sends, and no script reads. */
export function setCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
  value: string,
  seconds: number,
): void {
  const secure = isSecure(request) ? "; Secure" : "";
  void reply.header(
    "set-cookie",
    `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`,
  );
}

/** The session that a browser sent; null: none, or what is none of ours. */
export function sessionCookie(request: FastifyRequest): string | null {
  const value = readCookie(request, cookieName(request));
  return value !== null && isSessionToken(value) ? value : null;
}

/** A cookie's value; null when it is not there, or there twice: then somebody else has set one of them. */
export function readCookie(request: FastifyRequest, name: string): string | null {
  const values = (request.headers.cookie ?? "")
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${name}=`));
  const [only] = values;
  return values.length === 1 && only !== undefined ? only.slice(name.length + 1) : null;
}

/** `__Host-<word>` over TLS; else `<word>`, with the port. */
export function cookieName(request: FastifyRequest, word = "tidelock"): string {
  if (isSecure(request)) return `__Host-${word}`;
  const port = /:(\d{1,5})$/.exec(request.headers.host ?? "")?.[1];
  return port === undefined ? word : `${word}-${port}`;
}

/** Over TLS, or behind a proxy that is trusted to say so. */
function isSecure(request: FastifyRequest): boolean {
  return request.protocol === "https";
}

/**
 * Whether a request with a cookie comes from our own page. One that changes anything says where it is from (Origin),
 * and carries a header that no form and no other site can send without asking first. One that reads says nothing
 * else in `Sec-Fetch-Site`, where the browser knows that.
 *
 * @throws TidelockError `forbidden`
 */
export function requireOwnPage(request: FastifyRequest): void {
  const site = request.headers["sec-fetch-site"];
  const own = site === undefined || site === "same-origin";
  const reads = request.method === "GET" || request.method === "HEAD";
  // `none`: somebody typed the address.
  if (reads && (own || site === "none")) return;
  if (!reads && own && request.headers.origin === ownOrigin(request) && isOurs(request)) return;
  throw new TidelockError("forbidden", "a session counts only for this server's own pages", {
    fault: "operator",
    where: reads ? "Sec-Fetch-Site" : "Origin, x-tidelock",
    hint: "programs send a token in the Authorization header; pages send `x-tidelock: 1`",
  });
}

/** As a browser names where our page is from. */
export function ownOrigin(request: FastifyRequest): string {
  return `${request.protocol}://${request.host.toLowerCase()}`;
}

function isOurs(request: FastifyRequest): boolean {
  return request.headers["x-tidelock"] !== undefined;
}
