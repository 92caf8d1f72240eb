import { hkdfSync } from "node:crypto";
import { scopeId } from "../../../findings/identity/scope.ts";
import { toolName } from "../../../findings/identity/tool-name.ts";
import { TidelockError } from "../../../model/errors.ts";
import { type ImportTrust, isTrusted, type Scope } from "../../../model/finding.ts";
import type { ReleaseRow } from "../../../store/schema.ts";
import type { FindingImportRow } from "../../../store/schema-findings.ts";
import { announce } from "../../../store/queries/events.ts";
import {
  type Applied,
  keepObservations,
  lockFindings,
  markScope,
  nameFindings,
  openFresh,
  refreshKnown,
} from "../../../store/queries/findings-apply.ts";
import { openOutcomes } from "../../../store/queries/findings-outcomes.ts";
import { countChanges, missUnseen } from "../../../store/queries/findings-unseen.ts";
import { matchPlain } from "../../../store/queries/findings-match.ts";
import {
  finishImport,
  importOfRun,
  insertImport,
  newestImport,
} from "../../../store/queries/findings-imports.ts";
import {
  closeStaging,
  endStaging,
  matchAnew,
  newestNumber,
  openStaging,
  stage,
} from "../../../store/queries/findings-staging.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { newImportId } from "../../ids.ts";
import { whyClosesNothing } from "../vouch.ts";
import type { ReadEnd, ReadFailure } from "./messages.ts";
import { reconcileHard } from "./reconcile-hard.ts";
import { readSpool } from "./read-spool.ts";
import type { Spooled } from "./spool.ts";

/** What is known of a report before it is read. */
export interface Incoming {
  readonly service: string;
  readonly environment: string | null;
  readonly release: ReleaseRow | null;
  readonly format: string | null;
  /** What it is a scan of, where the report is not asked. */
  readonly scan: string | null;
  readonly by: string;
  readonly checkRun: string | null;
  /** When the scan was made, where Tidelock knows by itself. */
  readonly seenAt: Date | null;
}

/** What the report and whoever vouches for it come to. */
export interface Standing {
  readonly tool: string;
  readonly subject: string;
  readonly trust: ImportTrust;
  readonly vouchedBy: string | null;
  /** Whether what it states not to be so (VEX) is so. */
  readonly claims: boolean;
  /** When the scan was made, by whoever vouches for it; RFC 3339. */
  readonly madeAt: string | null;
  /** In words, why the scan counts as incomplete beside what the report says itself. */
  readonly missing: readonly string[];
  readonly notes: readonly string[];
}

/** More of one report are not taken in; then it counts as incomplete and says so. */
export const mostObservations = 2_000_000;

/**
 * Reads a spooled report and lets it change the findings, whole or not at all: observations are staged where nobody
 * sees them, then applied in one transaction. The same report of the same scan again is answered with what it came to
 * the first time.
 *
 *   spooled --thread--> staged (temporary) --one transaction--> import, observations, findings, changes, entry
 *
 * @param readWith a test hands over what it made itself
 * @throws TidelockError `invalid-input` naming format and position
 */
export async function takeIn(
  engine: Engine,
  incoming: Incoming,
  spooled: Spooled,
  judge: (read: ReadEnd) => Promise<Standing>,
  readWith: typeof readSpool = readSpool,
): Promise<FindingImportRow> {
  const secretKey = await findingKey(engine);
  const taken = await engine.db.connection().execute(async (connection) => {
    const { service, format, scan, environment } = incoming;
    await openStaging(connection);
    try {
      const newest = await newestNumber(connection, service);
      const read = await readWith(
        {
          path: spooled.path,
          service,
          format,
          scan,
          environment,
          secretKey,
          most: mostObservations,
        },
        async ({ staged }) => stage(connection, service, staged),
      );
      if (read.kind === "failure") throw unreadable(read);
      const states = await endStaging(connection, service);
      await engine.hooks?.reach("import:staged");
      const standing = await judge(read);
      return await connection
        .transaction()
        .execute((tx) => apply(engine, tx, { incoming, spooled, read, standing, newest, states }));
    } catch (error) {
      throw asUnstorable(error);
    } finally {
      await closeStaging(connection).catch(() => undefined);
    }
  });
  await engine.hooks?.reach("import:committed");
  engine.signals.emit("change");
  return taken;
}

interface Report {
  readonly incoming: Incoming;
  readonly spooled: Spooled;
  readonly read: ReadEnd;
  readonly standing: Standing;
  /** Import of the service that was the newest one before anything of the report was looked up. */
  readonly newest: string;
  readonly states: boolean;
}

