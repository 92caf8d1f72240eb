import type { SignalView } from "../api/routes/signals.ts";
import type { Card } from "./output/print.ts";
import { when } from "./output/words.ts";

/** What a runtime control saw. */
export function signalCard(view: SignalView): Card<SignalView> {
  const { service, environment, release } = view;
  return {
    item: view,
    name: view.id,
    lines: [
      ["source", view.source],
      ["id", view.id],
      ["about", `${service}@${release.version ?? "?"} in ${environment} (${release.id})`],
      ["kind", view.kind],
      ["severity", view.severity],
      ["message", view.message],
      ["recorded", when(view.at)],
      ["by", view.by],
    ],
  };
}
