import { Release } from "../model/release.ts";
import { parsedJson } from "./checks/blobs.ts";
import type { PromotionStory } from "./checks/story.ts";
import { byStream } from "./checks/streams.ts";
import { paths } from "./format.ts";
import type { LogEntry } from "./log-entry.ts";
import { DeploymentChanged, LaneChanged } from "./payloads.ts";
import type { Pack } from "./read-pack.ts";

/** A release's time in an environment, and how it ended: `complete` of its promotion does not say that. */
export interface DeploymentStory {
  readonly stream: string;
  readonly release: string;
  readonly promotion: string;
  readonly from: string;
  /** Null while it is live at the end of its stream. */
  readonly until: string | null;
  readonly end: DeploymentEnd | null;
  /** Known to be worse since then; the reason as it stands in the ledger. */
  readonly revoked: { readonly at: string; readonly reason: string } | null;
  /** The last entry about it was erased: what it became after that is gone. */
  readonly erased: boolean;
}

export interface DeploymentEnd {
  /** `rolled-back`: the traffic went back, asked for or of itself. `stopped`: to nobody. */
  readonly how: "rolled-back" | "replaced" | "stopped";
  /** What got the traffic, by version where the pack has that release; null: nothing. */
  readonly to: string | null;
  /** The promotion that moved the traffic away, or the own one when its watch returned it. */
  readonly by: string | null;
  readonly actor: string | null;
  readonly reason: string;
}

interface Life {
  deployment: DeploymentChanged;
  /** What the lane said was live when this one ended. */
  next: LaneChanged | null;
  /** The promotion that is live next had its time before: nobody asked, the traffic was returned to it. */
  returned: boolean;
  /** Who had wanted the service stopped by then, when that came last. */
  stopper: string | null;
  erased: boolean;
}

/** Every deployment of the pack's lanes, in the order in which they began. */
export function tellDeployments(
  pack: Pack,
  entries: readonly LogEntry[],
  promotions: readonly PromotionStory[],
): readonly DeploymentStory[] {
  const asked = new Map(promotions.map((promotion) => [promotion.id, promotion]));
  const told: DeploymentStory[] = [];
  for (const [stream, chain] of byStream(entries)) {
    for (const life of livesIn(chain)) told.push(storyOf(pack, stream, life, asked));
  }
  return told.sort((one, two) => (one.from < two.from ? -1 : one.from > two.from ? 1 : 0));
}

/** The lane's row is written before the deployment that ends with it, in one transaction. */
function livesIn(chain: readonly LogEntry[]): readonly Life[] {
  const lives = new Map<string, Life>();
  let lane: LaneChanged | null = null;
  let stopper: string | null = null;
  for (const { leaf, payload } of chain) {
    if (leaf.kind === "service.stop-wanted") stopper = leaf.actor;
    else if (leaf.kind === "promotion.accepted") stopper = null;
    else if (leaf.kind === "lane.changed") lane = LaneChanged.safeParse(payload).data ?? null;
    else if (leaf.kind === "deployment.changed") {
      const key = /^deployment\/[^/]+/.exec(leaf.operation)?.[0] ?? leaf.operation;
      const before = lives.get(key);
      const read = DeploymentChanged.safeParse(payload);
      if (read.success) {
        const deployment = read.data;
        const ends = deployment.until !== null && (before?.deployment.until ?? null) === null;
        const next: LaneChanged | null = lane;
        const known = [...lives.values()].map((life) => life.deployment.promotion);
        const returned = next?.livePromotion ? known.includes(next.livePromotion) : false;
        const none = { next: null, returned: false, stopper: null };
        const end = ends ? { next, returned, stopper } : (before ?? none);
        lives.set(key, { ...end, deployment, erased: false });
      } else if (before) before.erased = true;
    }
  }
  return [...lives.values()];
}

function storyOf(
  pack: Pack,
  stream: string,
  { deployment, next, returned, stopper, erased }: Life,
  asked: ReadonlyMap<string, PromotionStory>,
): DeploymentStory {
  const { release, promotion, from, until, revokedAt, revokedReason } = deployment;
  const revoked = revokedAt === null ? null : { at: revokedAt, reason: revokedReason ?? "" };
  const life = { stream, release, promotion, from, until, revoked, erased };
  if (until === null) return { ...life, end: null };
  const by = next?.livePromotion ?? null;
  const mover = by === null || returned ? undefined : asked.get(by);
  const to = next?.liveRelease ? nameOf(pack, next.liveRelease) : null;
  const back = returned || mover?.accepted.promotion === "rollback";
  if (to !== null && !back) {
    const reason = mover?.accepted.reason ?? "";
    return { ...life, end: { how: "replaced", to, by, actor: mover?.by ?? null, reason } };
  }
  if (to === null && revoked === null) {
    return { ...life, end: { how: "stopped", to, by, actor: stopper, reason: "" } };
  }
  const own = by === null || returned;
  const reason = (own ? revoked?.reason : mover?.accepted.reason) ?? "";
  const actor = own ? null : (mover?.by ?? null);
  return { ...life, end: { how: "rolled-back", to, by: own ? promotion : by, actor, reason } };
}

function nameOf(pack: Pack, release: LaneChanged["liveRelease"] & string): string {
  const bytes = pack.files.get(paths.blob(release));
  const content = bytes && Release.safeParse(parsedJson(bytes));
  return content?.success ? `${content.data.service}@${content.data.version}` : release;
}
