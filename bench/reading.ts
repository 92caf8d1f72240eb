import { spawn } from "node:child_process";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readReport } from "../src/findings/reading/read-report.ts";
import type { BenchResult } from "./lib/report.ts";

/**
 * `npm run bench -- reading [<megabytes>]`: a SARIF report of 1 GB, always the same, is written to a file and read in a
 * process of its own. `processorSeconds` counts what the process computed, also where others shared the machine;
 * `ratioToJsonParse` compares it with parsing as many bytes of the same results by `JSON.parse` alone.
 */
export async function readingBench(argv: readonly string[]): Promise<BenchResult> {
  const megabytes = Number(argv[0] ?? 1_000);
  if (!(megabytes > 0)) throw new Error("usage: npm run bench -- reading [<megabytes>]");
  const folder = await mkdtemp(join(tmpdir(), "tidelock-bench-reading-"));
  try {
    const path = join(folder, "report.sarif");
    const results = await write(path, megabytes * 1_000_000);
    const one = await readInProcess(path);
    const rows: readonly (readonly [string, string])[] = [
      ["results", String(results)],
      ["MB", one.megabytes.toFixed(0)],
      ["seconds", one.seconds.toFixed(1)],
      ["MB/s", one.megabytesPerSecond.toFixed(1)],
      ["processor seconds", one.processorSeconds.toFixed(1)],
      ["MB per processor second", one.megabytesPerProcessorSecond.toFixed(1)],
      ["times JSON.parse alone", one.ratioToJsonParse.toFixed(1)],
      ["peak RSS, MB", one.peakMb.toFixed(0)],
    ];
    const whole = one.observations === results;
    return {
      table: [["what", "figure"], ...rows],
      figures: { ...one, results },
      notes: whole ? [] : [`only ${one.observations} of ${results} results were read`],
      ok: whole && one.peakMb < 300,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function resultOf(index: number): string {
  const file = (number: number) => ({ uri: `src/part${index % 97}/file${number % 1_009}.ts` });
  const step = (number: number) => ({
    location: {
      physicalLocation: { artifactLocation: file(number), region: { startLine: number } },
    },
  });
  return JSON.stringify({
    ruleId: `rule-${index % 50}`,
    level: "warning",
    message: { text: `Value ${index} of "input" reaches a query: é` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: file(index),
          region: { startLine: (index % 5_000) + 1, snippet: { text: `query(input[${index}]);` } },
        },
        logicalLocations: [{ fullyQualifiedName: `part.function${index % 331}` }],
      },
    ],
    partialFingerprints: { primaryLocationLineHash: `${Math.imul(index, 2_654_435_761) >>> 0}:1` },
    codeFlows: [{ threadFlows: [{ locations: [1, 2, 3, 4].map(step) }] }],
  });
}

async function write(path: string, bytes: number): Promise<number> {
  const file = createWriteStream(path);
  const rules = Array.from({ length: 50 }, (_, index) => ({ id: `rule-${index}` }));
  const driver = { name: "bench", version: "1", rules };
  let written = 0;
  let count = 0;
  let text = `{"version":"2.1.0","runs":[{"tool":${JSON.stringify({ driver })},"results":[`;
  while (written < bytes) {
    for (let left = 200; left > 0; left -= 1) {
      text += `${count === 0 ? "" : ","}${resultOf(count)}`;
      count += 1;
    }
    written += Buffer.byteLength(text);
    if (!file.write(text)) await once(file, "drain");
    text = "";
  }
  file.end("]}]}");
  await once(file, "close");
  return count;
}

interface Figures {
  readonly megabytes: number;
  readonly seconds: number;
  readonly megabytesPerSecond: number;
  readonly processorSeconds: number;
  readonly megabytesPerProcessorSecond: number;
  readonly ratioToJsonParse: number;
  readonly peakMb: number;
  readonly observations: number;
}

async function readInProcess(path: string): Promise<Figures> {
  const child = spawn(process.execPath, [import.meta.filename, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`the reading process ended with ${code}`);
  return JSON.parse(text) as Figures;
}

async function measure(path: string): Promise<Figures> {
  const { size } = await stat(path);
  let observations = 0;
  const before = process.cpuUsage();
  const began = performance.now();
  await readReport(
    { open: () => createReadStream(path, { highWaterMark: 1_024 * 1_024 }) },
    { secretKey: null, onBatch: (batch) => void (observations += batch.observations.length) },
  );
  const seconds = (performance.now() - began) / 1_000;
  const used = process.cpuUsage(before);
  const processorSeconds = (used.user + used.system) / 1e6;
  // Of the whole process, in KiB, before anything else is measured.
  const peakMb = (process.resourceUsage().maxRSS * 1_024) / 1e6;
  const megabytes = size / 1e6;
  return {
    megabytes,
    seconds,
    megabytesPerSecond: megabytes / seconds,
    processorSeconds,
    megabytesPerProcessorSecond: megabytes / processorSeconds,
    ratioToJsonParse: processorSeconds / megabytes / parseSecondsPerMegabyte(),
    peakMb,
    observations,
  };
}

/** Of results in lists as long as a block of the file. */
function parseSecondsPerMegabyte(): number {
  const text = `[${Array.from({ length: 2_000 }, (_, index) => resultOf(index)).join(",")}]`;
  const bytes = Buffer.from(text);
  const before = process.cpuUsage();
  for (let left = 40; left > 0; left -= 1) JSON.parse(bytes.toString());
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1e6 / ((bytes.length * 40) / 1e6);
}

const [, program, path] = process.argv;
if (program === import.meta.filename && path !== undefined) {
  console.log(JSON.stringify(await measure(path)));
}
