import type { Evidence } from "../finding.ts";
import { type Lab, type Point, type Shot, twice } from "../lab.ts";
import { type Json, textOf } from "../../probing/operation.ts";
import type { PointAttack } from "./attack.ts";

/** XPath: its operators are in lower case, and it has functions that SQL has not. */
export const xpath: PointAttack = {
  id: "xpath",
  run: async (point, lab) => {
    if (lab.has("sql-injection", point.operation, point.parameter)) return [];
    const value = textOf(point.parameter.value);
    const normal = await lab.scale(point, value);
    if (normal === null || !normal.scale.usable) return [];
    const { scale } = normal;
    for (const quote of ["'", '"']) {
      const found = await twice<Shot>(async (round) => {
        const word = point.random.word(5);
        const claim = (truth: boolean) =>
          round === 0
            ? `${quote}${word}${quote}=${quote}${truth ? word : `${word}x`}`
            : `string-length(${quote}${word}${quote})=${truth ? 5 : 6} and ${quote}b${quote}=${quote}b`;
        const attack = (truth: boolean) => `${value}${quote} and ${claim(truth)}`;
        const yes = await lab.shoot(point, attack(true), { echoes: [value] });
        const no = await lab.shoot(point, attack(false), { echoes: [value] });
        const calm = await lab.shoot(point, value, { echoes: [value] });
        if (yes === null || no === null || calm === null) return null;
        if (!scale.same(yes.look, calm.look) || !scale.different(yes.look, no.look)) return null;
        const says =
          round === 0
            ? "a true condition in XPath is answered otherwise than a false one"
            : "so is one with string-length(), which only XPath has";
        return { says, shot: yes };
      });
      if (found !== null) {
        return [evidence("xpath-injection", "boolean", found.says, found.shot)];
      }
    }
    return [];
  },
};

/** Operators of MongoDB and its like, in JSON and as `name[$ne]`. */
export const nosql: PointAttack = {
  id: "nosql",
  applies: ({ parameter }) => ["json", "query", "form"].includes(parameter.in),
  run: async (point, lab) => {
    const found = (await operators(point, lab)) ?? (await scripted(point, lab));
    return found === null ? [] : [found];
  },
};

async function operators(point: Point, lab: Lab): Promise<Evidence | null> {
  const { parameter, random } = point;
  const put = async (operator: string, word: string) => {
    const echoes = [word];
    if (parameter.in !== "json") {
      return lab.shoot(point, word, { rename: `${parameter.name}[${operator}]`, echoes });
    }
    const value: Json = { [operator]: word };
    return lab.shoot(point, value, { echoes });
  };
  const found = await twice<Shot>(async () => {
    const word = random.word(9);
    const normal = await lab.scale(point, word);
    if (normal === null || !normal.scale.usable) return null;
    const unequal = await put("$ne", word);
    if (unequal === null || !normal.scale.different(unequal.look, normal.look)) return null;
    const equal = await put("$eq", word);
    // The same form with the opposite meaning: it has to be the plain value again.
    if (equal === null || !normal.scale.same(equal.look, normal.look)) return null;
    if (unequal.answer.status >= 500) return null;
    return {
      says: "the operator $ne is obeyed: `not this word` is answered otherwise than `this word`",
      shot: unequal,
    };
  });
  return found === null
    ? null
    : evidence(
        "nosql-injection",
        "operator",
        [found.says[0], "$eq is obeyed as well, with other words too"],
        found.shot,
      );
}

async function scripted(point: Point, lab: Lab): Promise<Evidence | null> {
  const found = await twice<Shot>(async () => {
    const [value, word] = [point.random.word(8), point.random.word(6)];
    const normal = await lab.scale(point, value);
    if (normal === null || !normal.scale.usable) return null;
    const attack = (truth: boolean) => `${value}' || '${word}'=='${word}${truth ? "" : "x"}`;
    const yes = await lab.shoot(point, attack(true), { echoes: [value] });
    const no = await lab.shoot(point, attack(false), { echoes: [value] });
    if (yes === null || no === null || yes.answer.status >= 500) return null;
    if (!normal.scale.same(no.look, normal.look) || !normal.scale.different(yes.look, no.look))
      return null;
    return {
      says: "a true condition in JavaScript is answered otherwise than a false one",
      shot: yes,
    };
  });
  return found === null
    ? null
    : evidence("nosql-injection", "script", [found.says[0], "and so with other words"], found.shot);
}

function evidence(
  rule: "xpath-injection" | "nosql-injection",
  technique: string,
  says: readonly [string, string],
  shot: Shot,
): Evidence {
  return { rule, technique, evidence: says, replay: shot.request };
}
