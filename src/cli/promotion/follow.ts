import type { PromotionView } from "../../api/views.ts";
import { TidelockError } from "../../model/errors.ts";
import { hasEnded } from "../../model/promotion.ts";
import type { CommandContext } from "../context.ts";
import { exit, type ExitCode } from "../exit-codes.ts";
import type { OutputFormat } from "../options.ts";
import { printOne } from "../output/print.ts";
import type { ConnectionFlags } from "../settings.ts";
import { outcomeCode, outcomeLine } from "./outcome.ts";
import { promotionProgress } from "./progress.ts";
import { promotionCard } from "./show.ts";
import { watchPromotion } from "./watch.ts";

export interface FollowOptions {
  readonly flags: ConnectionFlags;
  readonly format: OutputFormat;
  /** Milliseconds. */
  readonly timeoutMs: number | undefined;
  /** The end that counts as done. */
  readonly wanted?: "complete" | "aborted";
}

/**
 * Waits for the end of a promotion, live on stderr, with its outcome on stdout. Leaving early, by Ctrl-C
 * or time, leaves the promotion alone and says so.
 */
export async function followPromotion(
  context: CommandContext,
  id: string,
  { flags, format, timeoutMs, wanted }: FollowOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  const limit = timeoutMs === undefined ? null : AbortSignal.timeout(timeoutMs);
  const signal = limit === null ? context.signal : AbortSignal.any([context.signal, limit]);
  const client = context.connect(flags, signal);
  const progress = promotionProgress(terminal);
  let last: PromotionView | null = null;
  try {
    const onSilence = (silent: boolean): void =>
      progress.say(silent ? "the server does not answer; still trying" : "the server is back");
    for await (const promotion of watchPromotion(client, id, signal, onSilence)) {
      last = promotion;
      progress.update(promotion);
    }
  } finally {
    progress.end();
  }
  if (last !== null && hasEnded(last.state)) {
    await report(context, format, last);
    return outcomeCode(last, wanted);
  }
  sayGoesOn(context, id);
  if (context.signal.aborted) return exit.interrupted;
  if (last?.waiting && last.decision?.outcome === "wait") return exit.waiting;
  throw new TidelockError("timeout", `the promotion had not ended after the time given`, {
    fault: "operator",
    where: `promotion ${id}`,
  });
}

async function report(
  context: CommandContext,
  format: OutputFormat,
  promotion: PromotionView,
): Promise<void> {
  if (format === "table") context.terminal.print(outcomeLine(promotion));
  else await printOne(context.terminal, format, promotionCard(promotion));
}

function sayGoesOn({ terminal }: CommandContext, id: string): void {
  terminal.note(
    `the promotion goes on without this command; see \`tidelock promotion watch ${id}\`, stop it with \`tidelock promotion abort ${id}\``,
  );
}
