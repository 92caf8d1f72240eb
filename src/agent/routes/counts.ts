import type { LaneTraffic } from "../../model/traffic.ts";
import type { Result } from "../../ports/host-agent.ts";
import type { RouterSupervisor } from "./router-supervisor.ts";

/** What users of a lane got, by the router's own count. Without a router that answers, or with one from before, null. */
export async function countedTraffic(
  router: RouterSupervisor | undefined,
  lane: string,
): Promise<LaneTraffic> {
  const answer = await router?.traffic().catch(() => null);
  return answer?.lanes.find((one) => one.lane === lane) ?? { lane, colours: null };
}

/** Where requests with a scan's mark went. */
export async function countedScan(
  router: RouterSupervisor | undefined,
  lane: string,
  scan: string,
): Promise<Result<"scan.read">> {
  const answer = await router?.read().catch(() => null);
  const effective = answer?.lanes.find((one) => one.lane === lane)?.effective ?? null;
  if (!answer || effective === null) return { seen: null, router: null, weights: null };
  const none = { blue: { tester: 0, other: 0 }, green: { tester: 0, other: 0 } };
  return {
    seen: effective.scans?.[scan] ?? none,
    router: String(answer.pid),
    weights: effective.weights,
  };
}
