import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installPacked, pack } from "../test/support/packed.ts";
import { type BenchResult, median, quantile, round } from "./lib/report.ts";

/**
 * What a keystroke costs: `tidelock --version` of the packed and installed package beside `node -e 0`,
 * as whole processes, in pairs so that a busy machine slows both. Argument: pairs (default 30).
 */
export async function cliBench(argv: readonly string[]): Promise<BenchResult> {
  const [pairs = 30] = argv.map(Number);
  const folder = mkdtempSync(join(tmpdir(), "tidelock-bench-cli-"));
  try {
    const { tarball } = await pack(join(folder, "packed"));
    const home = join(folder, "installed");
    await installPacked(tarball, home);
    const entry = join(home, "node_modules", ".bin", "tidelock");
    const cli: number[] = [];
    const bare: number[] = [];
    // The first run of a user fills Node's compile cache; the rest are every day.
    timeOf([entry, "--version"]);
    for (let i = 0; i < pairs; i++) {
      cli.push(timeOf([entry, "--version"]));
      bare.push(timeOf(["-e", "0"]));
    }
    const ratios = cli.map((ms, i) => ms / (bare[i] ?? Number.NaN));
    return {
      figures: {
        coldStartMs: round(median(cli)),
        nodeMs: round(median(bare)),
        ratioToNode: round(median(ratios)),
        ratioSpread: [round(quantile(ratios, 0.1)), round(quantile(ratios, 0.9))],
      },
      table: [["", "median", "p10", "p90"], row("tidelock --version", cli), row("node -e 0", bare)],
      notes: [`${pairs} pairs, whole processes; ratio of each pair, then the median.`],
      ok: true,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function timeOf(argv: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
  return performance.now() - start;
}

function row(name: string, times: readonly number[]): string[] {
  const of = (share: number) => `${quantile(times, share).toFixed(1)} ms`;
  return [name, of(0.5), of(0.1), of(0.9)];
}
