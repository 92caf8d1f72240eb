/** A whole number from 0 up to, and without, `most`. */
export type Random = (most: number) => number;

/** mulberry32: small, seeded, and good enough to choose with. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (most) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % Math.max(1, most);
  };
}

type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

const hostileTexts: readonly string[] = [
  "",
  "__proto__",
  "constructor",
  "toString",
  "\u0000\u001b[31m",
  "\ud800",
  "\u202e",
  "%",
  "%E0%A4%A",
  "http://[",
  "https://a:b@c/?x=y#z",
  "../../etc/passwd",
  "C:\\a\\b",
  "file:///",
  "-1",
  "NaN",
  "1e999",
  "9007199254740993",
  "0x10",
  "CRITICAL",
  "2026-13-45T99:99:99Z",
  "pkg:npm/%40a/b@1?x=y#z",
  "<script>alert(1)</script>",
  "&amp;&lt;",
  "]]>",
  "=cmd|' /C calc'!A0",
  "a".repeat(70_000),
  "/".repeat(5_000),
  "((((((((((((((((((((a+)+)+)+)+)+)+)+)+)+",
];
const hostileNumbers: readonly number[] = [
  0,
  -0,
  -1,
  0.1,
  1e21,
  1e308,
  -1e308,
  5e-324,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  65_536,
  99_999,
];

/** The bytes of a report that was changed in one to four ways. */
export function mutated(text: string, syntax: string, random: Random): Buffer {
  let changed = text;
  for (let left = 1 + random(4); left > 0; left -= 1) changed = once(changed, syntax, random);
  return random(6) === 0 ? brokenBytes(Buffer.from(changed), random) : Buffer.from(changed);
}

function once(text: string, syntax: string, random: Random): string {
  if ((syntax === "json" || syntax === "lines") && random(4) !== 0)
    return changedJson(text, random);
  const at = random(text.length + 1);
  const length = random(random(2) === 0 ? 8 : text.length - at + 1);
  const cut = text.slice(at, at + length);
  const [before, after] = [text.slice(0, at), text.slice(at + length)];
  switch (random(8)) {
    case 0:
      return before;
    case 1:
      return before + after;
    case 2:
      return before + cut + cut.slice(0, 100_000) + after;
    case 3:
      return before + pick(hostileTexts, random) + after;
    case 4:
      return before + pick(tokens, random) + after;
    case 5:
      return text.replace(/\d+/g, (digits) =>
        random(20) === 0 ? String(pick(hostileNumbers, random)) : digits,
      );
    case 6:
      return text.replace(/"[^"]{0,80}"/g, (word) =>
        random(20) === 0 ? JSON.stringify(pick(hostileTexts, random)) : word,
      );
    default:
      return before + pick(tokens, random).repeat(1 + random(3_000)) + after;
  }
}

const tokens: readonly string[] = [
  "[",
  "]",
  "{",
  "}",
  '"',
  ",",
  ":",
  "\\",
  "\n",
  "<a>",
  "</a>",
  "<a b='c'>",
  "<![CDATA[",
  "<!--",
  "<!DOCTYPE a [<!ENTITY b 'c'>]>",
  "&b;",
  "&#x110000;",
  "'",
  "\uFEFF",
  "null",
  '{"__proto__":{"polluted":1}}',
  '"__proto__":1,',
];

function brokenBytes(bytes: Buffer, random: Random): Buffer {
  const made = Buffer.from(bytes);
  for (let left = 1 + random(8); left > 0 && made.length > 0; left -= 1) {
    const at = random(made.length);
    made[at] = (made[at] ?? 0) ^ (1 << random(8));
  }
  return made;
}

function pick<One>(list: readonly One[], random: Random): One {
  return list[random(list.length)] as One;
}

/** One document, or one of those that stand one after the other. */
function changedJson(text: string, random: Random): string {
  const lines = text.split("\n");
  const single = parsed(text);
  if (single !== undefined) return written(changed(single, random), random);
  const at = random(lines.length);
  const line = parsed(lines[at] ?? "");
  if (line === undefined) return text.slice(0, random(text.length + 1));
  return lines.with(at, written(changed(line, random), random)).join("\n");
}

function parsed(text: string): Value | undefined {
  try {
    return JSON.parse(text) as Value;
  } catch {
    return undefined;
  }
}

/** Sometimes with a key twice, or spread over lines. */
function written(value: Value, random: Random): string {
  const text = JSON.stringify(value, null, random(3) === 0 ? 2 : 0);
  if (random(5) !== 0) return text;
  const keys = [...text.matchAll(/"(?:[^"\\]|\\.){1,40}"\s*:/g)];
  const key = keys[random(keys.length)];
  if (key === undefined) return text;
  const again = `${key[0]}${JSON.stringify(anyValue(random, 1))},`;
  return text.slice(0, key.index) + again + text.slice(key.index);
}

function changed(root: Value, random: Random): Value {
  const holders: (Value[] | { [key: string]: Value })[] = [];
  const walk = (value: Value): void => {
    if (value === null || typeof value !== "object" || holders.length > 5_000) return;
    holders.push(value);
    for (const child of Object.values(value)) walk(child);
  };
  walk(root);
  const holder = holders[random(holders.length)];
  if (holder === undefined || random(30) === 0) return anyValue(random, 3);
  const keys = Object.keys(holder);
  const key = keys[random(keys.length)];
  if (Array.isArray(holder)) changeList(holder, Number(key ?? 0), random);
  else if (key !== undefined) changeRecord(holder, key, random);
  return root;
}

function changeList(list: Value[], index: number, random: Random): void {
  switch (random(4)) {
    case 0:
      list.splice(index, 1);
      break;
    case 1:
      list.push(...list.slice(0, 200));
      break;
    case 2:
      list.reverse();
      break;
    default:
      list[index] = anyValue(random, 3);
  }
}

function changeRecord(record: { [key: string]: Value }, key: string, random: Random): void {
  const value = record[key] ?? null;
  switch (random(6)) {
    case 0:
      delete record[key];
      break;
    case 1: {
      // The same in another order.
      const entries = Object.entries(record).toReversed();
      for (const [name] of entries) delete record[name];
      for (const [name, one] of entries) define(record, name, one);
      break;
    }
    case 2:
      define(record, pick(hostileTexts, random).slice(0, 100), value);
      break;
    case 3:
      record[key] = [value];
      break;
    case 4:
      record[key] = typeof value === "string" ? pick(hostileTexts, random) : String(value);
      break;
    default:
      record[key] = anyValue(random, 3);
  }
}

function define(record: object, name: string, value: Value): void {
  Object.defineProperty(record, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function anyValue(random: Random, deep: number): Value {
  switch (random(deep > 0 ? 9 : 6)) {
    case 0:
      return null;
    case 1:
      return random(2) === 0;
    case 2:
    case 3:
      return pick(hostileNumbers, random);
    case 4:
    case 5:
      return pick(hostileTexts, random);
    case 6:
      return Array.from({ length: random(4) }, () => anyValue(random, deep - 1));
    case 7: {
      let nested: Value = 1;
      for (let left = random(400); left > 0; left -= 1)
        nested = random(2) === 0 ? [nested] : { a: nested };
      return nested;
    }
    default: {
      const made: { [key: string]: Value } = {};
      for (let left = random(4); left > 0; left -= 1) {
        define(made, pick(hostileTexts, random).slice(0, 40), anyValue(random, deep - 1));
      }
      return made;
    }
  }
}
