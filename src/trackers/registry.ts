import type { TrackerSettings } from "../model/service-security.ts";
import type { Tracker } from "../ports/tracker.ts";
import { github } from "./github/index.ts";
import { gitlab } from "./gitlab/index.ts";
import { jira } from "./jira/index.ts";
import { webhook } from "./webhook/index.ts";

/** Every tracker by its id, which is its folder's name; a test compares the two. */
export const trackers: ReadonlyMap<TrackerSettings["kind"], Tracker> = new Map(
  [github, gitlab, jira, webhook].map((tracker) => [tracker.id, tracker as Tracker]),
);
