import { asTidelockError, TidelockError } from "../../model/errors.ts";
import { ServiceSecurity, type TrackerSettings } from "../../model/service-security.ts";
import type { TrackedIssue, Tracker, TrackerCall } from "../../ports/tracker.ts";
import { announce } from "../../store/queries/events.ts";
import {
  servicesWithTracker,
  settleIssue,
  takeUnread,
  takeUntracked,
  type WaitingFinding,
} from "../../store/queries/service-security.ts";
import { recordSecretRead } from "../slots/bindings.ts";
import { ownPorts } from "../check-runs/check-context.ts";
import type { Engine } from "../engine.ts";
import { issueOf } from "./issue-text.ts";
import { requireTokenForAddress } from "./token-binding.ts";

/** So many at a look: a first import must not flood a tracker, nor take its whole rate. */
const atOnce = 20;
const mostRestMs = 6 * 3_600_000;

/**
 * Writes findings that are not urgent into their service's tracker, each once, and reads what became of them. What is
 * due is in rows: the intent (`wanted`, with its entry) is there before the tracker is asked, and whoever comes after a
 * crash looks for the marker before creating anything.
 */
export async function followTrackers(engine: Engine): Promise<void> {
  for (const { service, content } of await servicesWithTracker(engine.db)) {
    const settings = ServiceSecurity.parse(content).tracker;
    const tracker = settings && engine.trackers.get(settings.kind);
    if (!settings || !tracker) continue;
    try {
      await followOne(engine, service, settings, tracker);
    } catch (error) {
      engine.notice(`the tracker of ${service}: ${asTidelockError(error).message}`);
    }
  }
}

async function followOne(
  engine: Engine,
  service: string,
  settings: TrackerSettings,
  tracker: Tracker,
): Promise<void> {
  const { severities, kind } = settings;
  await requireTokenForAddress(engine.db, service, settings);
  const waiting = await engine.db.transaction().execute(async (tx) => {
    const taken = await takeUntracked(tx, { service, tracker: kind, severities, limit: atOnce });
    const entries = taken.map((one) => entryOf(service, one, "issue.wanted", { tracker: kind }));
    await engine.ledger.append(tx, ...entries);
    return taken;
  });
  const unread = await engine.db
    .transaction()
    .execute((tx) => takeUnread(tx, { service, limit: atOnce }));
  if (waiting.length + unread.length === 0) return;
  const call = await callOf(engine, service, settings);
  for (const finding of waiting) {
    await trying(engine, finding.finding, async () => {
      const issue = issueOf(finding, service);
      const found = await tracker.find(settings, issue.marker, call);
      await engine.hooks?.reach("tracker:before-create");
      const made = found ?? (await tracker.create(settings, issue, call));
      await engine.hooks?.reach("tracker:created");
      await keepOpened(engine, service, finding, made);
    });
  }
  for (const { finding, remote, state } of unread) {
    await trying(engine, finding, async () => {
      const now = await tracker.read(settings, remote ?? "", call);
      await settleIssue(engine.db, finding, {
        state: now.state,
        url: now.url,
        problem: null,
        nextMs: engine.settings.trackAgainMs,
      });
      if (now.state === state) return;
      await announce(engine.db, {
        kind: "issue.changed",
        service,
        message: `the tracker says that ${remote} (F-${finding}) is ${now.state}; the finding stays until a release without it is live`,
      });
    });
  }
}

async function keepOpened(
  engine: Engine,
  service: string,
  finding: WaitingFinding,
  { id, url, state }: TrackedIssue,
): Promise<void> {
  await engine.db.transaction().execute(async (tx) => {
    await settleIssue(tx, finding.finding, {
      remote: id,
      url,
      state,
      problem: null,
      nextMs: engine.settings.trackAgainMs,
    });
    await engine.ledger.append(tx, entryOf(service, finding, "issue.opened", { remote: id, url }));
  });
}

function entryOf(
  service: string,
  { marker, finding }: WaitingFinding,
  kind: "issue.wanted" | "issue.opened",
  payload: Readonly<Record<string, unknown>>,
) {
  return {
    operation: `issue/${marker}`,
    kind,
    stream: service,
    actor: "tidelock",
    payload: { finding: `F-${finding}`, marker, ...payload },
  };
}

/** A failure of one is kept beside it, and rests longer each time; the others go on. */
async function trying(engine: Engine, finding: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const { message } = asTidelockError(error);
    await settleIssue(engine.db, finding, {
      problem: message.slice(0, 500),
      nextMs: Math.min(engine.settings.trackAgainMs, mostRestMs),
    });
    engine.notice(`F-${finding} is in no tracker yet: ${message}`);
  }
}

async function callOf(
  engine: Engine,
  service: string,
  { token: { environment, secret } }: TrackerSettings,
): Promise<TrackerCall> {
  const lane = { service, environment };
  const reference = { provider: "local", name: secret };
  const provider = engine.secrets.get(reference.provider);
  if (!provider) throw new TidelockError("unsupported", "this server keeps no secrets");
  await recordSecretRead(engine, lane, { for: "its tracker", references: [reference] });
  return {
    token: await provider.resolve(lane, reference),
    ownPorts: ownPorts(engine),
    signal: AbortSignal.timeout(60_000),
  };
}
