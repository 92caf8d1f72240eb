import type { CheckContext } from "../../ports/check.ts";
import type { Exchange } from "../exchange.ts";
import { compareHeads } from "../compare-head.ts";
import { askTested, LiveSide } from "../live-side.ts";
import { type TargetAddress, targetsOf } from "../targets.ts";
import type { Difference, DifferenceClass } from "./classes.ts";
import type { ParityConfiguration } from "./schema.ts";

export interface ComparedAnswers {
  readonly differences: readonly Difference[];
  /** Paths that both sides answered. */
  readonly compared: number;
  /** Whole answers, of both. */
  readonly answers: number;
  /** Places that one side does not answer the same twice; nothing is said of them. */
  readonly noise: readonly string[];
}

/** Of a body nothing is compared. */
const maxBodyBytes = 64 * 1024;

/**
 * Asks both environments for the same paths, twice each, and compares status and headers. The other environment is
 * asked with GET at its public address, as any user: without a credential and without the mark of a scan.
 */
export async function compareAnswers(
  context: CheckContext,
  { paths, otherPerSecond, timeoutMs }: ParityConfiguration,
  other: { readonly name: string; readonly origin: string },
): Promise<ComparedAnswers> {
  const target = testedAddress(context);
  const differences: Difference[] = [];
  const noise = new Set<string>();
  let compared = 0;
  let answers = 0;
  if (target === null) return { differences, compared, answers, noise: [] };
  const limits = { timeoutMs, maxBodyBytes };
  const there = new LiveSide(context, { ...limits, livePerSecond: otherPerSecond }, other.origin);
  const at = { live: other.origin, tested: target.origin };
  const same = new URL(at.live).protocol === new URL(at.tested).protocol;
  for (const path of new Set(paths)) {
    context.signal.throwIfAborted();
    const request = { method: "GET", path, headers: {} } as const;
    const name = `GET ${path}`;
    const theirs = await twice(() => there.ask(request));
    const ours = await twice(() => askTested(context, limits, target, request));
    answers += theirs.answers.length + ours.answers.length;
    if (theirs.why !== null) {
      const message = `${name} is not answered in ${other.name}: ${theirs.why}`;
      differences.push({ class: "no-answer-there", place: name, message });
    } else if (ours.why !== null) {
      const message = `${name} is not answered here, and in ${other.name} it is: ${ours.why}`;
      differences.push({ class: "no-answer", place: name, message });
    }
    const [was, wasAgain] = theirs.answers;
    const [is, isAgain] = ours.answers;
    if (!was || !wasAgain || !is || !isAgain) continue;
    compared += 1;
    const unstable = new Set([
      ...unstableIn(was, wasAgain, at.live),
      ...unstableIn(is, isAgain, at.tested),
    ]);
    for (const found of compareHeads(was, is, at)) {
      const place = `${name} ${found.place}`;
      if (unstable.has(found.place)) {
        noise.add(place);
        continue;
      }
      const message = `${name}: ${found.message.replaceAll("on the live side", `in ${other.name}`)}`;
      differences.push({
        class: found.class,
        place,
        message,
        // What browsers take over TLS alone, where one of the two has none: that difference counts by itself.
        ...(!same && needsTls(found.place, found.class) && { mild: true }),
      });
    }
  }
  return { differences, compared, answers, noise: [...noise] };
}

/** As users would get there: the public address with the tester's credential on an idle colour, else an instance. */
function testedAddress(context: CheckContext): TargetAddress | null {
  if (context.route !== null && context.tester !== null) {
    return targetsOf(context, "route")[0] ?? null;
  }
  return targetsOf(context, "instances")[0] ?? null;
}

async function twice(ask: () => ReturnType<LiveSide["ask"]>) {
  const answers: Exchange[] = [];
  for (let turn = 0; turn < 2; turn += 1) {
    const asked = await ask();
    if (asked.kind === "none") return { answers, why: asked.why };
    answers.push(asked.answer);
  }
  return { answers, why: null };
}

function unstableIn(one: Exchange, two: Exchange, origin: string): readonly string[] {
  const at = { live: origin, tested: origin };
  return [...compareHeads(one, two, at), ...compareHeads(two, one, at)].map(({ place }) => place);
}

function needsTls(place: string, which: DifferenceClass): boolean {
  return place === "header strict-transport-security" || which === "cookie-weaker";
}
