import { Installation, type Subject } from "./lib/checks/installation.ts";
import { spanSeconds, stepsMs, workSeconds } from "./lib/checks/spans.ts";
import { type BenchResult, median, quantile, round } from "./lib/report.ts";

/** So many checks that do nothing stand in one promotion. */
const many = 8;

const repeated = (uses: string, phase: string) =>
  [
    "      checks:",
    ...Array.from(
      { length: many },
      (_, index) => `        - { name: nothing-${index}, uses: ${uses}, phase: ${phase} }`,
    ),
  ].join("\n");
const scanners = ["secrets", "sast", "dev-tools"];

const subjects = {
  none: { service: "none", environment: "" },
  files: { service: "files", environment: repeated("nothing-in-files", "static") },
  deployed: { service: "deployed", environment: repeated("nothing-at-service", "deployed") },
  profile: { service: "profile", environment: "      profile: testing" },
  scanners: {
    service: "scanners",
    environment: [
      "      checks:",
      ...scanners.map(
        (one) => `        - { name: ${one}, uses: ${one}, phase: static, allowWarn: true }`,
      ),
    ].join("\n"),
  },
} as const satisfies Record<string, Subject>;

/**
 * What the runner costs: how much longer a promotion takes for each check that does nothing, beside bare durable
 * commits of the same count; and the checks of the testing profile one after the other and together. Everything is the
 * real thing: embedded PostgreSQL, host agent, router, services. Arguments: rounds (default 5), rounds of the profile
 * (default 3).
 */
export async function checksBench(argv: readonly string[]): Promise<BenchResult> {
  const [rounds = 5, profileRounds = 3] = argv.map(Number);
  const installation = await Installation.make(Object.values(subjects));
  try {
    const overhead = await measureOverhead(installation, rounds);
    const profile = await measureProfiles(installation, profileRounds);
    return report(overhead, profile);
  } finally {
    await installation.close();
  }
}

type Kind = "files" | "deployed";
interface Overhead {
  /** Milliseconds for each check, a value a round. */
  readonly ms: Record<Kind, { one: number[]; four: number[] }>;
  /** Writing transactions for each check, of everybody, a value a round. */
  readonly commits: Record<Kind, number[]>;
  readonly bareCommitMs: number[];
}

async function measureOverhead(installation: Installation, rounds: number): Promise<Overhead> {
  const measured: Overhead = {
    ms: { files: { one: [], four: [] }, deployed: { one: [], four: [] } },
    commits: { files: [], deployed: [] },
    bareCommitMs: [],
  };
  // The first promotion of each finds nothing live, and programs cold.
  for (const kind of ["none", "files", "deployed"]) await installation.promote(kind);
  for (let at = 0; at < rounds; at += 1) {
    for (const [schedule, atOnce] of [
      ["one", 1],
      ["four", 4],
    ] as const) {
      await installation.atOnce(atOnce);
      const bare = await counted(installation, "none");
      for (const kind of ["files", "deployed"] as const) {
        const full = await counted(installation, kind);
        measured.ms[kind][schedule].push(stepsMs(full.view) / many);
        if (schedule === "one") measured.commits[kind].push((full.commits - bare.commits) / many);
      }
    }
    measured.bareCommitMs.push(median(await installation.bareCommits(100)));
    console.log(`overhead, round ${at + 1} of ${rounds}`);
  }
  return measured;
}

async function counted(installation: Installation, service: string) {
  const before = await installation.transactions();
  const view = await installation.promote(service);
  return { view, commits: (await installation.transactions()) - before };
}

interface Schedules {
  /** From the first check's begin to the last one's end, phase by phase; a value a round. */
  readonly serial: number[];
  readonly parallel: number[];
  /** What the checks took by themselves, all together, in the serial rounds. */
  readonly work: number[];
  names: readonly string[];
}

