import type { StopView } from "../../api/routes/stops.ts";
import { TidelockError } from "../../model/errors.ts";
import { type LineScope, readLineScope } from "../../model/stop.ts";
import type { Digest } from "../../model/primitives.ts";
import type { StopControl } from "../../ports/stop-control.ts";
import { readRelease, registeredDocuments } from "../../store/queries/catalogue.ts";
import { announce } from "../../store/queries/events.ts";
import { wakeWaiting } from "../../store/queries/promotions.ts";
import { clearStop, insertStop, listStops, readStop } from "../../store/queries/stops.ts";
import type { StopRow } from "../../store/schema-stops.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { requireWritable } from "../ledger/writable.ts";
import { windowViews } from "../schedule/view.ts";
import { ban } from "./ban.ts";
import { scopeOf } from "./in-the-way.ts";

export function makeStopControl(engine: Engine): StopControl {
  const { db } = engine;
  return {
    async stopLine(actor, scope, reason) {
      const where = await lineOf(db, scope);
      await requireWritable(db, "a stopped line is an entry of the ledger");
      const row = await db.transaction().execute(async (tx) => {
        const given = { kind: "line" as const, ...where, release: null, artifacts: [] };
        const row = await insertStop(tx, { ...given, reason, by: actor.id });
        await tell(
          tx,
          row,
          "line.stopped",
          `${actor.id} stopped the line ${scopeOf(row)}: ${reason}`,
        );
        return row;
      });
      engine.signals.emit("change");
      return stopView(db, row);
    },
    ban: async (actor, of, reason) => stopView(db, await ban(engine, actor, of, reason)),
    async clear(actor, id, reason) {
      const number = Number(id.slice("S-".length));
      if (!(await readStop(db, number))) {
        throw new TidelockError("not-found", `nothing was stopped under ${id}`, {
          fault: "operator",
          where: id,
          hint: "see what is stopped: tidelock line list",
        });
      }
      await requireWritable(db, "that it is cleared is an entry of the ledger");
      const row = await db.transaction().execute(async (tx) => {
        const cleared = await clearStop(tx, number, reason, actor.id);
        if (!cleared) return undefined;
        const what = cleared.kind === "line" ? "the line" : "the ban of";
        await tell(
          tx,
          cleared,
          "line.cleared",
          `${actor.id} cleared ${what} ${scopeOf(cleared)}: ${reason}`,
        );
        await wakeWaiting(
          tx,
          cleared.kind === "line" ? cleared : { ...cleared, environment: null },
        );
        return cleared;
      });
      if (!row) {
        throw new TidelockError("conflict", `${id} was cleared before`, {
          fault: "operator",
          where: id,
        });
      }
      engine.signals.emit("change");
      return stopView(db, row);
    },
    async list({ cleared }) {
      return Promise.all((await listStops(db, { open: !cleared })).map((row) => stopView(db, row)));
    },
    windows: (filter) => windowViews(engine, filter),
  };
}

/** Throws `invalid-input`, or `not-found` for what nobody registered: a stop that concerns nothing stops nothing. */
async function lineOf(db: Db, text: string): Promise<LineScope> {
  const read = readLineScope(text);
  const [services, environments] = await Promise.all([
    registeredDocuments(db, "Pipeline"),
    registeredDocuments(db, "Environment"),
  ]);
  const isService = (name: string) => services.some((one) => one.name === name);
  const isEnvironment = (name: string) => environments.some((one) => one.name === name);
  const refuse = (code: "invalid-input" | "not-found", message: string, hint: string) =>
    new TidelockError(code, message, { fault: "operator", where: text, hint });
  if (read === null) {
    const hint = "write shop/production, 'shop/*', or '*/production'";
    throw refuse("invalid-input", `${text} names no line`, hint);
  }
  if ("either" in read) {
    const name = read.either;
    if (isService(name) && isEnvironment(name)) {
      const hint = `write '${name}/*' for the service, '*/${name}' for the environment`;
      throw refuse("invalid-input", `${name} is a service and an environment`, hint);
    }
    if (isService(name)) return { service: name, environment: null };
    if (isEnvironment(name)) return { service: null, environment: name };
    throw refuse("not-found", `there is no service and no environment ${name}`, known);
  }
  const { service, environment } = read;
  if (service !== null && !isService(service)) {
    throw refuse("not-found", `there is no service ${service}`, known);
  }
  if (environment !== null && !isEnvironment(environment)) {
    throw refuse("not-found", `there is no environment ${environment}`, known);
  }
  return read;
}

const known = "see what is registered: tidelock pipeline list";

async function tell(tx: Db, row: StopRow, kind: string, message: string): Promise<void> {
  await announce(tx, {
    kind,
    ...(row.service === null ? {} : { service: row.service }),
    ...(row.environment === null ? {} : { environment: row.environment }),
    message: `${message} (S-${row.id})`,
  });
}

async function stopView(db: Db, row: StopRow): Promise<StopView> {
  const release = row.release === null ? undefined : await readRelease(db, row.release);
  const version = release?.version;
  const parts = release?.content.artifacts ?? [];
  const isIn = ({ digest }: { readonly digest: Digest }) => row.artifacts.includes(digest);
  return {
    id: `S-${row.id}`,
    kind: row.kind,
    scope: version === undefined ? scopeOf(row) : `${row.service}@${version}`,
    service: row.service,
    environment: row.environment,
    release: row.release === null ? null : { id: row.release, version: version ?? "?" },
    artifacts: parts.filter(isIn).map(({ name }) => name),
    parts: row.kind === "ban" ? row.parts : null,
    leftOut: parts.filter((one) => !isIn(one)).map(({ name }) => name),
    revision: row.revision,
    reason: row.reason,
    by: row.by_actor,
    at: row.at.toISOString(),
    cleared:
      row.cleared_at === null
        ? null
        : {
            at: row.cleared_at.toISOString(),
            by: row.cleared_by ?? "",
            reason: row.cleared_reason ?? "",
          },
  };
}
