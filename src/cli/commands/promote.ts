import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "../../api/client.ts";
import type { PromotionView } from "../../api/views.ts";
import { TidelockError } from "../../model/errors.ts";
import { defineCommand } from "../define-command.ts";
import { exit } from "../exit-codes.ts";
import {
  argument,
  connectionOptions,
  duration,
  flag,
  name,
  outputOption,
  required,
} from "../options.ts";
import { printOne } from "../output/print.ts";
import { showPlan } from "../plan.ts";
import { followPromotion } from "../promotion/follow.ts";
import { outcomeLine } from "../promotion/outcome.ts";
import { promotionCard } from "../promotion/show.ts";
import { releaseReference } from "../release-reference.ts";

export const command = defineCommand({
  arguments: { release: argument("release", "shop@1.4.2, or 1.4.2 beside a tidelock.yaml") },
  options: {
    to: required(name("--to <environment>", "where it goes")),
    wait: flag("-w, --wait", "wait until it has ended; the exit code tells how"),
    timeout: duration("--timeout <time>", "with --wait: stop waiting after this long"),
    dryRun: flag("--dry-run", "show the plan and start nothing"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Exit codes with --wait: 0 live, 1 failed or returned, 3 denied by a gate, 5 still waiting for an approval, 124 out of time, 130 Ctrl-C. Leaving early does not stop the promotion.",
  examples: ["tidelock promote shop@1.4.2 --to production --wait --timeout 30m"],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const format = context.format(options);
    const reference = await releaseReference(context, args.release, options);
    if (options.dryRun) {
      const view = await client.call("plan", {
        body: { ...reference, environment: options.to },
      });
      return showPlan(context.terminal, format, view);
    }
    const promotion = await create(client, { ...reference, environment: options.to });
    context.terminal.note(`promotion ${promotion.id}`);
    if (options.wait) {
      return followPromotion(context, promotion.id, {
        flags: options,
        format,
        timeoutMs: options.timeout,
      });
    }
    if (format === "table") context.terminal.print(outcomeLine(promotion));
    else await printOne(context.terminal, format, promotionCard(promotion));
    return exit.done;
  },
});

/** A lost answer is asked for again under the same key, so that one wish is one promotion. */
async function create(
  client: Client,
  body: { service: string; release: string; environment: string },
): Promise<PromotionView> {
  const idempotencyKey = randomUUID();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await client.call("promotionCreate", { body: { ...body, idempotencyKey } });
    } catch (error) {
      const again = error instanceof TidelockError && error.retryable && attempt < 3;
      if (!again) throw error;
      await pause(300 * attempt);
    }
  }
}
