import { countPrograms, type ProgramsByKind, type Scanner } from "../model/diversity.ts";
import { breakable } from "./break-glass.ts";
import { type Ground, ground } from "./decide.ts";

/** How many different programs of each kind have to pass, and what each demanded check counts as. */
export interface DiversityInput {
  readonly asked: ProgramsByKind;
  readonly scanners: readonly Scanner[];
}

/**
 * One ground for each kind that is asked for. Only checks that passed here count (`answers`): one that has not answered yet, or that was found wanting, is none; and one program under two names is one.
 */
export function diversityGrounds(
  input: DiversityInput | undefined,
  answers: readonly { readonly check: string; readonly ground: Ground }[],
): readonly Ground[] {
  if (input === undefined) return [];
  const passed = input.scanners.filter(({ check }) => {
    const own = answers.filter((one) => one.check === check);
    return own.length > 0 && own.every((one) => hasPassed(one.ground));
  });
  return countPrograms(input.asked, passed).map(({ kind, asked, engines }) => {
    const which = engines.length === 0 ? "" : `: ${engines.join(", ")}`;
    const text = `${engines.length} of ${asked} different programs of kind ${kind} passed${which}`;
    if (engines.length >= asked) return ground("allow", "diversity", text);
    const others = input.scanners
      .filter((one) => one.kinds.includes(kind) && !engines.includes(one.engine))
      .map(({ check }) => check)
      .sort();
    const missing =
      others.length === 0
        ? "no check of another one is demanded before the switch"
        : `not ${[...new Set(others)].join(", ")}`;
    return breakable(ground("deny", "diversity", `${text}; ${missing}`), {
      of: `diversity ${kind}`,
    });
  });
}

/** A whole run that this gate lets through; what is only waited for is none. */
function hasPassed({ outcome, rule }: Ground): boolean {
  return outcome === "allow" && (rule === "check.pass" || rule === "check.warn");
}