async function measureProfiles(
  installation: Installation,
  rounds: number,
): Promise<Record<"profile" | "scanners", Schedules>> {
  const make = (): Schedules => ({ serial: [], parallel: [], work: [], names: [] });
  const measured = { profile: make(), scanners: make() };
  for (let at = 0; at < rounds; at += 1) {
    // In turns, and each other round the other way about: what warms up helps both alike.
    const order = at % 2 === 0 ? ([1, 4] as const) : ([4, 1] as const);
    for (const atOnce of order) {
      await installation.atOnce(atOnce);
      for (const service of ["profile", "scanners"] as const) {
        const view = await installation.promote(service);
        const into = measured[service];
        into[atOnce === 1 ? "serial" : "parallel"].push(spanSeconds(view.checks));
        if (atOnce === 1) into.work.push(workSeconds(view.checks));
        into.names = view.checks.map(({ name }) => name);
      }
    }
    console.log(`testing profile, round ${at + 1} of ${rounds}`);
  }
  return measured;
}

function report(
  { ms, commits, bareCommitMs }: Overhead,
  { profile, scanners: files }: Record<"profile" | "scanners", Schedules>,
): BenchResult {
  const bareMs = (kind: Kind) => median(commits[kind]) * median(bareCommitMs);
  const each = (of: { one: number[]; four: number[] }) => ({
    oneAfterTheOther: spread(of.one),
    fourAtOnce: spread(of.four),
  });
  const row = (name: string, values: readonly number[], unit: string) => [
    name,
    `${round(median(values), 2)} ${unit}`,
    `${round(quantile(values, 0.1), 2)}-${round(quantile(values, 0.9), 2)}`,
  ];
  return {
    figures: {
      overheadMsPerCheck: round(median(ms.deployed.one)),
      overheadMs: { files: each(ms.files), deployed: each(ms.deployed) },
      commitsPerCheck: {
        files: round(median(commits.files)),
        deployed: round(median(commits.deployed)),
      },
      bareCommitMs: spread(bareCommitMs),
      ratioToBare: {
        files: round(median(ms.files.one) / bareMs("files")),
        deployed: round(median(ms.deployed.one) / bareMs("deployed")),
      },
      serialSeconds: round(median(profile.serial)),
      parallelSeconds: round(median(profile.parallel)),
      profile: figuresOf(profile),
      fileScanners: figuresOf(files),
    },
    table: [
      ["", "median", "p10-p90"],
      row("a check of files adds, one after the other", ms.files.one, "ms"),
      row("a check of files adds, four at once", ms.files.four, "ms"),
      row("a check of a colour adds, one after the other", ms.deployed.one, "ms"),
      row("a check of a colour adds, four at once", ms.deployed.four, "ms"),
      row("one bare durable commit", bareCommitMs, "ms"),
      row(`testing profile (${profile.names.join(", ")}), serial`, profile.serial, "s"),
      row("testing profile, parallel", profile.parallel, "s"),
      row(`scanners of files (${files.names.join(", ")}), serial`, files.serial, "s"),
      row("scanners of files, parallel", files.parallel, "s"),
    ],
    notes: [
      `A check that does nothing, ${many} in a promotion, from the beginning of the first check's step to the end of the last one's; its own run takes no time, so all of it is the runner's.`,
      "Commits are the difference to a promotion without checks, by PostgreSQL's transaction numbers, everybody's: heartbeats and checkpoints of the longer promotion are among them, so the ratio is rather too kind.",
      "A check of a colour has its instances' identity proven before, while and after it runs; one of files has not.",
      "Seconds count from the first check's begin to the last one's end, in each phase. Serial is the same runner with one check at a time.",
    ],
    ok: true,
  };
}

function spread(values: readonly number[]) {
  return {
    median: round(median(values)),
    p10: round(quantile(values, 0.1)),
    p90: round(quantile(values, 0.9)),
  };
}

function figuresOf({ serial, parallel, work, names }: Schedules) {
  return {
    checks: names,
    serialSeconds: spread(serial),
    parallelSeconds: spread(parallel),
    workSeconds: spread(work),
    speedup: round(median(serial) / median(parallel)),
  };
}
