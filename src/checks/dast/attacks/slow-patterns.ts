import type { PointAttack } from "./attack.ts";

/** What patterns with nested repetition choke on. */
const chokes: readonly ((length: number) => string)[] = [
  (length) => `${"a".repeat(length)}!`,
  (length) => `a@${"a".repeat(length)}!`,
  (length) => `${"a.".repeat(length)}!`,
  (length) => `${"1".repeat(length)}x`,
];
const slowMs = 400;

/** Texts that grow a little until an answer takes long. Ends at once when it does: it must not hurt. */
export const slowPatterns: PointAttack = {
  id: "regex-dos",
  applies: ({ parameter }) =>
    /mail|url|phone|date|name|zip|pattern|regex/i.test(
      `${parameter.name} ${parameter.type ?? ""}`,
    ) && ["json", "form", "query"].includes(parameter.in),
  run: async (point, lab) => {
    for (const choke of chokes) {
      const times: number[] = [];
      let slow: number | null = null;
      for (let length = 12; length <= 36 && slow === null; length += 2) {
        const shot = await lab.shoot(point, choke(length));
        if (shot === null) break;
        times.push(shot.answer.latencyMs);
        if (shot.answer.latencyMs >= slowMs) slow = length;
      }
      if (slow === null || times.length < 2) continue;
      const one = await measure(slow);
      const calm = await lab.shoot(point, `tl${point.random.word(slow - 4)}@example.com`);
      const less = await measure(slow - 2);
      const more = await measure(slow + 1);
      if (one === null || less === null || more === null || calm === null) continue;
      const grows = less.ms < one.ms * 0.6 && more.ms > one.ms * 1.4;
      if (one.ms < slowMs || calm.answer.latencyMs > one.ms / 4 || !grows) continue;
      const says = (length: number, ms: number) =>
        `${length} characters took ${(ms / 1_000).toFixed(2)} s`;
      return [
        {
          rule: "regex-dos",
          technique: "time",
          evidence: [
            `${says(slow - 2, less.ms)}, ${says(slow, one.ms)}, ${says(slow + 1, more.ms)}`,
            `a harmless text of that length took ${(calm.answer.latencyMs / 1_000).toFixed(2)} s`,
          ],
          replay: one.request,
        },
      ];

      async function measure(length: number) {
        const shot = await lab.shoot(point, choke(length));
        return shot === null ? null : { ms: shot.answer.latencyMs, request: shot.request };
      }
    }
    return [];
  },
};
