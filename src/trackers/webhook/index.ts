import { createHmac } from "node:crypto";
import type { TrackerSettings } from "../../model/service-security.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Tracker } from "../../ports/tracker.ts";

type Settings = Extract<TrackerSettings, { kind: "webhook" }>;

/**
 * Anything that takes a signed POST. It cannot be asked, so it is told the marker as the `Idempotency-Key`: the same
 * finding may arrive twice, and is one. Its answer's body is not read.
 */
export const webhook: Tracker<Settings> = {
  id: "webhook",
  find: async () => null,
  async create({ url }, issue, call) {
    const body = JSON.stringify({ formatVersion: 1, event: "finding.waiting", ...issue });
    const signature = createHmac("sha256", call.token).update(body).digest("hex");
    const { status } = await call.send({
      method: "POST",
      url,
      headers: {
        "content-type": "application/json",
        "idempotency-key": issue.marker,
        "x-tidelock-signature": `sha256=${signature}`,
      },
      body,
    });
    if (status < 200 || status >= 300) {
      throw new TidelockError("unavailable", `the webhook answered ${status}`, {
        where: new URL(url).origin,
        retryable: status >= 500 || status === 429,
      });
    }
    return { id: issue.marker, url: null, state: "unknown" };
  },
  read: async (_settings, id) => ({ id, url: null, state: "unknown" }),
};