async function apply(engine: Engine, tx: Db, report: Report): Promise<FindingImportRow> {
  const { incoming, spooled, read, standing } = report;
  const { service, environment } = incoming;
  await lockFindings(tx, service);
  const tool = toolName(standing.tool);
  const about: Scope = { service, environment, tool, subject: standing.subject };
  const scope = scopeId(about);
  const before = await takenBefore(tx, report, scope);
  if (before) return before;
  // What is known was looked up while the report was read: one that came meanwhile may have changed it.
  if ((await newestNumber(tx, service)) !== report.newest) await matchAnew(tx, service);
  const release = incoming.release?.id ?? null;
  const missing = [...(read.summary.missing === undefined ? [] : [read.summary.missing]), ...standing.missing]; // prettier-ignore
  const complete = read.summary.complete && standing.missing.length === 0;
  const trusted = isTrusted(standing.trust);
  const whyNot =
    !complete || release === null || !trusted || standing.madeAt === null
      ? null
      : await whyClosesNothing(tx, {
          scope,
          release,
          report: spooled.digest,
          madeAt: standing.madeAt,
        });
  const closes = complete && release !== null && trusted && whyNot === null;
  const applied: Applied = {
    id: newImportId(),
    service,
    environment,
    release,
    scope,
    tool,
    trust: standing.trust,
    states: report.states,
    claims: standing.claims,
    complete,
    closes,
    seenAt: incoming.seenAt,
  };
  await insertImport(tx, {
    ...applyColumns(report, applied),
    complete,
    missing: missing.join("; "),
  });
  await matchPlain(tx, applied);
  await openOutcomes(tx);
  await reconcileHard(tx, applied);
  await nameFindings(tx, applied);
  await openFresh(tx, applied);
  await keepObservations(tx, applied);
  await markScope(tx, applied);
  await refreshKnown(tx, applied);
  const unseen = await missUnseen(tx, applied);
  const { verified, ...counts } = await countChanges(tx, applied, unseen);
  const row = await finishImport(tx, applied.id, {
    ...counts,
    notes: [
      ...standing.notes,
      ...(whyNot === null ? [] : [whyNot]),
      ...notesOf({ complete, missing, closes, unseen, verified }),
    ],
  });
  await announce(tx, {
    kind: "findings.imported",
    service,
    ...(environment === null ? {} : { environment }),
    message: `${standing.tool}: ${counts.observations} observations, ${counts.opened} new findings, ${counts.reopened} reopened`,
  });
  await engine.hooks?.reach("import:before-commit");
  return row;
}

function applyColumns({ incoming, spooled, read, standing }: Report, applied: Applied) {
  const { id, service, environment, release, scope, trust } = applied;
  return {
    id,
    service,
    environment,
    release,
    scope,
    subject: standing.subject,
    format: read.format,
    tool: standing.tool,
    tool_version: (read.summary.tool?.version ?? "").slice(0, 128),
    trust,
    vouched_by: standing.vouchedBy,
    check_run: incoming.checkRun,
    report_digest: spooled.digest,
    report_bytes: spooled.bytes,
    made_at: validTime(read.summary.madeAt),
    observations: 0,
    opened: 0,
    reopened: 0,
    matched: 0,
    unseen: 0,
    claims: 0,
    added_by: incoming.by,
  };
}

/**
 * A check run counts once. A report that somebody sends again, word for word and about the same, says nothing new as
 * long as no other one of its scan has come since.
 */
async function takenBefore(tx: Db, report: Report, scope: string) {
  const { incoming, spooled, standing } = report;
  if (incoming.checkRun !== null) return importOfRun(tx, incoming.checkRun);
  const newest = await newestImport(tx, scope);
  const same =
    newest !== undefined &&
    newest.report_digest === spooled.digest &&
    newest.release === (incoming.release?.id ?? null) &&
    newest.trust === standing.trust &&
    newest.vouched_by === standing.vouchedBy &&
    newest.added_by === incoming.by;
  if (!same) return undefined;
  const note = `the same report was taken in at ${newest.at.toISOString()} as ${newest.id}: it changes nothing again`;
  return { ...newest, notes: [note, ...newest.notes] };
}

function notesOf(what: {
  complete: boolean;
  missing: readonly string[];
  closes: boolean;
  unseen: number;
  verified: number;
}): readonly string[] {
  const { complete, missing, closes, unseen, verified } = what;
  const findings = (count: number) => (count === 1 ? "1 finding" : `${count} findings`);
  return [
    ...(complete
      ? []
      : [
          `it is not whole${missing.length === 0 ? "" : ` (${missing.join("; ")})`}: what it does not show is not gone`,
        ]),
    ...(unseen > 0 && !closes
      ? [`it does not show ${findings(unseen)} of earlier scans, which stay as they are`]
      : []),
    ...(verified > 0 ? [`${findings(verified)} of earlier scans are gone, and verified`] : []),
  ];
}

/** The report's own clock; another server's word, so nothing is decided by it. */
function validTime(text: string | undefined): string | null {
  const at = Date.parse(text ?? "");
  // Years of more than four digits are written in a way that the database does not read.
  return at > 0 && at < Date.UTC(9999) ? new Date(at).toISOString() : null;
}

/** What no column takes (SQLSTATE class 22, data exceptions) is the report's fault, today and tomorrow. */
function asUnstorable(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!/^22[0-9A-Z]{3}$/.test(code)) return error;
  return new TidelockError("invalid-input", "it holds a value that cannot be kept", {
    fault: "operator",
    where: "the report",
    hint: "look for numbers and times that cannot be; nothing of it was kept",
    cause: error,
  });
}

function unreadable({ code, message, where, hint, bug }: ReadFailure): TidelockError {
  return new TidelockError(code, message, {
    fault: bug ? "bug" : "operator",
    where: where === "" ? "the report" : where,
    hint: hint === "" ? "let the scanner write it again; nothing of it was kept" : hint,
  });
}

/** Secrets that scanners found are known again by their HMAC under this server's key; the same for all its servers. */
async function findingKey(engine: Engine): Promise<Uint8Array> {
  const master = await engine.log.keys.sealingKey();
  return new Uint8Array(hkdfSync("sha256", master, "", "tidelock finding secrets 1", 32));
}
