/**
 * Values of a parsed document as a document writes them, for people who compare two: durations with their unit,
 * lists and objects as YAML has them in one line.
 */

/** Keys whose numbers are milliseconds that were written as a duration. A test compares them with the schema. */
const durations: ReadonlySet<string> = new Set([
  "answerWithin",
  "drain",
  "for",
  "grace",
  "interval",
  "longest",
  "maxAge",
  "maxDataAge",
  "minimumSoak",
  "reviewWithin",
  "rescan",
  "rollbackWindow",
  "soak",
  "notBefore",
  "expires",
  "timeout",
  "validFor",
]);

export function isDurationKey(key: string): boolean {
  return durations.has(key);
}

/** @param key under which the value stands; it says whether a number is a duration */
export function wordsOf(value: unknown, key = ""): string {
  if (typeof value === "number") return isDurationKey(key) ? durationText(value) : String(value);
  if (typeof value === "string")
    return plain.test(value) && !likeOther.test(value) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((one: unknown) => wordsOf(one)).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${entries.map(([name, inner]) => `${name}: ${name === "with" ? raw(inner) : wordsOf(inner, name)}`).join(", ")}}`;
}

/** What an adapter gets stands in the document as it is here: no number of it is ours to convert. */
function raw(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(raw).join(", ")}]`;
  if (typeof value !== "object" || value === null) return wordsOf(value);
  return `{${Object.entries(value)
    .map(([name, inner]) => `${name}: ${raw(inner)}`)
    .join(", ")}}`;
}

/** Whatever needs no quotes anywhere in a line of YAML. */
const plain = /^[\p{L}\p{N}/.*][\p{L}\p{N}_./@:*+-]*$/u;
/** Would be read as something other than text. */
const likeOther = /^(true|false|yes|no|on|off|null|[-+.]?\d[\d.:_eE+-]*)$/i;

const units: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
];

/** Exactly, in the largest unit that leaves nothing over: 90 minutes are `90m`. */
export function durationText(ms: number): string {
  if (ms === 0) return "0s";
  const unit = units.find(([, size]) => ms % size === 0);
  return unit === undefined ? `${ms}ms` : `${ms / unit[1]}${unit[0]}`;
}
