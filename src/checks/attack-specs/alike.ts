import type { Exchange } from "../exchange.ts";

/** Headers that say something of the moment and nothing of whom was asked for. */
const momentary = [
  "date",
  "age",
  "etag",
  "content-length",
  "x-request-id",
  "connection",
  "keep-alive",
];
const maxDistance = 0.02;

/**
 * Whether a stranger could tell two answers apart: by status, by which headers there are, or by what the body
 * says once `own` values (names that were sent), numbers and random words are taken out. Null when not, else
 * what gives it away.
 */
export function alike(one: Exchange, other: Exchange, own: readonly string[]): string | null {
  if (one.status !== other.status) return `the status is ${one.status}, and was ${other.status}`;
  const [named, before] = [namesOf(one), namesOf(other)];
  const differing = [
    ...named.filter((name) => !before.includes(name)),
    ...before.filter((name) => !named.includes(name)),
  ];
  if (differing.length > 0) return `only one of the two answers has the header ${differing[0]}`;
  const [text, old] = [calm(one.body, own), calm(other.body, own)];
  if (text === old) return null;
  const length = Math.max(text.length, old.length);
  if (Math.abs(text.length - old.length) > length * maxDistance) {
    return "the two bodies differ in length";
  }
  const [a, b] = [text.split(/\s+/), old.split(/\s+/)];
  const same = a.filter((word, index) => b[index] === word).length;
  return same >= Math.max(a.length, b.length) * (1 - maxDistance) ? null : "the two bodies differ";
}

function namesOf({ headers }: Exchange): readonly string[] {
  return Object.keys(headers).filter(
    (name) =>
      !momentary.includes(name) && !name.startsWith("x-ratelimit") && !name.startsWith("ratelimit"),
  );
}

function calm(body: string, own: readonly string[]): string {
  const longest = [...own].sort((a, b) => b.length - a.length);
  return longest
    .reduce((text, value) => text.replaceAll(value, "*"), body)
    .replace(/[A-Za-z0-9_-]{16,}/g, "*")
    .replace(/\d+/g, "*");
}
