import { type Frame, spend, unanswered } from "./frame.ts";
import { quoted, RuleProblem, suggest } from "./problem.ts";
import { present, type Typed, typed } from "./typed.ts";
import { bool, type CelType, comparable, strip, typeText } from "./types.ts";

/** `==` and `!=`: of one plain kind on both sides, and of texts that can be equal at all. */
export function equality(at: number, name: string, a: Typed, b: Typed): Typed {
  const same = name === "_==_";
  for (const [side, other] of [
    [a, b],
    [b, a],
  ] as const) {
    if (other.type.kind !== "null") continue;
    if (side.type.kind !== "nullable") {
      const message = `${side.path ?? "this"} is never null`;
      throw new RuleProblem(side.at, message, `it is of type ${typeText(side.type)}`);
    }
    return typed(at, bool, (frame) => (side.run(frame) === null) === same, [a, b]);
  }
  if (!comparable(a.type, b.type)) throw unlike(at, a, b);
  canBeEqual(a, b);
  notTheSame(at, a, b);
  if (strip(a.type).kind === "list") {
    const run = (frame: Frame) => equalLists(a.run(frame), b.run(frame)) === same;
    return typed(at, bool, run, [a, b], { cost: 1 + mostOf(a.type) });
  }
  // The commonest of all, inside of loops: a literal on the right.
  if ("value" in b) {
    const { value } = b;
    const { run } = a;
    const is = (frame: Frame) => run(frame) === value;
    const isNot = (frame: Frame) => run(frame) !== value;
    return typed(at, bool, same ? is : isNot, [a, b]);
  }
  return typed(at, bool, (frame) => (a.run(frame) === b.run(frame)) === same, [a, b]);
}

function unlike(at: number, a: Typed, b: Typed): RuleProblem {
  const kinds = [strip(a.type).kind, strip(b.type).kind];
  const message = `${typeText(a.type)} and ${typeText(b.type)} do not compare`;
  if (kinds.includes("int") && kinds.includes("double")) {
    return new RuleProblem(at, message, "write whole numbers without a point, or `double(…)`");
  }
  if (kinds.includes("timestamp") && kinds.includes("string")) {
    return new RuleProblem(at, message, 'write `timestamp("2026-01-31T12:00:00Z")`');
  }
  return new RuleProblem(at, message, "compare values of one type");
}

function mostOf(type: CelType): number {
  const plain = strip(type);
  return plain.kind === "list" ? plain.most : 0;
}

function equalLists(a: unknown, b: unknown): boolean {
  if (a === null || b === null) return a === b;
  const [left, right] = [a as readonly unknown[], b as readonly unknown[]];
  return left.length === right.length && left.every((item, index) => item === right[index]);
}

/** A literal that is none of the words which the other side can be is a slip of the pen. */
function canBeEqual(a: Typed, b: Typed): void {
  for (const [literal, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const [written, known] = [wordsOf(literal.type), wordsOf(other.type)];
    if (written?.literal !== true || known?.only === undefined) continue;
    const slip = written.only?.find((word) => known.only?.includes(word) === false);
    if (slip === undefined) continue;
    if (known.literal) {
      throw new RuleProblem(literal.at, "two different texts are never equal", "compare a fact");
    }
    const message = `${other.path ?? "the other side"} is never ${quoted(slip)}`;
    throw new RuleProblem(literal.at, message, suggest(slip, known.only));
  }
}

function wordsOf(type: CelType): (CelType & { kind: "string" }) | null {
  const plain = strip(type);
  if (plain.kind === "list") return wordsOf(plain.of);
  return plain.kind === "string" ? plain : null;
}

function notTheSame(at: number, a: Typed, b: Typed): void {
  if (a.path === null || a.path !== b.path) return;
  throw new RuleProblem(at, `${a.path} is compared with itself`, "compare it with something else");
}

const orders: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "_<_": (a, b) => a < b,
  "_<=_": (a, b) => a <= b,
  "_>_": (a, b) => a > b,
  "_>=_": (a, b) => a >= b,
};

export function isOrder(name: string): boolean {
  return Object.hasOwn(orders, name);
}

/** Numbers, instants and spans. Texts have an order in CEL, and it makes `1.10` older than `1.9`: refused here. */
export function compare(at: number, name: string, left: Typed, right: Typed): Typed {
  const [a, b] = [present(left), present(right)];
  const holds = orders[name];
  const kind = a.type.kind;
  if (holds === undefined || kind !== b.type.kind) throw unlike(at, left, right);
  if (kind === "string") {
    const hint =
      "text goes letter by letter, so that 1.10 comes before 1.9; compare with `==` or `in`";
    throw new RuleProblem(at, "texts have no order here", hint);
  }
  if (kind !== "int" && kind !== "double" && kind !== "timestamp" && kind !== "duration") {
    throw new RuleProblem(at, `values of type ${typeText(a.type)} have no order`);
  }
  notTheSame(at, left, right);
  neverBelowZero(at, name, a, b);
  const [runA, runB] = [a.run as (frame: Frame) => number, b.run as (frame: Frame) => number];
  return typed(at, bool, (frame) => holds(runA(frame), runB(frame)), [left, right]);
}

