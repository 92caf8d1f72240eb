import type { Threat } from "../../model/requirements.ts";

/** The mean of a threat's five DREAD points, 0 to 10; null when nobody rated it. */
export function rating({ dread }: Pick<Threat, "dread">): number | null {
  if (dread === undefined) return null;
  const points = Object.values(dread);
  return points.reduce((sum, one) => sum + one, 0) / points.length;
}
