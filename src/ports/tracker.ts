import type { TrackerSettings } from "../model/service-security.ts";

/** What is written into a tracker about one finding. */
export interface TrackerIssue {
  /**
   * Belongs to this finding of this installation and to nothing else. It is put on the issue, so that whoever died after
   * creating it finds it again instead of creating a second one.
   */
  readonly marker: string;
  readonly finding: string;
  readonly title: string;
  /** Plain sentences; texts of reports in it are hostile, and are already cut to one line and escaped. */
  readonly body: string;
}

/** Where an issue stands in a tracker. */
export interface TrackedIssue {
  /** The tracker's own id: `42`, `SEC-7`; of a webhook, the marker. */
  readonly id: string;
  /** For people; null where the tracker gives none. */
  readonly url: string | null;
  /** `unknown`: the tracker says nothing of it. */
  readonly state: "open" | "done" | "unknown";
}

/** What a call to a tracker needs beside its settings. */
export interface TrackerCall {
  readonly token: string;
  /** Ports of this machine on which Tidelock itself listens: no tracker's address leads there. */
  readonly ownPorts: readonly number[];
  readonly signal: AbortSignal;
}

/** A place where findings that are not urgent wait. An adapter is a folder of src/trackers. */
export interface Tracker<Settings extends TrackerSettings = TrackerSettings> {
  readonly id: Settings["kind"];
  /** The issue with this marker, if there is one. */
  find(settings: Settings, marker: string, call: TrackerCall): Promise<TrackedIssue | null>;
  create(settings: Settings, issue: TrackerIssue, call: TrackerCall): Promise<TrackedIssue>;
  read(settings: Settings, id: string, call: TrackerCall): Promise<TrackedIssue>;
}
