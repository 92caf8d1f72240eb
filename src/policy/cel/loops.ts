import { factTypes } from "./fact-types.ts";
import { type Frame, missing, spend, type Unanswered } from "./frame.ts";
import { quoted, RuleProblem } from "./problem.ts";
import type { Loop } from "./syntax.ts";
import {
  asBool,
  keysOf,
  type Compile,
  type LeanedOn,
  present,
  type Scope,
  shown,
  type Typed,
  typed,
} from "./typed.ts";
import { outcome } from "./logic.ts";
import { bool, type CelType, typeText } from "./types.ts";

/** `all`, `exists`, `exists_one`, `filter` and `map` over a list, or over the keys of a map. */
export function loop(node: Loop, scope: Scope, compile: Compile): Typed {
  const { at, macro, variable } = node;
  const of = compile(node.over, scope);
  const over = present(of);
  const items = itemsOf(over);
  if (scope.has(variable) || factTypes.has(variable)) {
    const message = `${quoted(variable)} has a meaning already`;
    throw new RuleProblem(at, message, "give the loop's variable another name");
  }
  const slot = scope.size;
  const inner = new Map([...scope, [variable, { slot, type: items.of }] as const]);
  const when = node.when === null ? null : compile(node.when, inner);
  const body = compile(node.body, inner);
  const parts = when === null ? [body] : [when, body];
  for (const part of parts) {
    const own = part.reads.some((read) => read.slot === slot);
    if (own || (macro === "list" && when !== null && part === body)) continue;
    const message = `this does not read ${quoted(variable)}: it is the same for every item`;
    throw new RuleProblem(part.at, message, `ask something of \`${variable}\``);
  }
  const each = 1 + parts.reduce((sum, part) => sum + part.cost, 0);
  const flat = 1 + parts.reduce((sum, part) => sum + part.flat, 0);
  const more = {
    cost: 1 + items.most * each,
    flat: over.flat + 1,
    reads: [...of.reads, ...parts.flatMap(({ reads }) => reads.filter((one) => one.slot !== slot))],
  };
  if (macro === "list") {
    const keep = when === null ? null : asBool(when, "what keeps an item").run;
    const run = gathered(items.run, slot, flat, keep, body.run);
    return typed(at, { kind: "list", of: body.type, most: items.most }, run, [of], more);
  }
  const test = asBool(body, `the condition of \`${macro}\``).run;
  if (macro === "exists_one") {
    return typed(at, bool, onlyOne(items.run, slot, flat, test), [of], more);
  }
  const run = decided(items.run, slot, flat, test, macro === "exists");
  const leanedOn = theOne(of, items.run, slot, body, macro === "exists");
  return typed(at, bool, run, [of], { ...more, leanedOn });
}

type Items = (frame: Frame) => readonly unknown[];

function itemsOf(over: Typed): { run: Items; of: CelType; most: number } {
  const { run, type, at } = over;
  if (type.kind === "list") {
    const list: Items = (frame) => {
      const all = run(frame);
      // Of what is no list everything would be true of all of it.
      if (Array.isArray(all)) return all;
      throw new TypeError();
    };
    return { run: list, of: type.of, most: type.most };
  }
  if (type.kind === "map") {
    const keys: Items = (frame) => keysOf(run(frame));
    return { run: keys, of: type.keys, most: type.most };
  }
  const message = `loops go over lists and maps, and this is of type ${typeText(type)}`;
  throw new RuleProblem(at, message);
}

/** `all` ends at the first false, `exists` at the first true; without one a missing answer is the answer. */
function decided(
  items: Items,
  slot: number,
  flat: number,
  test: (frame: Frame) => boolean,
  decides: boolean,
): (frame: Frame) => boolean {
  return (frame) => {
    const all = items(frame);
    let unknown: Unanswered | null = null;
    let index = 0;
    // Goes on behind an item that had no answer; without one the inner loop is all of it.
    while (index < all.length) {
      try {
        for (; index < all.length; index += 1) {
          spend(frame, flat);
          frame.slots[slot] = all[index];
          if (test(frame) === decides) return decides;
        }
      } catch (error) {
        unknown ??= missing(error);
        index += 1;
      }
    }
    if (unknown !== null) throw unknown;
    return !decides;
  };
}

function onlyOne(
  items: Items,
  slot: number,
  flat: number,
  test: (frame: Frame) => boolean,
): (frame: Frame) => boolean {
  return (frame) => {
    let found = 0;
    for (const item of items(frame)) {
      spend(frame, flat);
      frame.slots[slot] = item;
      if (test(frame)) found += 1;
    }
    return found === 1;
  };
}

function gathered(
  items: Items,
  slot: number,
  flat: number,
  keep: ((frame: Frame) => boolean) | null,
  body: Typed["run"],
): Items {
  return (frame) => {
    const kept: unknown[] = [];
    for (const item of items(frame)) {
      spend(frame, flat);
      frame.slots[slot] = item;
      if (keep === null || keep(frame)) kept.push(body(frame));
    }
    return kept;
  };
}

/** Of `all` the first item that is not as it should be, of `exists` the first that is: with what it was judged by. */
function theOne(of: Typed, items: Items, slot: number, body: Typed, decides: boolean): LeanedOn {
  return (frame, wanted) => {
    // What did not happen to any item has no item to show.
    if (wanted === decides) return of.leanedOn(frame, wanted);
    let all: readonly unknown[];
    try {
      all = items(frame);
    } catch (error) {
      return [missing(error).message];
    }
    for (const [index, item] of all.entries()) {
      frame.slots[slot] = item;
      if (outcome(body, frame) === wanted) continue;
      const place = `the first is ${of.path ?? "item "}[${index}] of ${all.length}`;
      return [place, ...nameOf(item), ...body.leanedOn(frame, wanted)];
    }
    return [];
  };
}

/** Findings are known by their ids. */
function nameOf(item: unknown): readonly string[] {
  const id = typeof item === "object" && item !== null && "id" in item ? item.id : undefined;
  return typeof id === "string" ? [`its id is ${shown(id, { kind: "string" })}`] : [];
}
