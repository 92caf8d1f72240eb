import { bareWrite, commitsPerSecond, ledgerWrite, walSyncs } from "./lib/ledger/commits.ts";
import { checkpointDelays, databaseTime, type Delays, entrySizes } from "./lib/ledger/delays.ts";
import { measureProofs } from "./lib/ledger/proofs.ts";
import { openLedgerStore } from "./lib/ledger/store.ts";
import { measureVerification } from "./lib/ledger/verification.ts";
import { type BenchResult, median, quantile, round } from "./lib/report.ts";

/**
 * What the record costs: entries of the ledger, one commit each, beside single inserts into a bare table of
 * the same database, in turns; how long until an entry stands under a signed checkpoint; how fast a long log
 * is verified, beside SHA-256 alone. Arguments: rounds (default 5), milliseconds of one measurement
 * (default 2000), entries of the log to verify (default 1,000,000).
 */
export async function ledgerBench(argv: readonly string[]): Promise<BenchResult> {
  const [rounds = 5, milliseconds = 2_000, entries = 1_000_000] = argv.map(Number);
  const store = await openLedgerStore();
  try {
    const { database } = store;
    const bare = await bareWrite(database);
    const ledger = ledgerWrite(database);
    const measured: Measured[] = [];
    for (const writers of [1, 8, 32]) {
      const one: Measured = { writers, bare: [], ledger: [], syncsPerCommit: [], delays: [] };
      for (let round = 0; round < rounds; round++) {
        one.bare.push(await commitsPerSecond(bare, writers, milliseconds));
        const before = { syncs: await walSyncs(database), from: await databaseTime(database) };
        const rate = await commitsPerSecond(ledger, writers, milliseconds);
        const to = await databaseTime(database);
        await store.log.flush();
        // Backends report what they have synced once a second at most.
        await new Promise((resolve) => setTimeout(resolve, 1_200));
        one.ledger.push(rate);
        one.syncsPerCommit.push(
          ((await walSyncs(database)) - before.syncs) / ((rate * milliseconds) / 1_000),
        );
        one.delays.push(await checkpointDelays(database, before.from, to));
      }
      measured.push(one);
    }
    await store.rest();
    const proofs = await measureProofs(store);
    const { stored } = await entrySizes(database);
    const verification = await measureVerification(entries);
    return report(measured, { proofs, stored, verification });
  } finally {
    await store.close();
  }
}

interface Measured {
  readonly writers: number;
  readonly bare: number[];
  readonly ledger: number[];
  readonly syncsPerCommit: number[];
  readonly delays: Delays[];
}

interface Rest {
  readonly proofs: Awaited<ReturnType<typeof measureProofs>>;
  readonly stored: number;
  readonly verification: Awaited<ReturnType<typeof measureVerification>>;
}

function report(
  measured: readonly Measured[],
  { proofs, stored, verification }: Rest,
): BenchResult {
  const perWriters = (of: (one: Measured) => number) =>
    Object.fromEntries(measured.map((one) => [`w${one.writers}`, round(of(one))]));
  const delays = measured.flatMap((one) => one.delays);
  const ratios = (one: Measured) => one.ledger.map((rate, i) => rate / (one.bare[i] ?? NaN));
  return {
    figures: {
      appendsPerSecond: perWriters((one) => median(one.ledger)),
      bareCommitsPerSecond: perWriters((one) => median(one.bare)),
      ratioToBare: perWriters((one) => median(ratios(one))),
      walSyncsPerCommit: perWriters((one) => median(one.syncsPerCommit)),
      checkpointDelayMs: {
        median: round(median(delays.map((delay) => delay.median))),
        p99: round(Math.max(...delays.map((delay) => delay.p99))),
        max: round(Math.max(...delays.map((delay) => delay.max))),
      },
      proofMakeMs: round(proofs.makeMs, 3),
      proofVerifyMs: round(proofs.verifyMs, 3),
      verifyRatioToSha256: round(verification.hashRatio),
      verifyWholeRatioToSha256: round(verification.wholeRatio),
      verifySeconds: {
        hashes: round(verification.hashSeconds),
        whole: round(verification.wholeSeconds),
      },
      bytesPerEntry: { leaf: Math.round(verification.leafBytes), stored: Math.round(stored) },
    },
    table: [
      [
        "writers",
        "entries/s",
        "bare/s",
        "ratio",
        "p10-p90",
        "syncs/commit",
        "checkpoint p50",
        "p99",
      ],
      ...measured.map((one) => [
        String(one.writers),
        median(one.ledger).toFixed(0),
        median(one.bare).toFixed(0),
        median(ratios(one)).toFixed(2),
        `${quantile(ratios(one), 0.1).toFixed(2)}-${quantile(ratios(one), 0.9).toFixed(2)}`,
        median(one.syncsPerCommit).toFixed(2),
        `${median(one.delays.map((delay) => delay.median)).toFixed(0)} ms`,
        `${Math.max(...one.delays.map((delay) => delay.p99)).toFixed(0)} ms`,
      ]),
    ],
    notes: [
      "One entry, one commit, fsync on; operations named as the engine names them, thirty to a promotion (the write-ahead log's syncs are PostgreSQL's own count; writers that commit together share one).",
      "Sequencer, tree and signatures run in the writers' process all the time. A checkpoint's delay counts from the writing of the entry to that of the first checkpoint that covers it, p99 of the worst round.",
      `Verification of ${verification.entries} entries: hashes alone take ${verification.hashSeconds.toFixed(1)} s, everything (canonical form, streams, pairs of intent and outcome) ${verification.wholeSeconds.toFixed(1)} s, and SHA-256 over the same bytes ${verification.bareSeconds.toFixed(1)} s.`,
    ],
    ok: true,
  };
}
