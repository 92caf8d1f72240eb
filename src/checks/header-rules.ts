import { printable } from "../model/printable.ts";
import type { Exchange } from "./exchange.ts";

/** Null when there is nothing to complain about. */
export type Complaint = string | null;

/** How many days a certificate must still be valid. */
const certificateDays = 14;
const dayMs = 86_400_000;

export function tlsRule({ tls }: Exchange, now: number): Complaint {
  if (tls === null) return null;
  if (!tls.authorized) return `the certificate is not trusted: ${tls.reason ?? "unknown reason"}`;
  if (tls.protocol !== "TLSv1.2" && tls.protocol !== "TLSv1.3") return `it speaks ${tls.protocol}`;
  const left = (Date.parse(tls.validTo) - now) / dayMs;
  if (!(left > 0)) return `the certificate ended on ${tls.validTo}`;
  return left < certificateDays
    ? `the certificate ends in ${Math.floor(left)} days, on ${tls.validTo}`
    : null;
}

/** RFC 6797; half a year is what the usual scanners ask for. */
export function hstsRule({ tls, headers }: Exchange): Complaint {
  if (tls === null) return null;
  const value = first(headers["strict-transport-security"]);
  if (value === undefined) return "Strict-Transport-Security is missing";
  const age = Number(/max-age="?(\d+)/i.exec(value)?.[1]);
  return age >= 15_552_000
    ? null
    : `Strict-Transport-Security lasts less than 180 days: ${printable(value)}`;
}

export function contentTypeRule({ headers }: Exchange): Complaint {
  const value = first(headers["x-content-type-options"]);
  return value?.toLowerCase() === "nosniff" ? null : "X-Content-Type-Options: nosniff is missing";
}

export function contentPolicyRule(answer: Exchange): Complaint {
  if (!isPage(answer)) return null;
  return answer.headers["content-security-policy"] === undefined
    ? "Content-Security-Policy is missing"
    : null;
}

export function framingRule(answer: Exchange): Complaint {
  if (!isPage(answer)) return null;
  const policy = first(answer.headers["content-security-policy"]) ?? "";
  const options = first(answer.headers["x-frame-options"]) ?? "";
  const framed = /(^|;)\s*frame-ancestors\s/i.test(policy) || /^(deny|sameorigin)$/i.test(options);
  return framed ? null : "neither frame-ancestors nor X-Frame-Options says who may frame this page";
}

export function referrerRule({ headers }: Exchange): Complaint {
  const value = first(headers["referrer-policy"]);
  if (value === undefined) return "Referrer-Policy is missing";
  return /unsafe-url/i.test(value) ? `Referrer-Policy is ${printable(value)}` : null;
}

const leaky = ["x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-generator"];

export function versionRule({ headers }: Exchange): Complaint {
  const found: string[] = [];
  const server = first(headers["server"]);
  if (server !== undefined && /\d/.test(server)) found.push(`Server: ${server}`);
  for (const name of leaky) {
    const value = first(headers[name]);
    if (value !== undefined) found.push(`${name}: ${value}`);
  }
  return found.length === 0 ? null : `tells what it runs on: ${printable(found.join(", "))}`;
}

export function cookieRule({ cookies, tls }: Exchange): Complaint {
  const found: string[] = [];
  for (const cookie of cookies) {
    const [pair = "", ...attributes] = cookie.split(";").map((part) => part.trim());
    const has = (name: string) =>
      attributes.some((text) => text.split("=", 1)[0]?.toLowerCase() === name.toLowerCase());
    const lacks = ["HttpOnly", "SameSite", ...(tls === null ? [] : ["Secure"])].filter(
      (name) => !has(name),
    );
    // Only the name: the value may be a session.
    if (lacks.length > 0) found.push(`${pair.split("=", 1)[0]} lacks ${lacks.join(", ")}`);
  }
  return found.length === 0 ? null : printable(found.join("; "));
}

export function isPage({ headers }: Exchange): boolean {
  return /^(text\/html|application\/xhtml\+xml)/i.test(headers["content-type"] ?? "");
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}
