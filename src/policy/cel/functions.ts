import { createRequire } from "node:module";
import type { RE2JS } from "@bufbuild/re2";
import { type Frame, spend, unanswered } from "./frame.ts";
import { globMatcher, globProblem } from "./glob.ts";
import { usualText } from "./operators.ts";
import { quoted, RuleProblem, suggest } from "./problem.ts";
import { present, type Typed, typed, wanted } from "./typed.ts";
import { bool, type CelType, count, isScalar, typeText } from "./types.ts";

const functions = ["size", "timestamp", "duration", "int", "double"];

export function callFunction(at: number, name: string, args: readonly Typed[]): Typed {
  const [arg, ...more] = args;
  if (!functions.includes(name)) {
    const hint = suggest(name, [...functions, "has"]);
    throw new RuleProblem(at, `there is no function ${quoted(name)}`, hint);
  }
  if (arg === undefined || more.length > 0) {
    throw new RuleProblem(at, `\`${name}\` takes one argument`, `write \`${name}(x)\``);
  }
  if (name === "size") return size(at, arg);
  if (name === "timestamp") return instant(at, arg);
  if (name === "duration") return span(at, arg);
  const of = present(arg);
  const numeric = of.type.kind === "int" || of.type.kind === "double";
  if (!numeric) throw new RuleProblem(arg.at, `\`${name}\` takes a number`, typeText(arg.type));
  if (name === "double") return typed(at, { kind: "double" }, of.run, [arg]);
  return parts(at, of, 1);
}

/** Whole ones, cut off towards zero. */
function parts(at: number, of: Typed, unit: number): Typed {
  const none = unanswered("it is too large a number");
  const run = (frame: Frame) => {
    const whole = Math.trunc(Number(of.run(frame)) / unit);
    return Number.isSafeInteger(whole) ? whole : none();
  };
  return typed(at, { kind: "int" }, run, [of]);
}

function size(at: number, arg: Typed): Typed {
  const of = present(arg);
  const { run } = of;
  switch (of.type.kind) {
    case "string":
      return typed(at, count, (frame) => characters(String(run(frame)), frame), [arg], {
        cost: usualText,
      });
    case "list":
      return typed(at, count, (frame) => (run(frame) as readonly unknown[]).length, [arg]);
    case "map":
      return typed(at, count, (frame) => Object.keys(run(frame) as object).length, [arg]);
    default:
      throw new RuleProblem(arg.at, `a value of type ${typeText(arg.type)} has no size`);
  }
}

/** Code points (langdef.md, "String and bytes"). */
function characters(text: string, frame: Frame): number {
  spend(frame, text.length);
  let units = 0;
  for (const _ of text) units += 1;
  return units;
}

const exampleInstant = '`timestamp("2026-01-31T12:00:00Z")`';

function instant(at: number, arg: Typed): Typed {
  const fits = typeof arg.value === "string" && instantForm.test(arg.value);
  const ms = fits ? Date.parse(String(arg.value)) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new RuleProblem(arg.at, "this is no instant", `write ${exampleInstant}`);
  }
  return typed(at, { kind: "timestamp" }, () => ms, [arg], { value: ms });
}

/** RFC 3339 with its offset, to the millisecond, as the facts have it. */
const instantForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)$/;
const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

function span(at: number, arg: Typed): Typed {
  const text = typeof arg.value === "string" ? arg.value : "";
  if (!/^-?(\d{1,6}(ms|h|m|s))+$/.test(text)) {
    const hint = 'write `duration("36h")`, with the units h, m, s and ms';
    throw new RuleProblem(arg.at, "this is no span of time", hint);
  }
  let ms = 0;
  for (const [, many, unit] of text.matchAll(/(\d+)(ms|h|m|s)/g)) {
    ms += Number(many) * (units[unit ?? ""] ?? 0);
  }
  const value = text.startsWith("-") ? -ms : ms;
  return typed(at, { kind: "duration" }, () => value, [arg], { value });
}

type Method = (at: number, of: Typed, args: readonly Typed[]) => Typed;

const ofText: Readonly<Record<string, Method>> = {
  size: (at, of) => size(at, of),
  contains: (at, of, args) => textTest(at, of, args, (text, part) => text.includes(part)),
  startsWith: (at, of, args) => textTest(at, of, args, (text, part) => text.startsWith(part)),
  endsWith: (at, of, args) => textTest(at, of, args, (text, part) => text.endsWith(part)),
  matches,
  glob,
};
const ofList: Readonly<Record<string, Method>> = { size: (at, of) => size(at, of), distinct };
const ofMap: Readonly<Record<string, Method>> = { size: (at, of) => size(at, of) };

/** In UTC: a machine's own time zone would make two machines decide differently. */
const ofInstant: Readonly<Record<string, Method>> = {
  getFullYear: calendar((date) => date.getUTCFullYear()),
  getMonth: calendar((date) => date.getUTCMonth()),
  getDate: calendar((date) => date.getUTCDate()),
  getDayOfWeek: calendar((date) => date.getUTCDay()),
  getHours: calendar((date) => date.getUTCHours()),
  getMinutes: calendar((date) => date.getUTCMinutes()),
};
const ofSpan: Readonly<Record<string, Method>> = {
  getHours: (at, of) => parts(at, of, 3_600_000),
  getMinutes: (at, of) => parts(at, of, 60_000),
  getSeconds: (at, of) => parts(at, of, 1_000),
};
const methods: Partial<Record<CelType["kind"], Readonly<Record<string, Method>>>> = {
  string: ofText,
  list: ofList,
  map: ofMap,
  timestamp: ofInstant,
  duration: ofSpan,
};
const oneArgument = ["contains", "startsWith", "endsWith", "matches", "glob"];
const macros = ["all", "exists", "exists_one", "filter", "map"];

