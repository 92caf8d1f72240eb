import type { CheckContext } from "../../ports/check.ts";
import { describeFailure, exchange } from "../exchange.ts";
import type { TargetAddress } from "../targets.ts";
import { bodyOf, headersOf, nameOf } from "./order.ts";
import type { LoadConfiguration, Route } from "./schema.ts";

export interface Doubt {
  readonly verdict: "inconclusive" | "error";
  readonly summary: string;
}

const bodyBytes = 256 * 1024;
/** Bounded on both sides, as it reads what others wrote. */
const signIn = /<input\b[^>]{0,500}\btype\s{0,5}=\s{0,5}["']?password/i;

/**
 * Asks each route once on each instance, before anything is loaded: what cannot be reached is an error, and what is
 * only a sign-in page, a redirect or a refusal would be a load test of nothing.
 */
export async function lookFirst(
  context: CheckContext,
  { routes, timeoutMs, ca }: LoadConfiguration,
  targets: readonly TargetAddress[],
): Promise<Doubt | null> {
  for (const target of targets) {
    for (const route of routes) {
      context.signal.throwIfAborted();
      const body = bodyOf(route)?.replaceAll("{n}", "0");
      const asked = exchange({
        origin: target.origin,
        path: route.path.replaceAll("{n}", "0"),
        method: route.method,
        headers: { ...headersOf(route), ...target.headers },
        timeoutMs,
        maxBodyBytes: bodyBytes,
        signal: context.signal,
        ...(body === undefined ? {} : { body }),
        ...(ca === undefined ? {} : { ca }),
      });
      const answer = await asked.catch((error: unknown) => describeFailure(error));
      context.signal.throwIfAborted();
      if (typeof answer === "string") {
        return { verdict: "error", summary: `${nameOf(route)}, before any load: ${answer}` };
      }
      const doubt = doubtOf(route, answer);
      if (doubt !== null) return { verdict: "inconclusive", summary: `${nameOf(route)} ${doubt}` };
    }
  }
  return null;
}

/** Why load on this route would exercise nothing of it; null when it would. Server errors are for the load to count. */
function doubtOf(route: Route, answer: { status: number; body: string }): string | null {
  const { status } = answer;
  const wanted = route.status === undefined ? null : [route.status].flat();
  const expected = wanted === null ? status >= 200 && status < 300 : wanted.includes(status);
  if (!expected && status < 500 && status !== 429) {
    return `answers ${status} before any load: nothing of it would be exercised; say with \`status\` what it should answer, or ask for something that answers a stranger`;
  }
  if (expected && route.contains === undefined && signIn.test(answer.body)) {
    return "answers with a form that asks for a password; where that is meant, say with `contains` what every answer has";
  }
  return null;
}
