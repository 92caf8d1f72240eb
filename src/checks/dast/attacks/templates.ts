import { type Shot, twice } from "../lab.ts";
import { textOf } from "../../probing/operation.ts";
import type { PointAttack } from "./attack.ts";

const marks: readonly ((product: string) => string)[] = [
  (product) => `{{${product}}}`,
  (product) => `\${${product}}`,
  (product) => `<%= ${product} %>`,
  (product) => `#{${product}}`,
  (product) => `*{${product}}`,
  (product) => `@(${product})`,
  (product) => `{${product}}`,
  (product) => `[[\${${product}}]]`,
];

/** Template engines work out what stands between their marks. */
export const templates: PointAttack = {
  id: "template",
  run: async (point, lab) => {
    const word = point.random.word(9);
    const plain = await lab.shoot(point, word);
    if (plain === null || !plain.answer.body.includes(word)) return [];
    for (const mark of marks) {
      const found = await twice<Shot>(async () => {
        const around = point.random.word(5);
        const [a, b] = [point.random.between(1_009, 9_973), point.random.between(1_009, 9_973)];
        const shot = await lab.shoot(point, `${around}${mark(`${a}*${b}`)}${around}`);
        if (shot === null || !shot.answer.body.includes(`${around}${a * b}${around}`)) return null;
        return { says: `${mark("a*b")} was worked out`, shot };
      });
      if (found !== null) {
        return [
          {
            rule: "template-injection",
            technique: "product",
            evidence: [found.says[0], "and again with other numbers"],
            replay: found.shot.request,
          },
        ];
      }
    }
    return [];
  },
};

/** Data that carries code. Only where the sample looks like such data, or the name says so. */
export const deserialization: PointAttack = {
  id: "deserialization",
  applies: ({ parameter }) =>
    // oxlint-disable-next-line no-control-regex
    /^(\(dp|\(lp|\x80|\ufffd[\x02-\x05]|c[\w.]+\n|gA[JNRS]|KGRw|_\$\$ND_FUNC|rO0AB|O:\d)/.test(
      textOf(parameter.value),
    ) || /^(object|obj|pickle|serialized|state|payload)$/i.test(parameter.name),
  run: async (point, lab) => {
    const ways: readonly ((a: number, b: number) => string)[] = [
      (a, b) => `coperator\nmul\n(I${a}\nI${b}\ntR.`,
      (a, b) => Buffer.from(`coperator\nmul\n(I${a}\nI${b}\ntR.`).toString("base64"),
      (a, b) => `{"x":"_$$ND_FUNC$$_function(){return ${a}*${b}}()"}`,
    ];
    for (const way of ways) {
      const found = await twice<Shot>(async () => {
        const [a, b] = [point.random.between(10_007, 99_991), point.random.between(10_007, 19_997)];
        const shot = await lab.shoot(point, way(a, b));
        if (shot === null || !shot.answer.body.includes(`${a * b}`)) return null;
        return {
          says: "a function that the data named was called: the answer has its result",
          shot,
        };
      });
      if (found !== null) {
        return [
          {
            rule: "unsafe-deserialization",
            technique: "call",
            evidence: [found.says[0], "and again with other numbers"],
            replay: found.shot.request,
          },
        ];
      }
    }
    return [];
  },
};
