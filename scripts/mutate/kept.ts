import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { root } from "../test/run-step.ts";
import type { Mutant } from "./mutants.ts";

/** Not under version control: what is kept is only true of this tree. */
const path = join(root, "coverage", "mutants.json");

/** What was found out about mutants of a file whose text is still the same. Only what tests noticed is kept. */
export class Kept {
  readonly #noticed: Record<string, string>;

  constructor(wanted: boolean) {
    this.#noticed = wanted ? readKept() : {};
  }

  get(mutant: Mutant): string | undefined {
    return this.#noticed[keyOf(mutant)];
  }

  set(mutant: Mutant, outcome: string): void {
    this.#noticed[keyOf(mutant)] = outcome;
  }

  write(): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, JSON.stringify(this.#noticed));
    renameSync(`${path}.new`, path);
  }
}

function keyOf({ file, start, end, becomes }: Mutant): string {
  const text = readFileSync(join(root, file), "utf8");
  return `${file} ${createHash("sha256").update(text).digest("hex").slice(0, 12)} ${start}-${end} ${becomes}`;
}

function readKept(): Record<string, string> {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Record<string, string>;
  } catch {
    return {};
  }
}
