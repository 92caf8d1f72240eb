import { printable } from "../model/printable.ts";
import type { Exchange } from "./exchange.ts";

/** What can differ above the body; what each is worth is for the check to say. */
export type HeadClass =
  | "status-worse"
  | "gone"
  | "access-opened"
  | "status"
  | "security-header-lost"
  | "security-header-weaker"
  | "security-header-changed"
  | "security-header-added"
  | "cors-opened"
  | "cors-changed"
  | "cookie-weaker"
  | "cookie-gone"
  | "cookie-added"
  | "caching-opened"
  | "caching-changed"
  | "content-type"
  | "redirect-elsewhere"
  | "redirect";

export interface HeadDifference {
  readonly class: HeadClass;
  /** `status`, `header cache-control`, `cookie sid`: the same for every pair of answers. */
  readonly place: string;
  readonly message: string;
}

/** Headers that protect a browser's user; without one of them more is possible than before. */
const security = [
  "strict-transport-security",
  "content-security-policy",
  "x-content-type-options",
  "x-frame-options",
  "referrer-policy",
  "permissions-policy",
  "cross-origin-opener-policy",
  "cross-origin-embedder-policy",
  "cross-origin-resource-policy",
] as const;

const cors = [
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "access-control-allow-methods",
  "access-control-allow-headers",
] as const;

/** Where each side was asked: what leads back there stays on the site. */
export interface Origins {
  readonly live: string;
  readonly tested: string;
}

/** Everything above the body. */
export function compareHeads(live: Exchange, tested: Exchange, at: Origins): HeadDifference[] {
  const moved = compareStatus(live, tested);
  // An error page has other headers than what it stands for: that it is one says it all.
  if (moved.some(({ class: which }) => which !== "status")) return moved;
  return [
    ...moved,
    ...security.flatMap((name) => compareSecurity(name, of(live, name), of(tested, name))),
    ...cors.flatMap((name) => compareCors(name, of(live, name), of(tested, name))),
    ...compareCookies(live, tested),
    ...compareCaching(of(live, "cache-control"), of(tested, "cache-control")),
    ...compareTypes(live, tested),
    ...compareRedirects(live, tested, at),
  ];
}

function compareStatus({ status: was }: Exchange, { status: is }: Exchange): HeadDifference[] {
  if (was === is) return [];
  const message = `answers ${is}, and ${was} on the live side`;
  const found = (which: HeadDifference["class"]): HeadDifference[] => [
    { class: which, place: "status", message },
  ];
  const refused = was === 401 || was === 403;
  if (is >= 500 && was < 500) return found("status-worse");
  if (was < 400 && (is === 404 || is === 410)) return found("gone");
  if (was < 400 && is >= 400) return found("status-worse");
  if (refused && is >= 200 && is < 300) return found("access-opened");
  return found("status");
}

function compareSecurity(name: string, was: string | null, is: string | null): HeadDifference[] {
  if (was === is) return [];
  const place = `header ${name}`;
  if (was === null) {
    return [{ class: "security-header-added", place, message: `${name} is new` }];
  }
  if (is === null) {
    return [{ class: "security-header-lost", place, message: `${name} is not sent any more` }];
  }
  const message = `${name} is ${quote(is)}, and ${quote(was)} on the live side`;
  const weaker =
    (name === "content-security-policy" &&
      weaknesses(is).some((one) => !weaknesses(was).includes(one))) ||
    (name === "strict-transport-security" && maxAge(is) < maxAge(was)) ||
    (name === "x-content-type-options" && is.toLowerCase() !== "nosniff") ||
    (name === "referrer-policy" && /unsafe-url/i.test(is) && !/unsafe-url/i.test(was));
  return [{ class: weaker ? "security-header-weaker" : "security-header-changed", place, message }];
}

/** What makes a policy allow nearly anything, and directives that it lacks. */
function weaknesses(policy: string): readonly string[] {
  const lower = policy.toLowerCase();
  const directives = lower.split(";").map((one) => one.trim().split(/\s+/));
  const loose = directives.flatMap(([name = "", ...sources]) =>
    sources
      .filter((one) =>
        ["'unsafe-inline'", "'unsafe-eval'", "*", "data:", "http:", "https:"].includes(one),
      )
      .map((one) => `${name} ${one}`),
  );
  const lacking = [
    "default-src",
    "script-src",
    "object-src",
    "base-uri",
    "frame-ancestors",
    "form-action",
  ]
    .filter((name) => !directives.some(([own]) => own === name))
    .map((name) => `no ${name}`);
  return [...loose, ...lacking];
}

