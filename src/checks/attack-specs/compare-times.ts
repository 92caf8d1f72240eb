import { unproven } from "./outcome.ts";
import { present } from "./sign-in.ts";
import type { Person, World } from "./world.ts";

/** The quickest answers, in milliseconds: noise only ever adds. */
export interface Quickest {
  readonly known: number;
  readonly unknown: number;
}

/** Fewer than many services take before they lock an account. */
const tries = 9;

/**
 * Measures how long wrong passwords take for a name that somebody has, and for names that nobody has; twice when
 * the first time tells them apart. A locked account is answered without a look at its password, and its time
 * says nothing: each measurement stands between two sign-ins with the right password, which also let the
 * service count wrong ones anew.
 *
 * @throws Ended `inconclusive` where the answers cannot be compared
 */
export async function compareTimes(
  world: World,
  person: Person,
): Promise<{ readonly first: Quickest; readonly second: Quickest }> {
  const measure = async () => {
    world.actor = "somebody who measures";
    const times = await quickest(world, person);
    await signsIn(world, person);
    return times;
  };
  await signsIn(world, person);
  const first = await measure();
  // A busy machine makes single answers late, and hardly all of them, and hardly twice.
  return { first, second: apart(first) === 0 ? first : await measure() };
}

async function quickest(world: World, { name, username }: Person): Promise<Quickest> {
  let [known, unknown] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let count = 0; count < tries; count += 1) {
    const nobody = `nobody-${world.values.get("random")}-${count}`;
    const one = await present(world, username, `Wrong-${count}`);
    const other = await present(world, nobody, `Wrong-${count}`);
    if (one.status !== other.status || [423, 429].includes(one.status)) {
      incomparable(
        `wrong password ${count + 1} of ${name} is answered with ${one.status}, and one of a name that nobody has with ${other.status}`,
      );
    }
    known = Math.min(known, one.latencyMs);
    unknown = Math.min(unknown, other.latencyMs);
  }
  return { known, unknown };
}

/** In a browser of its own: who is signed in may be answered otherwise. */
async function signsIn(world: World, { name, username, password }: Person): Promise<void> {
  world.actor = `${name} beside the measurement`;
  world.jar.clear();
  const { status } = await present(world, username, password);
  if (status >= 400) incomparable(`the right password of ${name} is answered with ${status}`);
}

function incomparable(why: string): never {
  unproven(
    `the times cannot be compared: ${why}. Where an account is locked after fewer than ${tries} wrong passwords, leave the scenario out (\`except: ["@timing"]\` for the supplied one)`,
  );
}

/** Which of the two takes longer, as a sign; 0 when they cannot be told apart. */
export function apart({ known, unknown }: Quickest): number {
  const by = known - unknown;
  return Math.abs(by) < 25 || Math.abs(by) < Math.max(known, unknown) / 2 ? 0 : Math.sign(by);
}
