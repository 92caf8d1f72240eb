import { execFileSync } from "node:child_process";
import { arch, cpus, release, totalmem } from "node:os";

/** What a bench hands back: figures under the keys that DESIGN.md names, and rows for people. */
export interface BenchResult {
  readonly figures: Record<string, unknown>;
  readonly table: readonly (readonly string[])[];
  /** How it was measured, and what to keep in mind; one sentence a line. */
  readonly notes: readonly string[];
  /** False when a goal was missed in a way that makes the run a failure (a request was lost). */
  readonly ok: boolean;
}

export function machine(extra: Record<string, string> = {}): Record<string, unknown> {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${release()} ${arch()}`,
    node: process.versions.node,
    ...extra,
  };
}

/** First line of `program --flag`; null when it cannot be run. */
export function versionOf(program: string, flag: string): string | null {
  try {
    return execFileSync(program, [flag], { encoding: "utf8" }).split("\n")[0] ?? null;
  } catch {
    return null;
  }
}

export function printTable(rows: readonly (readonly string[])[]): void {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  for (const row of rows) {
    const line = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    console.log(line.join("  "));
  }
}

export function round(value: number, digits = 2): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}

/** @param share between 0 and 1. NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