function maxAge(value: string): number {
  return Number(/max-age="?(\d+)/i.exec(value)?.[1] ?? 0);
}

function compareCors(name: string, was: string | null, is: string | null): HeadDifference[] {
  if (was === is) return [];
  const opened =
    name === "access-control-allow-origin"
      ? is !== null && (was === null || is === "*" || was !== "*")
      : is !== null && (was === null || is.includes("*"));
  const message = `${name} is ${is === null ? "not sent any more" : quote(is)}, and ${was === null ? "not sent" : quote(was)} on the live side`;
  return [{ class: opened ? "cors-opened" : "cors-changed", place: `header ${name}`, message }];
}

interface Cookie {
  readonly name: string;
  readonly flags: readonly string[];
}

/** Values are sessions: only names and attributes are looked at. */
function cookiesOf({ cookies }: Exchange): ReadonlyMap<string, Cookie> {
  const all = cookies.map((line): Cookie => {
    const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
    const flags = attributes.map((one) => one.toLowerCase().replace(/\s*=\s*/, "="));
    return { name: printable(pair.split("=", 1)[0] ?? "", 80), flags };
  });
  return new Map(all.map((cookie) => [cookie.name, cookie]));
}

const sameSite = ["none", "lax", "strict"];

function compareCookies(live: Exchange, tested: Exchange): HeadDifference[] {
  const before = cookiesOf(live);
  const after = cookiesOf(tested);
  const found: HeadDifference[] = [];
  for (const [name, was] of before) {
    const place = `cookie ${name}`;
    const is = after.get(name);
    if (is === undefined) {
      found.push({ class: "cookie-gone", place, message: `cookie ${name} is not set any more` });
      continue;
    }
    const lost = ["httponly", "secure"].filter(
      (flag) => was.flags.includes(flag) && !is.flags.includes(flag),
    );
    if (siteOf(is) < siteOf(was)) lost.push("as strict a samesite");
    if (lost.length > 0) {
      const message = `cookie ${name} has no ${lost.join(", ")} any more`;
      found.push({ class: "cookie-weaker", place, message });
    }
  }
  for (const name of after.keys()) {
    if (before.has(name)) continue;
    found.push({
      class: "cookie-added",
      place: `cookie ${name}`,
      message: `cookie ${name} is new`,
    });
  }
  return found;
}

/** Absent is read as browsers do: lax. */
function siteOf({ flags }: Cookie): number {
  const value = flags.find((flag) => flag.startsWith("samesite="))?.slice("samesite=".length);
  const at = sameSite.indexOf(value ?? "lax");
  // Written out protects a little more than left out: some browsers let fresh cookies through.
  return value === undefined ? 0.5 : at;
}

function compareCaching(was: string | null, is: string | null): HeadDifference[] {
  if (was === is) return [];
  const kept = (value: string | null) => /no-store|private/i.test(value ?? "");
  const opened = kept(was) && !kept(is);
  const message = `cache-control is ${is === null ? "not sent" : quote(is)}, and ${was === null ? "not sent" : quote(was)} on the live side`;
  return [
    {
      class: opened ? "caching-opened" : "caching-changed",
      place: "header cache-control",
      message,
    },
  ];
}

function compareTypes(live: Exchange, tested: Exchange): HeadDifference[] {
  const was = mediaType(live);
  const is = mediaType(tested);
  if (was === is) return [];
  const message = `content-type is ${quote(is ?? "not sent")}, and ${quote(was ?? "not sent")} on the live side`;
  return [{ class: "content-type", place: "header content-type", message }];
}

export function mediaType(answer: Exchange): string | null {
  const value = of(answer, "content-type");
  return value === null ? null : (value.split(";", 1)[0] ?? "").trim().toLowerCase();
}

/** Where a redirect leads, without its query: that may hold what is only the user's. */
function redirectOf(answer: Exchange, origin: string): URL | null {
  const location = of(answer, "location");
  if (location === null || answer.status < 300 || answer.status > 399) return null;
  return URL.canParse(location, origin) ? new URL(location, origin) : null;
}

function compareRedirects(live: Exchange, tested: Exchange, at: Origins): HeadDifference[] {
  const was = redirectOf(live, at.live);
  const is = redirectOf(tested, at.tested);
  if (was === null || is === null) return [];
  const place = "header location";
  // The public address is the service's own wherever it was asked.
  const siteOf = (url: URL, own: string) =>
    url.origin === own || url.origin === at.live ? "" : url.origin;
  const [before, after] = [siteOf(was, at.live), siteOf(is, at.tested)];
  const message = `redirects to ${printable(after + is.pathname)}, and to ${printable(before + was.pathname)} on the live side`;
  if (before !== after) return [{ class: "redirect-elsewhere", place, message }];
  return was.pathname === is.pathname ? [] : [{ class: "redirect", place, message }];
}

function of({ headers }: Exchange, name: string): string | null {
  const value = headers[name];
  if (value === undefined) return null;
  return Array.isArray(value) ? value.join(", ") : value;
}

function quote(text: string): string {
  return `"${printable(text, 120)}"`;
}
