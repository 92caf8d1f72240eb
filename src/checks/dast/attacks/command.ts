import type { Evidence } from "../finding.ts";
import { type Shot, twice } from "../lab.ts";
import { textOf } from "../../probing/operation.ts";
import type { PointAttack } from "./attack.ts";
import { obeysPauses } from "./timing.ts";

/** How a word gets out of its place in a shell's line. */
const escapes: readonly ((value: string, command: string) => string)[] = [
  (value, command) => `${value};${command}`,
  (value, command) => `${value}|${command}`,
  (value, command) => `${value}&&${command}`,
  (value, command) => `${value}||${command}`,
  (value, command) => `${value}\n${command}\n`,
  (value, command) => `${value}$(${command})`,
  (value, command) => `${value}\`${command}\``,
  (value, command) => `${value}';${command};'`,
  (value, command) => `${value}";${command};"`,
  (_value, command) => `;${command};#`,
];

/** Commands: the shell works out a product, or waits. */
export const command: PointAttack = {
  id: "command",
  run: async (point, lab) => {
    const value = textOf(point.parameter.value);
    const found: Evidence[] = [];
    for (const escape of escapes) {
      const echoed = await twice<Shot>(async () => {
        const word = point.random.word(6);
        const [a, b] = [point.random.between(1_009, 9_973), point.random.between(1_009, 9_973)];
        const shot = await lab.shoot(point, escape(value, `echo ${word}$((${a}*${b}))${word}`));
        if (shot === null || !shot.answer.body.includes(`${word}${a * b}${word}`)) return null;
        return { says: "a shell printed a product that it worked out", shot };
      });
      if (echoed === null) continue;
      const says = [echoed.says[0], "and another one, of other numbers"] as const;
      found.push({
        rule: "command-injection",
        technique: "echo",
        evidence: says as [string, string],
        replay: echoed.shot.request,
      });
      return found;
    }
    for (const escape of escapes) {
      const waited = await obeysPauses(lab, point, (seconds) => escape(value, `sleep ${seconds}`));
      if (waited === null) continue;
      found.push({
        rule: "command-injection",
        technique: "time",
        evidence: waited.says,
        replay: waited.shot.request,
      });
      break;
    }
    return found;
  },
};
