import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "../../src/api/client.ts";
import type { PromotionView } from "../../src/api/views.ts";
import { hasEnded } from "../../src/model/promotion.ts";
import type { Load, LoadReport } from "./load.ts";
import type { Progress } from "./progress.ts";

const pollMs = 150;

/** One row of the closing table. */
export interface Promoted {
  readonly view: PromotionView;
  /** What the client saw meanwhile; null when none was running. */
  readonly load: LoadReport | null;
}

/** Promotes and follows until it has ended, whichever way. */
export async function promote(
  client: Client,
  progress: Progress,
  request: { readonly service: string; readonly release: string; readonly environment: string },
  load: Load | null = null,
): Promise<PromotionView> {
  const created = await client.call("promotionCreate", { body: request });
  for (;;) {
    const view = await client.call("promotionShow", { params: { id: created.id } });
    progress.promotion(view, load ? loadLine(load.report()) : undefined);
    if (hasEnded(view.state)) return view;
    await pause(pollMs);
  }
}

export function loadLine(report: LoadReport): string {
  const versions = Object.keys(report.versions).join(" and ");
  return `${report.sent} requests sent, ${report.failed} failed, answered by ${versions || "nobody yet"}`;
}
