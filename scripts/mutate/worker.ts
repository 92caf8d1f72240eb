// A process of `npm run mutate`: one job a line on standard input; one line for each step of it and one answer on
// standard output. It stays, and what does not depend on the mutated file is loaded once, which makes a mutant cost a
// tenth of a second instead of some.
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { root } from "../test/run-step.ts";
import { dependents } from "./imports.ts";
import { apply, type Mutant } from "./mutants.ts";
import { registered } from "./small-vitest.ts";

/** A mutant (null: the code as it is), and the files of the tests that ought to notice it. */
export interface Job {
  readonly mutant: Mutant | null;
  readonly tests: readonly string[];
}

export interface Answer {
  readonly outcome: "killed" | "survived" | "no program";
  /** The test that noticed it. */
  readonly by?: string;
  readonly message?: string;
}

/** A step that is about to be taken. */
export interface Step {
  readonly step: string;
}

/** Laws that take seconds for each mutant (scripts/mutate.ts says why they are not asked). */
const leftOut = "laws of waivers at a gate > ";

// The same cases in each run, and no search for the smallest one that fails.
fc.configureGlobal({ seed: 20_261_122, endOnFailure: true });

const standIn = new URL("small-vitest.ts", import.meta.url).href;
let round = 0;
let mutant: Mutant | null = null;
let anew: ReadonlySet<string> = new Set();
const stripped = new Map<string, string>();

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === "vitest" && context.parentURL !== standIn) {
      return { url: standIn, shortCircuit: true };
    }
    const found = next(specifier, context);
    const place = placeOf(found.url);
    if (place === null || !anew.has(place) || found.url.includes("?")) return found;
    return { ...found, url: `${found.url}?${round}` };
  },
  load(url, context, next) {
    const place = placeOf(url);
    if (place === null || !anew.has(place)) return next(url, context);
    const source =
      place === mutant?.file ? stripTypeScriptTypes(apply(read(place), mutant)) : plain(place);
    return { format: "module", source, shortCircuit: true };
  },
});

function placeOf(url: string): string | null {
  return url.startsWith("file:") ? relative(root, fileURLToPath(url)) : null;
}

function read(place: string): string {
  return readFileSync(join(root, place), "utf8");
}

function plain(place: string): string {
  const text = stripped.get(place) ?? stripTypeScriptTypes(read(place));
  stripped.set(place, text);
  return text;
}

function say(line: Answer | Step): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** How many mutants a test has noticed: who noticed most is asked first. */
const noticed = new Map<string, number>();

async function answerTo(job: Job): Promise<Answer> {
  mutant = job.mutant;
  if (mutant !== null) {
    try {
      stripTypeScriptTypes(apply(read(mutant.file), mutant));
    } catch {
      return { outcome: "no program" };
    }
  }
  for (const file of job.tests) {
    const failed = await firstFailure(file);
    if (failed !== null) {
      noticed.set(failed.by, (noticed.get(failed.by) ?? 0) + 1);
      return { outcome: "killed", ...failed };
    }
  }
  return { outcome: "survived" };
}

async function firstFailure(file: string): Promise<{ by: string; message: string } | null> {
  round += 1;
  anew = new Set([file, ...(mutant === null ? [] : dependents(file, mutant.file))]);
  say({ step: file });
  registered();
  try {
    await import(`${pathToFileURL(join(root, file)).href}?${round}`);
  } catch (error) {
    return { by: file, message: wordsOf(error) };
  }
  const named = registered()
    .filter(({ name }) => !name.startsWith(leftOut))
    .map(({ name, run }) => ({ name: `${file} > ${name}`, run }));
  for (const { name, run } of named.toSorted((a, b) => times(b.name) - times(a.name))) {
    say({ step: name });
    try {
      await run();
    } catch (error) {
      return { by: name, message: wordsOf(error) };
    }
  }
  return null;
}

function times(name: string): number {
  return noticed.get(name) ?? 0;
}

function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300);
}

for await (const line of createInterface({ input: process.stdin })) {
  say(await answerTo(JSON.parse(line) as Job));
}