/** `count >= 0` is always true and `count < 0` never. */
function neverBelowZero(at: number, name: string, a: Typed, b: Typed): void {
  const counts = (part: Typed) => part.type.kind === "int" && part.type.counts === true;
  const always = (name === "_>=_" || name === "_<_") && counts(a) && b.value === 0;
  const turned = (name === "_<=_" || name === "_>_") && counts(b) && a.value === 0;
  if (!always && !turned) return;
  const what = (always ? a : b).path ?? "this";
  throw new RuleProblem(
    at,
    `${what} is never below 0, so this says nothing`,
    "write `== 0` or `> 0`",
  );
}

type Sum = (a: number, b: number) => number;

/** Of two ints; truncated towards zero, exact (langdef.md, "Arithmetic"). */
const ints: Readonly<Record<string, Sum>> = {
  "_+_": (a, b) => a + b,
  "_-_": (a, b) => a - b,
  "_*_": (a, b) => a * b,
  "_/_": (a, b) => (a - (a % b)) / b,
  "_%_": (a, b) => a % b,
};

const doubles: Readonly<Record<string, Sum>> = {
  "_+_": (a, b) => a + b,
  "_-_": (a, b) => a - b,
  "_*_": (a, b) => a * b,
  "_/_": (a, b) => a / b,
};

/** What comes of instants (milliseconds) and spans. */
const spans: Readonly<Record<string, CelType["kind"]>> = {
  "timestamp _-_ timestamp": "duration",
  "timestamp _-_ duration": "timestamp",
  "timestamp _+_ duration": "timestamp",
  "duration _+_ timestamp": "timestamp",
  "duration _+_ duration": "duration",
  "duration _-_ duration": "duration",
};

export function isArithmetic(name: string): boolean {
  return Object.hasOwn(ints, name);
}

export function arithmetic(at: number, name: string, left: Typed, right: Typed): Typed {
  const [a, b] = [present(left), present(right)];
  const kinds = `${a.type.kind} ${name} ${b.type.kind}`;
  if (kinds === "string _+_ string") return joined(at, a, b);
  const span = spans[kinds];
  const sum =
    kinds === `int ${name} int`
      ? ints[name]
      : kinds === `double ${name} double`
        ? doubles[name]
        : span === undefined
          ? undefined
          : doubles[name];
  if (sum === undefined) {
    const message = `${name.replaceAll("_", "")} does not go with ${typeText(left.type)} and ${typeText(right.type)}`;
    throw new RuleProblem(at, message, "both sides have to be of one type, for example int");
  }
  const whole = a.type.kind !== "double";
  const type = (span === undefined ? { kind: a.type.kind } : { kind: span }) as CelType;
  const what = name === "_/_" || name === "_%_" ? "it divides by zero, or" : "it";
  const none = unanswered(`${what} is too large a number`);
  const byZero = unanswered("it divides by zero");
  const divides = name === "_/_" || name === "_%_";
  const run = (frame: Frame) => {
    const [x, y] = [Number(a.run(frame)), Number(b.run(frame))];
    if (divides && y === 0) byZero();
    const result = sum(x, y);
    return (whole ? Number.isSafeInteger(result) : Number.isFinite(result)) ? result : none();
  };
  return typed(at, type, run, [left, right]);
}

/** Texts only ever grow by what stands in the expression and the facts; their length is counted. */
function joined(at: number, a: Typed, b: Typed): Typed {
  const run = (frame: Frame) => {
    const text = String(a.run(frame)) + String(b.run(frame));
    spend(frame, text.length);
    return text;
  };
  return typed(at, { kind: "string" }, run, [a, b], { cost: usualText });
}

/** Characters of a text that the bound on cost reckons with; longer ones cost more when they are met. */
export const usualText = 100;

export function negate(at: number, of: Typed): Typed {
  const a = present(of);
  if (a.type.kind !== "int" && a.type.kind !== "double") {
    throw new RuleProblem(at, `there is no minus of type ${typeText(of.type)}`);
  }
  const type: CelType = { kind: a.type.kind };
  return typed(at, type, (frame) => 0 - Number(a.run(frame)), [of]);
}
