import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { copyTree } from "../break-it/copy-tree.ts";
import { root } from "../test/run-step.ts";
import { apply, type Mutant } from "./mutants.ts";

/**
 * Those that the compiler refuses, which never get as far as a test. All at once: each stands beside its file, under a
 * name of its own, in a copy of the tree.
 */
export function refusedByTypes(mutants: readonly Mutant[]): ReadonlySet<Mutant> {
  if (mutants.length === 0) return new Set();
  const copy = copyTree();
  try {
    const byName = new Map<string, Mutant>();
    for (const [index, mutant] of mutants.entries()) {
      const name = mutant.file.replace(/\.ts$/, `.mutant-${index}.ts`);
      byName.set(name, mutant);
      writeFileSync(
        join(copy.tree, name),
        apply(readFileSync(join(root, mutant.file), "utf8"), mutant),
      );
    }
    const options = {
      extends: "./tsconfig.json",
      include: [],
      files: [...byName.keys()],
      // That a value is not asked any more is for a test to notice.
      compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    };
    writeFileSync(join(copy.tree, "tsconfig.mutants.json"), JSON.stringify(options));
    const tsc = join(root, "node_modules", ".bin", "tsc");
    const { stdout, error } = spawnSync(tsc, ["--pretty", "false", "-p", "tsconfig.mutants.json"], {
      cwd: copy.tree,
      encoding: "utf8",
      maxBuffer: 64 * 1_048_576,
    });
    if (error) throw error;
    const refused = new Set<Mutant>();
    for (const [, name] of stdout.matchAll(/^([^(\n]+)\(\d+,\d+\): error /gm)) {
      const mutant = byName.get(name ?? "");
      if (mutant === undefined)
        throw new Error(`a mutant is not the reason: ${stdout.slice(0, 500)}`);
      refused.add(mutant);
    }
    return refused;
  } finally {
    copy.remove();
  }
}
