// `npm run crash`: server, agent and router are killed before, inside and after every step of a promotion,
// and a server is stopped between its last check and each effect while another one takes over. Everything is
// real; users ask all the time. Prints one table; 6 to 10 minutes on two cores.
//
//   npm run crash                      every case
//   npm run crash -- "router killed"   only those whose scenario, victim and point contain this
//
// TIDELOCK_CRASH_BACK_MS   how long users may miss a router that was killed; 1000 unless given
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { tearDown } from "../test/support/agent-harness.ts";
import { ending, start, stopChildren } from "./test/run-step.ts";

const Rows = z.array(
  z.object({
    scenario: z.string(),
    victim: z.string(),
    point: z.string(),
    ended: z.string(),
    requests: z.int(),
    failed: z.int(),
    backMs: z.int().nullable(),
    ms: z.int(),
    wrong: z.array(z.string()),
    late: z.array(z.string()),
  }),
);
type Row = z.infer<typeof Rows>[number];

const columns = ["victim", "scenario", "point", "ended", "requests", "failed", "back ms", "ms", ""];

function cells(row: Row): string[] {
  const { victim, scenario, point, ended, requests, failed, backMs, ms } = row;
  const verdict = row.wrong.length > 0 ? "WRONG" : row.late.length > 0 ? "LATE" : "ok";
  const figures = [requests, failed, backMs ?? "", ms].map(String);
  return [victim, scenario, point, ended, ...figures, verdict];
}

function printTable(rows: readonly Row[]): void {
  const lines = [columns, ...rows.map(cells)];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  for (const line of lines) {
    console.log(
      line
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  }
}

function printTotals(rows: readonly Row[]): void {
  console.log();
  for (const victim of new Set(rows.map((row) => row.victim))) {
    const its = rows.filter((row) => row.victim === victim);
    const sum = (of: (row: Row) => number) => its.reduce((total, row) => total + of(row), 0);
    const back = its.flatMap(({ backMs }) => backMs ?? []).toSorted((a, b) => a - b);
    const missed =
      back.length === 0
        ? ""
        : `; users missed it for ${back[Math.floor(back.length / 2)]} ms (median), ${back.at(-1)} ms at most`;
    const wrong = its.filter((row) => row.wrong.length > 0).length;
    const late = its.filter((row) => row.late.length > 0).length;
    console.log(
      `${victim}: ${its.length} cases, ${wrong} wrong, ${late} late, ${sum((row) => row.requests)} requests, ${sum((row) => row.failed)} failed${missed}`,
    );
  }
}

/** After a Ctrl-C there are agents left, which outlive whoever started them. */
async function endAgents(work: string): Promise<void> {
  for (const name of readdirSync(work)) {
    if (name.startsWith("tl-agent-")) await tearDown(join(work, name), null);
  }
}

async function main(): Promise<number> {
  const work = mkdtempSync(join(tmpdir(), "tidelock-crash-"));
  const table = join(work, "table.json");
  const only = process.argv.slice(2).join(" ");
  // The services' own users pass through it.
  chmodSync(work, 0o711);
  process.env["TMPDIR"] = work;
  process.env["TIDELOCK_CRASH"] = "all";
  process.env["TIDELOCK_CRASH_TABLE"] = table;
  process.env["TIDELOCK_CRASH_BACK_MS"] ??= "1000";
  if (only !== "") process.env["TIDELOCK_CRASH_ONLY"] = only;
  try {
    const child = start("vitest", ["run", "test/crash/real"], "inherit");
    const code = child === null ? "interrupted" : await ending(child);
    if (existsSync(table)) {
      const rows = Rows.parse(JSON.parse(readFileSync(table, "utf8")));
      const order = [...new Set(rows.map((row) => row.victim))].toSorted();
      printTable(rows.toSorted((a, b) => order.indexOf(a.victim) - order.indexOf(b.victim)));
      printTotals(rows);
    }
    return code === 0 ? 0 : 1;
  } finally {
    await endAgents(work);
    rmSync(work, { recursive: true, force: true });
  }
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    stopChildren(signal);
    process.exitCode = 130;
  });
}
process.exitCode = (await main()) || process.exitCode || 0;
