import type { CheckContext } from "../../ports/check.ts";
import { openSessions } from "../probing/identity.ts";
import { resolveIdentities } from "../probing/schema.ts";
import type { RawRequest } from "../probing/operation.ts";
import { BudgetSpent, Prober } from "../probing/prober.ts";
import type { TargetAddress } from "../targets.ts";
import { findSources } from "./describe/source.ts";
import { type Finding, Findings } from "./judge/findings.ts";
import { ProcessWatch } from "./judge/process-watch.ts";
import { type Replayed, replayAll } from "./reproduce/replay.ts";
import { Gone, Run, type Tally } from "./run.ts";
import type { ApiFuzzConfiguration } from "./schema.ts";
import { Sender } from "./sender.ts";

/** What came of a run against one address. */
export interface FuzzResult {
  readonly origin: string;
  readonly findings: readonly Finding[];
  /** Buckets that there was no more room for. */
  readonly lost: number;
  readonly requests: number;
  readonly cases: number;
  readonly declared: readonly string[];
  readonly tally: Tally;
  readonly identities: number;
  /** Why it is not whole; empty when it is. */
  readonly gaps: readonly string[];
  /** Why it says nothing; null when it does. */
  readonly hollow: string | null;
  readonly notes: readonly string[];
  readonly secrets: readonly string[];
  readonly replayed: readonly Replayed[] | null;
}

export interface FuzzOptions {
  /** For tests: every request, in order. */
  readonly log?: (request: RawRequest) => void;
}

/** The whole run: learn what there is to ask, sign in, ask, and say what was seen. */
export async function fuzz(
  context: Pick<
    CheckContext,
    "signal" | "timeoutMs" | "agent" | "slot" | "fence" | "run" | "readSecret" | "readTree" | "tree"
  >,
  configuration: ApiFuzzConfiguration,
  target: TargetAddress,
  options: FuzzOptions = {},
): Promise<FuzzResult> {
  const { limits } = configuration;
  // What was found until then is worth more than being stopped from outside.
  const forMs = Math.min(limits.seconds * 1_000, context.timeoutMs * 0.9);
  const settings = { ...configuration, limits: { ...limits, timeoutMs: limits.hangMs } };
  const prober = new Prober(
    target,
    settings,
    context.signal,
    forMs,
    options.log,
    "tidelock-api-fuzz",
  );
  const watch = new ProcessWatch(context);
  const findings = new Findings();
  const gaps: string[] = [];
  const notes: string[] = [];
  let run: Run | null = null;
  let replayed: readonly Replayed[] | null = null;
  let declared: readonly string[] = [];
  let signedIn: Awaited<ReturnType<typeof openSessions>>["identities"] = [];
  let hollow: string | null = null;
  try {
    const { document, from, files } = await findSources(context, configuration, prober);
    await watch.begin();
    if (!watch.sees)
      notes.push("whether a process ends, and how much memory it takes, cannot be seen here");
    const identities = await resolveIdentities(context, configuration.identities);
    const sessions = await openSessions({ ...configuration, identities }, prober);
    signedIn = sessions.identities;
    gaps.push(...sessions.problems);
    const sender = new Sender(prober, watch, signedIn[0] ?? null);
    if (configuration.replay !== undefined) {
      replayed = await replayAll(configuration.replay, document, sender, findings);
    } else if (document === null) {
      hollow = `there is no description of the API: ${from}`;
    } else {
      const all = document.operations;
      const operations = all.filter((one) => !prober.avoids(one));
      declared = operations.map(({ key }) => key);
      notes.push(`description: ${from}`);
      for (const one of all) if (!operations.includes(one)) notes.push(`avoided: ${one.key}`);
      for (const family of configuration.skip) notes.push(`skipped: ${family}`);
      run = new Run({ document, operations, configuration, sender, watch, findings, files });
      await run.everything();
    }
  } catch (error) {
    if (error instanceof Gone) gaps.push(error.message);
    else if (!(error instanceof BudgetSpent)) throw error;
    else if (run?.whole === true)
      notes.push(`${error.message}; all that was planned had been sent`);
    else gaps.push(`${error.message} before all that was planned had been sent`);
  }
  const tally = run?.tally ?? new Map();
  return {
    origin: target.origin,
    findings: findings.all,
    lost: findings.lost,
    requests: prober.answered,
    cases: run?.cases ?? 0,
    declared,
    tally,
    identities: signedIn.length,
    gaps,
    hollow: hollow ?? (replayed === null ? hollowness(prober, declared, tally) : null),
    notes,
    secrets: signedIn.flatMap(({ secrets }) => secrets),
    replayed,
  };
}

/** Operations that were answered as if the request was right, at least once. */
export function reached(tally: Tally): readonly string[] {
  return [...tally].flatMap(([key, statuses]) =>
    [...statuses.keys()].some((status) => /^[23]\d\d$/.test(status)) ? [key] : [],
  );
}

/** Nothing but refusals was seen: then nothing behind them was tested. */
function hollowness(prober: Prober, declared: readonly string[], tally: Tally): string | null {
  if (declared.length === 0) return "the description names no operation";
  if (prober.answered === 0)
    return `nothing answers: ${prober.lastFailure || "no request was sent"}`;
  if (reached(tally).length > 0) return null;
  const seen = [
    ...new Set([...tally.values()].flatMap((statuses) => [...statuses.keys()])),
  ].toSorted();
  // A service of which every answer is an error was tested: it failed.
  if (seen.some((status) => /^5|crash|no answer/.test(status))) return null;
  return `no operation ever answered below 400 (only ${seen.join(", ") || "nothing"}): what is behind that was not tested`;
}
