import { TidelockError } from "../../model/errors.ts";
import type { FindingId } from "../../model/finding.ts";
import type { FindingControl, FindingFilter } from "../../ports/finding-control.ts";
import { registeredEnvironment } from "../../store/queries/catalogue.ts";
import { knowsService, listImports, toolsOf } from "../../store/queries/findings-imports.ts";
import { type After, listFindings } from "../../store/queries/findings-list.ts";
import { skippedRuns } from "../../store/queries/findings-runs.ts";
import { readFinding } from "../../store/queries/findings-show.ts";
import type { Db } from "../../store/schema.ts";
import type { FindingRow, SeenFindingRow } from "../../store/schema-findings.ts";
import type { Engine } from "../engine.ts";
import { acceptedRisks } from "../waivers/accepted.ts";
import { findingActs } from "./acts/control.ts";
import { importReport } from "./import/import-report.ts";
import { findingMetrics } from "./metrics.ts";
import { retryRun } from "./retry-run.ts";
import { findingView, summaries } from "./views/finding-view.ts";
import { importView, releaseNames } from "./views/import-view.ts";

export function makeFindingControl(engine: Engine): FindingControl {
  const { db } = engine;
  return {
    importReport: (actor, service, options, bytes) =>
      importReport(engine, actor, service, options, bytes),
    async imports(service, limit) {
      const named = releaseNames(db);
      const rows = await listImports(db, service, limit);
      return Promise.all(rows.map((row) => importView(db, row, named)));
    },
    async missing(service, limit) {
      const runs = await skippedRuns(db, service, limit);
      return runs.map(({ check_run: run, name: check, given_up: givenUp, at, ...one }) => ({
        ...one,
        run,
        check,
        givenUp,
        at: at.toISOString(),
      }));
    },
    async retry(actor, service, run) {
      const row = await retryRun(engine, actor, service, run);
      return importView(db, row, releaseNames(db));
    },
    async list(filter, asked) {
      const { rows, ...page } = await pageOf(db, filter, asked);
      return { items: await summaries(db, rows), ...page };
    },
    async details(filter, asked) {
      const { rows, ...page } = await pageOf(db, filter, asked);
      return { items: await inTurn(rows, (row) => findingView(db, row)), ...page };
    },
    show: async (id) => findingView(db, await existingFinding(db, id)),
    async metrics(filter) {
      const numbers = await findingMetrics(db, filter);
      if (numbers.found.total.n === 0) await requireNamed(db, filter);
      return numbers;
    },
    ...findingActs(engine),
  };
}

async function pageOf(
  db: Db,
  filter: FindingFilter,
  { limit, after }: { readonly limit: number; readonly after?: string | undefined },
) {
  const accepted = filter.state === undefined ? undefined : await acceptedFindings(db, filter);
  const page = { limit, after: readAfter(after), accepted };
  const { rows, total } = await listFindings(db, filter, page);
  if (total === 0) {
    await requireNamed(db, filter);
    await requireTools(db, filter);
  }
  const last = rows.at(-1);
  const next = last === undefined || rows.length < limit ? null : writeAfter(last);
  return { rows, total, next };
}

/** Numbers of the findings whose risk is accepted; with an environment: there. */
export async function acceptedFindings(
  db: Db,
  { environment }: Pick<FindingFilter, "environment">,
): Promise<readonly string[]> {
  const all = await acceptedRisks(db, null);
  return [...all].flatMap(([id, risks]) =>
    environment === undefined || risks.some((one) => one.environment === environment) ? [id] : [],
  );
}

/** So many at once: others ask the database as well. */
const together = 4;

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const made: R[] = [];
  for (let at = 0; at < items.length; at += together) {
    made.push(...(await Promise.all(items.slice(at, at + together).map(work))));
  }
  return made;
}

/** Throws `not-found`. */
export async function existingFinding(db: Db, id: FindingId): Promise<SeenFindingRow> {
  const row = await readFinding(db, id.slice("F-".length));
  if (row) return row;
  throw new TidelockError("not-found", `there is no finding ${id}`, {
    fault: "operator",
    where: id,
    hint: "see them: tidelock findings list --status any",
  });
}

/** A name written wrongly has no findings, which looks like a service that is clean. Throws `not-found`. */
async function requireNamed(
  db: Db,
  { service, environment }: { service?: string | undefined; environment?: string | undefined },
): Promise<void> {
  const unknown = async (name: string | undefined, known: (name: string) => Promise<unknown>) =>
    name !== undefined && !(await known(name));
  if (await unknown(service, (name) => knowsService(db, name))) {
    throw new TidelockError("not-found", `there is no service ${service}`, {
      fault: "operator",
      where: "--service",
      hint: "see them: tidelock pipeline list",
    });
  }
  if (await unknown(environment, (name) => registeredEnvironment(db, name))) {
    throw new TidelockError("not-found", `no environment ${environment} is registered`, {
      fault: "operator",
      where: "--environment",
      hint: "see the others: tidelock status",
    });
  }
}

/** The same of a tool: nothing that `tivy` found is no clean bill. Throws `not-found`. */
async function requireTools(db: Db, filter: FindingFilter): Promise<void> {
  for (const key of ["tool", "foundBy", "onlyBy"] as const) {
    const wanted = filter[key];
    if (wanted === undefined) continue;
    const known = await toolsOf(db, filter.service);
    if (known.includes(wanted)) continue;
    const named = known.slice(0, 20).join(", ") + (known.length > 20 ? ", …" : "");
    throw new TidelockError("not-found", `no report of a tool called ${wanted} was taken in`, {
      fault: "operator",
      where: `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      hint:
        known.length === 0
          ? "none of any tool was: tidelock findings import"
          : `there are reports of ${named}`,
    });
  }
}

function writeAfter({ urgency, id }: FindingRow): string {
  return `${urgency}_${id}`;
}

function readAfter(text: string | undefined): After | null {
  if (text === undefined) return null;
  const found = /^(-?\d{1,8}(?:\.\d{1,8})?)_(\d{1,18})$/.exec(text);
  if (found?.[1] !== undefined && found[2] !== undefined) {
    return { urgency: Number(found[1]), id: found[2] };
  }
  throw new TidelockError("invalid-input", "this is no place in a list of findings", {
    fault: "operator",
    where: "after",
    hint: "give the `next` of the page before, as it is",
  });
}
