/**
 * `intake`: how long one gigabyte takes through packing (folder to artifact) and through the content store
 * (upload to blob), and the most memory that each process needs. Each runs in a process of its own.
 */
import { execFile } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { BenchResult } from "./lib/report.ts";

export interface IntakeFigures {
  readonly mebibytes: number;
  readonly packSeconds: number;
  readonly packPeakMb: number;
  readonly storeSeconds: number;
  readonly storePeakMb: number;
}

const fixtures = fileURLToPath(new URL("../test/fixtures/store/", import.meta.url));

export async function intakeBench(mebibytes = 1024): Promise<IntakeFigures> {
  const root = mkdtempSync(join(tmpdir(), "bench-intake-"));
  try {
    const [service, blobs] = [join(root, "service"), join(root, "blobs")];
    for (const folder of [service, blobs]) mkdirSync(folder);
    const piece = Buffer.alloc(1 << 20);
    for (let index = 0; index < mebibytes; index++) {
      appendFileSync(join(service, `part-${index % 8}`), randomFillSync(piece));
    }
    const packed = await runFixture("prepare-release.ts", [service]);
    rmSync(service, { recursive: true });
    const stored = await runFixture("put-blob.ts", [blobs, String(mebibytes)]);
    return {
      mebibytes,
      packSeconds: packed.seconds,
      packPeakMb: packed.peakMb,
      storeSeconds: stored.seconds,
      storePeakMb: stored.peakMb,
    };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function runFixture(
  name: string,
  argv: readonly string[],
): Promise<{ seconds: number; peakMb: number }> {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [join(fixtures, name), ...argv]);
  const answer = JSON.parse(stdout) as { seconds: number; peakMb: number; message?: string };
  if (answer.message !== undefined) throw new Error(answer.message);
  const round = (value: number) => Math.round(value * 10) / 10;
  return { seconds: round(answer.seconds), peakMb: round(answer.peakMb) };
}

export async function intakeResult(argv: readonly string[]): Promise<BenchResult> {
  const figures = await intakeBench(Number(argv[0] ?? 1024));
  return {
    figures: { ...figures },
    table: Object.entries(figures).map(([name, value]) => [name, String(value)]),
    notes: ["Each part runs in a process of its own; the peak is that process's."],
    ok: true,
  };
}
