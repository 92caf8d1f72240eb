/** Wall clocks of time zones, by what this machine's ICU knows of them. Pure. Times are milliseconds since 1970, UTC. */

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far the zone's wall clock is ahead of UTC at this moment, in milliseconds. Throws `RangeError` for no zone. */
export function offsetAt(zone: string, at: number): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US-u-ca-gregory-nu-latn", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    if (formats.size > 1_000) formats.clear();
    formats.set(zone, format);
  }
  const second = Math.floor(at / 1_000) * 1_000;
  const [month, day, year, hour, minute, of] = format.format(second).match(/\d+/g) ?? [];
  return (
    Date.UTC(
      Number(year),
      Number(month) - 1,
      Number(day),
      Number(hour),
      Number(minute),
      Number(of),
    ) - second
  );
}

/** A time in which the wall clock goes evenly: `[from, until)`. */
export interface Even {
  readonly from: number;
  readonly until: number;
  readonly offset: number;
}

const dayMs = 86_400_000;

/** The even times from one moment to another, in their order. */
export function* evenTimes(zone: string, from: number, until: number): Generator<Even> {
  let start = from;
  let offset = offsetAt(zone, from);
  for (let at = from; at < until;) {
    const next = Math.min(at + dayMs, until);
    const after = offsetAt(zone, next);
    if (after !== offset) {
      const change = changeBetween(zone, at, next, offset);
      yield { from: start, until: change, offset };
      start = change;
      offset = offsetAt(zone, change);
      at = change;
    } else at = next;
  }
  yield { from: start, until, offset };
}

/** The moment at which the offset stops being what it was, on a whole second. */
function changeBetween(zone: string, from: number, until: number, offset: number): number {
  let [before, after] = [Math.floor(from / 1_000), Math.ceil(until / 1_000)];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(zone, middle * 1_000) === offset) before = middle;
    else after = middle;
  }
  return after * 1_000;
}

/** A zone has crossed the date line by a whole day before. */
const around = 2 * dayMs;

/** The first moment at which the wall clock shows `local` or more. In a gap of the clock: the end of the gap. */
export function firstShown(zone: string, local: number): number {
  for (const { from, until, offset } of evenTimes(zone, local - around, local + around)) {
    if (local < until + offset) return Math.max(from, local - offset);
  }
  return local + around;
}

/** The moment from which on the wall clock never shows less than `local` again: where it is shown twice, the second. */
export function lastShown(zone: string, local: number): number {
  const times = [...evenTimes(zone, local - around, local + around)];
  for (const { from, until, offset } of times.toReversed()) {
    if (local > from + offset) return Math.min(until, local - offset);
  }
  return local - around;
}
