import { asTidelockError, type TidelockError } from "../../model/errors.ts";
import type { KeptReport } from "../../model/verdict.ts";
import { digestOf } from "../../model/canonical.ts";
import type { Digest } from "../../model/primitives.ts";
import { readPromotion } from "../../store/queries/promotions.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { readRawReport } from "../../store/queries/evidence.ts";
import { failRun, type OwnRun, skipRun, untakenRuns } from "../../store/queries/findings-runs.ts";
import { knownPlan } from "../attestations/attest-promotion.ts";
import type { Engine } from "../engine.ts";
import { spool } from "./import/spool.ts";
import { type Standing, takeIn } from "./import/take-in.ts";

/** So often it is tried to take in what fails for reasons of its own; that takes about half an hour. */
const mostTries = 9;

/** Adapters whose reports become findings. */
export function scannersOf(engine: Engine): readonly string[] {
  return [...engine.checks.values()]
    .filter(({ judgedBy }) => judgedBy === "observations")
    .map(({ id }) => id);
}

/**
 * Takes in what Tidelock's own runs of scanners reported, each once, whatever their verdict was. Read out of rows
 * each time, so a server that dies leaves it to the next one; two servers at once come to one import. What fails rests
 * longer each time and is given up at last, so that nothing holds up the others.
 *
 * @param promotion only of this one
 */
export async function takeInOwnRuns(
  engine: Engine,
  promotion: string | null = null,
): Promise<void> {
  const scanners = scannersOf(engine);
  if (scanners.length === 0) return;
  for (const run of await untakenRuns(engine.db, scanners, { promotion, limit: 20 })) {
    try {
      await takeInRun(engine, run);
    } catch (error) {
      await noteFailure(engine, run, asTidelockError(error));
    }
  }
}

async function noteFailure(
  { db, notice }: Engine,
  { id }: OwnRun,
  { code, message, retryable }: TidelockError,
): Promise<void> {
  // What cannot be read today cannot be read tomorrow; a disk that is full may have room again; of the rest nobody knows.
  const most =
    code === "invalid-input" ? 1 : retryable || isPassing.has(code) ? neverGivenUp : mostTries;
  const { tries, givenUp } = await failRun(db, id, { why: message, mostTries: most });
  const next = givenUp ? "it is not tried again" : "it is tried again later";
  notice(
    `the report of check ${id} is not among the findings (tried ${tries === 1 ? "once" : `${tries} times`}, ${next}): ${message}`,
  );
}

const neverGivenUp = 2_000_000_000;
/** Conditions of the machine, which pass. */
const isPassing: ReadonlySet<string> = new Set([
  "unavailable",
  "conflict",
  "disk-full",
  "timeout",
  "cancelled",
]);

async function takeInRun(engine: Engine, run: OwnRun): Promise<void> {
  const { db, settings } = engine;
  const bytes = await rawBytes(engine, run.report);
  if (typeof bytes === "string") return skipRun(db, run.id, bytes);
  const release = await readRelease(db, run.release);
  if (!release) return skipRun(db, run.id, "its release is gone");
  const looked = await whatItLooksAt(engine, run);
  if (looked === null) return skipRun(db, run.id, "its promotion demands no such check");
  const spooled = await spool(
    engine.spool,
    (async function* () {
      yield bytes;
    })(),
    settings.reportBytes,
  );
  try {
    await takeIn(
      engine,
      {
        service: run.service,
        // Files are the same wherever they are deployed.
        environment: run.phase === "static" ? null : run.environment,
        release,
        format: run.report.raw?.format ?? null,
        scan: null,
        by: "tidelock",
        checkRun: run.id,
        seenAt: run.ended_at,
      },
      spooled,
      async () => standingOf(run, looked),
    );
  } finally {
    await spooled.remove();
  }
}

/**
 * A check with one configuration is one scan, whatever address it met this time. With another configuration it is
 * another scan: one that was told to look away from something has not seen that it is gone.
 */
function standingOf({ id, name, uses, report, ended_at: at }: OwnRun, looked: Digest): Standing {
  return {
    tool: uses,
    subject: `check ${name} ${looked.slice("sha256:".length, "sha256:".length + 16)}`,
    trust: "own",
    vouchedBy: id,
    claims: false,
    madeAt: at.toISOString(),
    missing: [...whyNotWhole(report)],
    notes: [],
  };
}

/** Of the demand's configuration, without what only judges the hits. Null where its promotion has no such demand. */
async function whatItLooksAt(engine: Engine, run: OwnRun): Promise<Digest | null> {
  const promotion = await readPromotion(engine.db, run.promotion);
  const plan = promotion && knownPlan(promotion);
  const demand = plan?.checks.find(({ name }) => name === run.name);
  if (!demand) return null;
  const { failOn: _fail, warnOn: _warn, ...looks } = demand.with;
  return digestOf({ uses: demand.uses, phase: demand.phase, with: looks });
}

/** Why what a run does not show is not gone. */
function* whyNotWhole(report: KeptReport): Generator<string> {
  const { raw, verdict, identity } = report;
  const passed = verdict === "pass" || verdict === "warn";
  // A hit may fail a whole scan; every other verdict says that something of it counts for nothing.
  const whole = passed ? report.whole !== false : verdict === "fail" && report.whole === true;
  if (!whole) yield `the check did not come to its end: ${verdict}`;
  if (raw?.truncated) yield "its raw report was cut";
  const contradiction = identity?.contradiction ?? null;
  if (contradiction !== null) yield `it may have met somebody else: ${contradiction}`;
}

/** The raw report, or why there is none. */
async function rawBytes(engine: Engine, { raw }: KeptReport): Promise<Buffer | string> {
  if (raw === undefined) return "it handed back no raw report";
  if ("text" in raw) return raw.text === "" ? "its raw report is empty" : Buffer.from(raw.text);
  const bytes = await readRawReport(engine.db, raw.digest);
  if (bytes === undefined) return "its raw report was erased";
  return bytes.length === 0 ? "its raw report is empty" : bytes;
}
