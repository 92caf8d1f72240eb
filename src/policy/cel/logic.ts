import { type Frame, missing, type Unanswered } from "./frame.ts";
import { RuleProblem } from "./problem.ts";
import { asBool, changing, type LeanedOn, type Typed, typed } from "./typed.ts";
import { bool, comparable, isScalar, typeText } from "./types.ts";

/**
 * `&&` and `||`: one side that decides is enough, whatever became of the other (langdef.md, "Logical operators"): a
 * false or a true absorbs a missing answer. Both sides have to depend on the facts.
 */
export function logical(at: number, name: "_&&_" | "_||_", a: Typed, b: Typed): Typed {
  const decides = name === "_||_";
  const operator = decides ? "`||`" : "`&&`";
  const left = asBool(a, `what stands left of ${operator}`).run;
  const right = asBool(b, `what stands right of ${operator}`).run;
  changing(a);
  changing(b);
  const run = (frame: Frame): boolean => {
    let unknown: Unanswered | null = null;
    try {
      if (left(frame) === decides) return decides;
    } catch (error) {
      unknown = missing(error);
    }
    const said = right(frame);
    if (said === decides || unknown === null) return said;
    throw unknown;
  };
  // Where one side alone can have decided, only that one matters.
  const leanedOn: LeanedOn = (frame, wanted) =>
    [a, b].flatMap((side) =>
      wanted !== decides && outcome(side, frame) === wanted ? [] : side.leanedOn(frame, wanted),
    );
  return typed(at, bool, run, [a, b], { leanedOn });
}

/** What it comes out as; null: there is no answer. */
export function outcome(part: Typed, frame: Frame): unknown {
  try {
    return part.run(frame);
  } catch (error) {
    missing(error);
    return null;
  }
}

export function not(at: number, a: Typed): Typed {
  const { run } = asBool(a, "what stands after `!`");
  changing(a);
  const leanedOn: LeanedOn = (frame, wanted) => a.leanedOn(frame, !wanted);
  return typed(at, bool, (frame) => !run(frame), [a], { leanedOn });
}

export function conditional(at: number, a: Typed, b: Typed, c: Typed): Typed {
  const { run } = asBool(a, "what stands before `?`");
  changing(a);
  const same = comparable(b.type, c.type) && isScalar(b.type);
  const nullable = b.type.kind === "nullable" || c.type.kind === "nullable";
  if (!same || nullable) {
    const message = `both answers have to be of one plain type: ${typeText(b.type)} and ${typeText(c.type)}`;
    throw new RuleProblem(c.at, message);
  }
  const type = b.type.kind === "string" ? ({ kind: "string" } as const) : plain(b.type);
  return typed(at, type, (frame) => (run(frame) ? b.run(frame) : c.run(frame)), [a, b, c]);
}

function plain(type: Typed["type"]): Typed["type"] {
  return type.kind === "int" ? { kind: "int" } : type;
}
