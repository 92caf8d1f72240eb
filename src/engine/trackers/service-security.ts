import type { ServiceSecurityView } from "../../api/routes/security.ts";
import { TidelockError } from "../../model/errors.ts";
import { severities } from "../../model/observation.ts";
import { ServiceSecurity } from "../../model/service-security.ts";
import type { Actor } from "../../ports/control-plane.ts";
import type { ServiceSecurityControl } from "../../ports/service-security-control.ts";
import { announce } from "../../store/queries/events.ts";
import { knowsService } from "../../store/queries/findings-imports.ts";
import { readServiceSecurity, writeServiceSecurity } from "../../store/queries/service-security.ts";
import type { ServiceSecurityRow } from "../../store/schema-security.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";

export function makeServiceSecurityControl(engine: Engine): ServiceSecurityControl {
  return {
    async show(service) {
      await requireService(engine.db, service);
      return view(service, await readServiceSecurity(engine.db, service));
    },
    set: (actor, service, content, basedOn) => set(engine, actor, { service, content, basedOn }),
  };
}

async function set(
  engine: Engine,
  actor: Actor,
  wanted: { readonly service: string; readonly content: ServiceSecurity; readonly basedOn: number },
): Promise<ServiceSecurityView> {
  const { service } = wanted;
  await requireService(engine.db, service);
  const row = await engine.db.transaction().execute(async (tx) => {
    const before = await readServiceSecurity(tx, service);
    const row = await writeServiceSecurity(tx, { ...wanted, by: actor.id });
    const sla = row && slaChange(before, row);
    if (sla) {
      await announce(tx, {
        kind: "service.security-set",
        service,
        message: `${actor.id}: findings end within other times: ${sla}`,
      });
    }
    return row;
  });
  if (row === undefined) {
    throw new TidelockError("conflict", `somebody has changed it since it was read: ${service}`, {
      fault: "operator",
      where: service,
      hint: "look at what it says now, and say again what should be different",
    });
  }
  engine.signals.emit("change");
  return view(service, row);
}

/** A name written wrongly would have an owner and dates of its own, and the service that was meant none. */
async function requireService(db: Db, service: string): Promise<void> {
  if (await knowsService(db, service)) return;
  throw new TidelockError("not-found", `there is no service ${service}`, {
    fault: "operator",
    where: service,
    hint: "see them: tidelock pipeline list; register it first: tidelock pipeline apply",
  });
}

/** `high 30 days -> 90 days`; empty where nothing is otherwise. */
function slaChange(before: ServiceSecurityRow | undefined, after: ServiceSecurityRow): string {
  const [was, is] = [before?.content ?? {}, after.content].map(
    (content) => ServiceSecurity.parse(content).sla,
  );
  if (!was || !is) return "";
  return severities
    .filter((one) => was[one] !== is[one])
    .map((one) => `${one} ${daysText(was[one])} -> ${daysText(is[one])}`)
    .join(", ");
}

function daysText(days: number | null): string {
  return days === null ? "no end" : `${days} days`;
}

function view(service: string, row: ServiceSecurityRow | undefined): ServiceSecurityView {
  const content = ServiceSecurity.parse(row?.content ?? {});
  if (row === undefined) return { service, version: 0, ...content, setAt: null, setBy: null };
  return {
    service,
    version: row.changes,
    ...content,
    setAt: row.set_at.toISOString(),
    setBy: row.set_by,
  };
}
