import { printable } from "../../model/printable.ts";
import { type Frame, Unanswered, unanswered } from "./frame.ts";
import { RuleProblem } from "./problem.ts";
import type { Node } from "./syntax.ts";
import { type CelType, strip, typeText } from "./types.ts";

export type Run = (frame: Frame) => unknown;

/** The loops' variables, by name. */
export type Scope = ReadonlyMap<string, { readonly slot: number; readonly type: CelType }>;
export type Compile = (node: Node, scope: Scope) => Typed;

/** The values why it did not come out as `wanted`, each a phrase. */
export type LeanedOn = (frame: Frame, wanted: boolean) => readonly string[];

/** A value that an expression reads, as people would name it: `findings.new.high`. */
export interface Read {
  readonly text: string;
  /** The slot of the loop that it belongs to; null: a fact. */
  readonly slot: number | null;
  readonly type: CelType;
  readonly run: Run;
}

/** A part of an expression whose type is known, ready to be evaluated. */
export interface Typed {
  readonly type: CelType;
  readonly at: number;
  readonly run: Run;
  /** At most so many steps, by the sizes that types state. */
  readonly cost: number;
  /** Steps of one evaluation without those of its loops' bodies. */
  readonly flat: number;
  readonly reads: readonly Read[];
  /** Of a chain of fields: its text. */
  readonly path: string | null;
  /** Of a literal. */
  readonly value?: unknown;
  readonly leanedOn: LeanedOn;
}

export function typed(
  at: number,
  type: CelType,
  run: Run,
  parts: readonly Typed[],
  more: Partial<Pick<Typed, "cost" | "leanedOn" | "path" | "value" | "reads" | "flat">> = {},
): Typed {
  const own = more.cost ?? 1;
  const reads = more.reads ?? parts.flatMap((part) => part.reads);
  return {
    at,
    type,
    run,
    reads,
    path: more.path ?? null,
    cost: parts.reduce((sum, part) => sum + part.cost, own),
    flat: more.flat ?? parts.reduce((sum, part) => sum + part.flat, 1),
    leanedOn: more.leanedOn ?? ((frame) => reads.flatMap((read) => shownRead(read, frame))),
    ...("value" in more ? { value: more.value } : {}),
  };
}

/** The same without its null, which has no answer. */
export function present(part: Typed): Typed {
  if (part.type.kind !== "nullable") return part;
  const { run, path } = part;
  const isNull = unanswered(`${path ?? "a part of it"} is null: it is not known`);
  return { ...part, type: strip(part.type), run: (frame) => run(frame) ?? isNull() };
}

/** The part as one of `kind`; anything else is refused. */
export function wanted(part: Typed, kind: CelType["kind"], what: string): Typed {
  const plain = present(part);
  if (plain.type.kind === kind) return plain;
  const hint = part.type.kind === "null" ? undefined : `it is of type ${typeText(part.type)}`;
  throw new RuleProblem(part.at, `${what} has to be of type ${kind}`, hint);
}

export function asBool(part: Typed, what: string): { readonly run: (frame: Frame) => boolean } {
  return wanted(part, "bool", what) as { readonly run: (frame: Frame) => boolean };
}

/** Refused: what every promotion answers alike decides nothing and hides what it stands beside. */
export function changing(part: Typed): void {
  if (part.reads.length > 0) return;
  const hint = "it reads none of the facts; leave it out, or compare a fact";
  throw new RuleProblem(part.at, "this is the same for every promotion", hint);
}

function shownRead(read: Read, frame: Frame): readonly string[] {
  if (read.slot !== null && frame.slots[read.slot] === undefined) return [];
  try {
    return [`${read.text} is ${shown(read.run(frame), read.type)}`];
  } catch (error) {
    if (error instanceof Unanswered) return [error.message];
    throw error;
  }
}

/** In the order that canonical JSON has them: what was kept is read in no other than what was gathered. */
export function keysOf(map: unknown): readonly string[] {
  return Object.keys(map as object).sort();
}

/** A value in few words; whatever comes from outside is made safe to show. */
export function shown(value: unknown, declared: CelType): string {
  if (value === null || value === undefined) return "null";
  const type = strip(declared);
  switch (type.kind) {
    case "string":
      return JSON.stringify(printable(String(value), 60));
    case "timestamp":
      return new Date(Number(value)).toISOString();
    case "duration":
      return `${Number(value) / 1_000}s`;
    case "list": {
      const items = value as readonly unknown[];
      const few = items.slice(0, 3);
      const scalar = type.of.kind === "string" || type.of.kind === "int";
      if (!scalar || items.length > few.length) return `a list of ${items.length}`;
      return `[${few.map((item) => shown(item, type.of)).join(", ")}]`;
    }
    case "map": {
      const keys = keysOf(value);
      const few = keys.slice(0, 5).map((key) => printable(key, 40));
      const more = keys.length > few.length ? ", …" : "";
      return keys.length === 0 ? "empty" : `of ${few.join(", ")}${more}`;
    }
    case "object":
      return "known";
    default:
      return String(value);
  }
}
