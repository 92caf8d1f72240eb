import { verifyPack } from "../../src/audit/verify-pack.ts";
import { makePack } from "../../src/audit/write-pack.ts";
import { AuditStory, keys, trustRoot } from "../support/audit-story.ts";
import { randomChange, randomOf, takeApart } from "./random-change.ts";

export interface RandomChanges {
  readonly tried: number;
  readonly found: number;
  /** What was not noticed; each is a hole. */
  readonly missed: readonly string[];
  readonly seconds: number;
}

/** Changes one genuine, witnessed pack `count` times, each time in one place, and counts who is caught. */
export async function runRandomChanges(count: number, seed: number): Promise<RandomChanges> {
  const story = await AuditStory.tell({ erase: true });
  const content = await story.content({ witnesses: keys.witnesses, sizes: [story.middle] });
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
