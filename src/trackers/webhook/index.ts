import { createHmac } from "node:crypto";
import type { TrackerSettings } from "../../model/service-security.ts";
import type { Tracker } from "../../ports/tracker.ts";
import { tell } from "../ask.ts";

type Settings = Extract<TrackerSettings, { kind: "webhook" }>;

/**
 * Anything that takes a signed POST. It cannot be asked, so it is told the marker as the `Idempotency-Key`: the same
 * finding may arrive twice, and is one. Its answer's body is not read.
 */
export const webhook: Tracker<Settings> = {
  id: "webhook",
  find: async () => null,
  async create({ url }, issue, call) {
    const content = { formatVersion: 1, event: "finding.waiting", ...issue };
    const signature = createHmac("sha256", call.token)
      .update(JSON.stringify(content))
      .digest("hex");
    const headers = {
      "idempotency-key": issue.marker,
      "x-tidelock-signature": `sha256=${signature}`,
    };
    await tell("the webhook", { method: "POST", url, headers, content }, call);
    return { id: issue.marker, url: null, state: "unknown" };
  },
  read: async (_settings, id) => ({ id, url: null, state: "unknown" }),
};
