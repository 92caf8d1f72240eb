import type { LaneView } from "../../../src/api/views.ts";
import type { PromotionSummary } from "../api/queries.ts";

const tiers = ["development", "testing", "staging", "production"];

export interface MatrixRow {
  readonly service: string;
  /** One an environment, in the columns' order; null where the service does not go. */
  readonly cells: readonly (LaneView | null)[];
}

/** Columns by tier, then by their place in the pipelines; rows by name. */
export function arrange(lanes: readonly LaneView[], filter: string) {
  const places = new Map<string, { name: string; tier: string; order: number }>();
  for (const { environment, tier, order } of lanes) {
    const known = places.get(environment);
    if (known === undefined || order < known.order) {
      places.set(environment, { name: environment, tier, order });
    }
  }
  const environments = [...places.values()].sort(
    (a, b) =>
      tiers.indexOf(a.tier) - tiers.indexOf(b.tier) ||
      a.order - b.order ||
      a.name.localeCompare(b.name),
  );
  const wanted = filter.trim().toLowerCase();
  const services = [...new Set(lanes.map((lane) => lane.service))]
    .filter((service) => service.includes(wanted))
    .sort();
  const byKey = new Map(lanes.map((lane) => [`${lane.service}/${lane.environment}`, lane]));
  const rows = services.map((service): MatrixRow => ({
    service,
    cells: environments.map(({ name }) => byKey.get(`${service}/${name}`) ?? null),
  }));
  return { environments, rows };
}

/** The newest promotion of each lane. */
export function latestAttempts(
  promotions: readonly PromotionSummary[],
): ReadonlyMap<string, PromotionSummary> {
  const latest = new Map<string, PromotionSummary>();
  for (const promotion of promotions) {
    const key = `${promotion.service}/${promotion.environment}`;
    const known = latest.get(key);
    if (known === undefined || known.createdAt < promotion.createdAt) latest.set(key, promotion);
  }
  return latest;
}
