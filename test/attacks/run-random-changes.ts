import { verifyPack } from "../../src/audit/verify-pack.ts";
import { makePack, type PackContent } from "../../src/audit/write-pack.ts";
import { AuditStory, keys, trustRoot } from "../support/audit-story.ts";
import { jo, ReviewStory } from "../support/review-story.ts";
import { randomChange, randomOf, takeApart } from "./random-change.ts";

export interface RandomChanges {
  readonly tried: number;
  readonly found: number;
  /** What was not noticed; each is a hole. */
  readonly missed: readonly string[];
  readonly seconds: number;
}

export async function releasePack(): Promise<PackContent> {
  const story = await AuditStory.tell({ erase: true });
  return story.content({ witnesses: keys.witnesses, sizes: [story.middle] });
}

export async function reviewPack(): Promise<PackContent> {
  const story = await ReviewStory.tell({ vouched: true, kimBy: jo.person });
  return story.content({ witnesses: keys.witnesses, sizes: [9] });
}

/** Changes one genuine, witnessed pack `count` times, each time in one place, and counts who is caught. */
export async function runRandomChanges(
  count: number,
  seed: number,
  genuinePack: () => Promise<PackContent> = releasePack,
): Promise<RandomChanges> {
  const content = await genuinePack();
  const trust = trustRoot({ quorum: 2 });
  const zip = makePack(content);
  const genuine = verifyPack(zip, trust).report;
  if (genuine.result !== "verified") throw new Error(JSON.stringify(genuine.problems));
  const original = takeApart(zip);
  const random = randomOf(seed);
  const started = performance.now();
  const missed: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const { what, pack } = randomChange(original, random);
    const { report } = verifyPack(pack, trust);
    const located = report.problems.every(({ message }) => message !== "");
    if (report.result !== "failed" || report.problemCount === 0 || !located) missed.push(what);
  }
  const seconds = (performance.now() - started) / 1000;
  return { tried: count, found: count - missed.length, missed, seconds };
}
