import type { Colour, Lane } from "../../model/primitives.ts";
import { laneKey } from "../../model/primitives.ts";
import type { Engine } from "../engine.ts";

/** A scan's mark, and what the router was when it began. */
export interface ScanMark {
  readonly header: string;
  readonly value: string;
  readonly scan: string;
  readonly router: string | null;
}

/** Marks the requests of one scan, where the lane has a route by which they could come back. */
export async function beginScan(engine: Engine, lane: Lane, ttlMs: number): Promise<ScanMark> {
  const key = laneKey(lane);
  const mark = await engine.agent.call("scan.begin", { lane: key, ttlMs });
  const { router } = await engine.agent.call("scan.read", { lane: key, scan: mark.scan });
  return { ...mark, router };
}

/**
 * Whether a scan stayed on the colour that it was for: null when it did, else why it is void (law 10). A
 * service that hands requests on to the public address is found here: they carry the scan's mark, and
 * arrive without the tester's credential at a colour that users meet.
 */
export async function whyVoid(
  engine: Pick<Engine, "agent">,
  lane: Lane,
  mark: ScanMark,
  tested: Colour,
): Promise<string | null> {
  const { seen, router, weights } = await engine.agent.call("scan.read", {
    lane: laneKey(lane),
    scan: mark.scan,
  });
  if (seen === null || weights === null || router !== mark.router) {
    return "the router was started again during the scan: what it counted of it is lost";
  }
  const other = tested === "blue" ? "green" : "blue";
  const strayed = seen[other].other + seen[other].tester;
  const returned = weights[tested] > 0 ? 0 : seen[tested].other;
  if (strayed + returned === 0) return null;
  return (
    `${strayed + returned} requests of this scan came back to the public address, ${strayed} of them to the ` +
    `${other} colour: the tested release hands on what it is asked, so another one may have answered`
  );
}
