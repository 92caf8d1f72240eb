import type { WindowView } from "../../api/routes/stops.ts";
import type { Calendar } from "../../model/calendar.ts";
import type { Environment, Pipeline } from "../../model/pipeline.ts";
import { describeWindows, scheduleSays } from "../../policy/schedule.ts";
import { registeredDocuments } from "../../store/queries/catalogue.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { listStops } from "../../store/queries/stops.ts";
import type { StopRow } from "../../store/schema-stops.ts";
import type { Engine } from "../engine.ts";
import { scopeOf } from "../stops/in-the-way.ts";
import { clockGuard } from "./clock-guard.ts";
import { calendarsOf, timeZones } from "./gather.ts";

/** Every environment, and below it every service that narrows it or whose line is stopped. */
export async function windowViews(
  engine: Engine,
  filter: { readonly environment: string | null; readonly service: string | null },
): Promise<readonly WindowView[]> {
  const { db } = engine;
  const [environments, pipelines, stops, at] = await Promise.all([
    registeredDocuments(db, "Environment"),
    registeredDocuments(db, "Pipeline"),
    listStops(db, { open: true }),
    databaseTime(db),
  ]);
  const lines = stops.filter(({ kind }) => kind === "line");
  const look = (environment: Environment, pipeline?: Pipeline) =>
    windowAt({ engine, lines, now: new Date(at) }, environment, pipeline);
  return environments
    .filter(({ name }) => filter.environment === null || name === filter.environment)
    .flatMap(({ name, content }) => {
      const environment = content as Environment;
      const own = pipelines
        .filter((one) => filter.service === null || one.name === filter.service)
        .map((one) => one.content as Pipeline)
        .filter((one) => one.spec.environments.some((lane) => lane.name === name))
        .filter((one) => filter.service !== null || hasOwn(one, name, lines));
      const all = filter.service === null ? [look(environment)] : [];
      return [...all, ...own.map((pipeline) => look(environment, pipeline))];
    });
}

export interface Looking {
  readonly engine: Engine;
  /** Every line that is stopped. */
  readonly lines: readonly StopRow[];
  readonly now: Date;
}

/** Of one service, or of every service. */
export function windowAt(
  { engine, lines, now }: Looking,
  environment: Environment,
  pipeline?: Pipeline,
): WindowView {
  const { name } = environment.metadata;
  const service = pipeline?.metadata.name ?? null;
  const calendars = calendarsOf(environment, pipeline, name);
  const says = scheduleSays(calendars, now.getTime(), timeZones);
  const stopped = lines.filter((row) => holds(row, service, name));
  const guarded = clockGuard(engine, now);
  const clock = calendars.length > 0 ? guarded : null;
  const open = says.open && stopped.length === 0 && clock === null;
  return {
    environment: name,
    service,
    open,
    until: stopped.length > 0 ? null : says.open && !open ? (clock?.until ?? null) : says.until,
    because: [
      ...says.because,
      ...(clock === null ? [] : [clock.message]),
      ...stopped.map(
        (row) =>
          `the line ${scopeOf(row)} is stopped by ${row.by_actor}: ${row.reason} (S-${row.id})`,
      ),
    ],
    windows: calendars.flatMap(({ of, windows }) =>
      windows.length === 0 ? [] : [`${of}: ${describeWindows(windows)}`],
    ),
    freezes: calendars.flatMap(freezesOf),
  };
}

function hasOwn(pipeline: Pipeline, environment: string, lines: readonly StopRow[]): boolean {
  const { name } = pipeline.metadata;
  const narrowed = calendarsOf(undefined, pipeline, environment).length > 0;
  return narrowed || lines.some((row) => row.service === name && holds(row, name, environment));
}

/** Of every service asked: only what stops every service. */
function holds(row: StopRow, service: string | null, environment: string): boolean {
  return (
    (row.service === null || row.service === service) &&
    (row.environment === null || row.environment === environment)
  );
}

function freezesOf({ of, freezes }: Calendar): readonly string[] {
  return freezes.map(
    ({ name, from, to, timezone, owner, reason }) =>
      `${of}: ${name} (${from} to ${to}${timezone === undefined ? "" : ` ${timezone}`}, ${owner}: ${reason})`,
  );
}