export function callMethod(at: number, name: string, target: Typed, args: readonly Typed[]): Typed {
  const of = present(target);
  const known = methods[of.type.kind] ?? {};
  const method = Object.hasOwn(known, name) ? known[name] : undefined;
  if (method === undefined) {
    const loops = of.type.kind === "list" || of.type.kind === "map" ? macros : [];
    const message = macros.includes(name)
      ? `\`${name}\` takes a name and a condition, of a list or a map`
      : `there is no ${quoted(name)} of type ${typeText(target.type)}`;
    const hint = loops.includes(name)
      ? `write \`.${name}(x, …)\``
      : suggest(name, [...Object.keys(known), ...loops]);
    throw new RuleProblem(at, message, hint);
  }
  const takes = oneArgument.includes(name) ? 1 : 0;
  if (args.length !== takes) {
    const hint = of.type.kind === "timestamp" ? "it is in UTC, always" : undefined;
    const message = `\`${name}\` takes ${takes === 1 ? "one argument" : "no argument"}`;
    throw new RuleProblem(at, message, hint);
  }
  return method(at, of, args);
}

function textTest(
  at: number,
  of: Typed,
  [arg]: readonly Typed[],
  test: (text: string, part: string) => boolean,
): Typed {
  if (arg === undefined) throw new RuleProblem(at, "a text is missing");
  const part = wanted(arg, "string", "what is looked for");
  const run = (frame: Frame) => {
    const [text, wantedText] = [String(of.run(frame)), String(part.run(frame))];
    spend(frame, 1 + Math.floor(text.length / 16));
    return test(text, wantedText);
  };
  return typed(at, bool, run, [of, arg], { cost: 2 + Math.floor(usualText / 16) });
}

function calendar(part: (date: Date) => number): Method {
  return (at, of) => typed(at, count, (frame) => part(new Date(Number(of.run(frame)))), [of]);
}

/** CEL itself has no way to count different ones; the name and the meaning are those of its list extension. */
function distinct(at: number, of: Typed): Typed {
  if (of.type.kind !== "list" || !isScalar(of.type.of)) {
    throw new RuleProblem(
      at,
      "only plain values are told apart",
      "map them first: `.map(x, x.id)`",
    );
  }
  const run = (frame: Frame) => {
    const items = of.run(frame) as readonly unknown[];
    spend(frame, items.length);
    return [...new Set(items)];
  };
  return typed(at, of.type, run, [of], { cost: 1 + of.type.most });
}

const longestPattern = 100;
/** What all the counts of a pattern (`a{3}`) may come to, multiplied. */
const mostRepeats = 50;

/** RE2: time goes with the length of the text, whatever the pattern. The pattern is known beforehand. */
function matches(at: number, of: Typed, [arg]: readonly Typed[]): Typed {
  const pattern = writtenOut(at, arg, "a pattern");
  let repeats = 1;
  for (const [, least, most] of pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    repeats *= Math.max(1, Number(least), Number(most ?? 0));
  }
  const place = arg?.at ?? at;
  if (pattern.length > longestPattern || repeats > mostRepeats) {
    const message = `a pattern has at most ${longestPattern} characters, and repeats at most ${mostRepeats} times`;
    throw new RuleProblem(place, message, "write a shorter one");
  }
  const regex = compiled(place, pattern);
  const perCharacter = 1 + Math.floor((pattern.length * repeats) / 100);
  const run = (frame: Frame) => {
    const text = String(of.run(frame));
    spend(frame, text.length * perCharacter);
    return regex.test(text);
  };
  return typed(at, bool, run, [of], { cost: usualText * perCharacter });
}

let loaded: typeof RE2JS | null = null;

function compiled(at: number, pattern: string): RE2JS {
  const require = createRequire(import.meta.url);
  loaded ??= (require("@bufbuild/re2") as { RE2JS: typeof RE2JS }).RE2JS;
  try {
    return loaded.compile(pattern);
  } catch {
    const hint = "the syntax is RE2's: no lookaround and no back reference";
    throw new RuleProblem(at, `${quoted(pattern)} is no pattern`, hint);
  }
}

/** `"src/auth/**"` on a path: CEL has only regular expressions, and those of paths are hard to read. */
function glob(at: number, of: Typed, [arg]: readonly Typed[]): Typed {
  const pattern = writtenOut(at, arg, "a glob");
  const wrong = globProblem(pattern);
  if (wrong !== null) throw new RuleProblem(arg?.at ?? at, wrong.message, wrong.hint);
  const test = globMatcher(pattern);
  const run = (frame: Frame) => {
    const text = String(of.run(frame));
    spend(frame, text.length);
    return test(text);
  };
  return typed(at, bool, run, [of], { cost: usualText });
}

function writtenOut(at: number, arg: Typed | undefined, what: string): string {
  if (typeof arg?.value === "string") return arg.value;
  const hint = "so that it is known to be right before it is needed";
  throw new RuleProblem(arg?.at ?? at, `${what} has to be a text in quotes`, hint);
}
