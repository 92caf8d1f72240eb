import type { Lab, Point, Shot } from "../lab.ts";

/** Seconds that a service is asked to wait. */
const pauses = [1, 2] as const;
/** What an answer without a pause may take, or no time can be told. */
const slowestMs = 600;

/**
 * Whether an answer takes as long as it is told to: quick, one pause, quick again, two pauses. Chance and load
 * do not follow that order.
 *
 * @param value what is sent for so many seconds
 */
export async function obeysPauses(
  lab: Lab,
  point: Point,
  value: (seconds: number) => string,
): Promise<{ readonly says: [string, string]; readonly shot: Shot } | null> {
  const [short, long] = pauses;
  const first = await timed(lab, point, value(short));
  if (first === null || first.ms < short * 850) return null;
  const quick = await quickest(lab, point, value(0), Math.min(slowestMs, first.ms / 2));
  if (quick === null) return null;
  const second = await timed(lab, point, value(long));
  if (second === null || second.ms < long * 850 || second.ms < first.ms * 1.4) return null;
  const again = await quickest(lab, point, value(0), slowestMs);
  if (again === null) return null;
  return {
    says: [
      `asked to wait ${short} s it took ${seconds(first.ms)}, asked not to wait ${seconds(quick.ms)}`,
      `asked to wait ${long} s it took ${seconds(second.ms)}, asked not to wait again ${seconds(again.ms)}`,
    ],
    shot: first.shot,
  };
}

/** The same for work instead of pauses: twice as much of it takes markedly longer. */
export async function obeysWork(
  lab: Lab,
  point: Point,
  value: (units: number) => string,
): Promise<{ readonly says: [string, string]; readonly shot: Shot } | null> {
  let units = 4;
  let first = await timed(lab, point, value(units));
  // A fast machine does the first amount in no time: ask for more, a few times, when it took any.
  for (let more = 0; more < 3 && first !== null && first.ms < 500 && first.ms > 120; more += 1) {
    units *= 3;
    first = await timed(lab, point, value(units));
  }
  if (first === null || first.ms < 500) return null;
  const quick = await quickest(lab, point, value(0), first.ms / 3);
  if (quick === null) return null;
  const second = await timed(lab, point, value(units * 2));
  if (second === null || second.ms < first.ms * 1.5) return null;
  const again = await quickest(lab, point, value(0), first.ms / 3);
  if (again === null) return null;
  return {
    says: [
      `${units} units of work took ${seconds(first.ms)}, none ${seconds(quick.ms)}`,
      `${units * 2} units took ${seconds(second.ms)}, none again ${seconds(again.ms)}`,
    ],
    shot: first.shot,
  };
}

/** On a busy machine an answer is late now and then: the best of three counts. */
async function quickest(
  lab: Lab,
  point: Point,
  value: string,
  most: number,
): Promise<{ ms: number; shot: Shot } | null> {
  for (let tries = 0; tries < 3; tries += 1) {
    const one = await timed(lab, point, value);
    if (one !== null && one.ms <= most) return one;
  }
  return null;
}

async function timed(
  lab: Lab,
  point: Point,
  value: string,
): Promise<{ ms: number; shot: Shot } | null> {
  const shot = await lab.shoot(point, value);
  return shot === null ? null : { ms: shot.answer.latencyMs, shot };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
