import { sql } from "kysely";
import type { ForeignResult } from "../../evidence/foreign/result.ts";
import { verifyForeign } from "../../evidence/foreign/verify.ts";
import { isNewer } from "../../findings/lineage.ts";
import { matchesPattern } from "../../evidence/pattern.ts";
import {
  type ImportedReport,
  readScanReport,
  type ScanReport,
  scanReport,
} from "../../evidence/predicates/scan-report.ts";
import { TidelockError } from "../../model/errors.ts";
import type { ImportTrust } from "../../model/finding.ts";
import type { FindingPolicy } from "../../model/finding-policy.ts";
import type { Environment } from "../../model/pipeline.ts";
import type { Digest } from "../../model/primitives.ts";
import { attestationsProjection } from "../../store/projections/attestations.ts";
import { documentsProjection } from "../../store/projections/catalogue.ts";
import { attestationsOf, databaseTime, readAttestation } from "../../store/queries/attestations.ts";
import { registeredDocuments } from "../../store/queries/catalogue.ts";
import { scannedReleases } from "../../store/queries/findings-imports.ts";
import type { Db, DocumentRow } from "../../store/schema.ts";
import { attestationBytes } from "../attestations/attest-material.ts";
import type { Engine } from "../engine.ts";
import { noLaterDocument } from "../ledger/grounds.ts";
import { groundsOf, lastingDifference } from "../ledger/leaning.ts";

/** Who stands behind a report that somebody handed in, by what was stated about its release. */
export interface Vouched {
  /** `signed` or `bound` (`unbound` without a release): whether it may close what it does not see. */
  readonly trust: Exclude<ImportTrust, "own">;
  /** Names of the producers; null when nobody counts. */
  readonly vouchedBy: string | null;
  /** Whether what it states not to be so (VEX) is so, for its release. */
  readonly claims: boolean;
  /** What the statement says; null without one that counts. */
  readonly signed: Pick<ScanReport, "complete" | "madeAt"> | null;
  /** For whoever imports it, in sentences. */
  readonly notes: readonly string[];
}

type Given = Omit<ImportedReport, "release"> & {
  readonly release: ImportedReport["release"] | null;
};

/**
 * Looks for a statement that names exactly this report (by digest, service, environment, tool and release), signed by
 * whom the environment's owners trust with it. Keeping a statement is not trusting it, so all is verified anew.
 *
 * @throws TidelockError `denied` when the policy or a statement is not what the ledger says
 */
export async function vouchFor(engine: Engine, given: Given): Promise<Vouched> {
  const { release } = given;
  if (release === null) {
    return nobody(
      "unbound",
      "the report names no release, so it closes nothing and states nothing",
    );
  }
  const imported = { ...given, release };
  const rows = await heldByRecord(engine, imported);
  const stated = await readStated(engine, release.id);
  if (stated.length === 0) {
    return nobody("bound", "nobody has signed this report, so it opens findings and closes none");
  }
  const now = new Date(await databaseTime(engine.db));
  const notes: string[] = [];
  const asked = { stated, imported, now, notes };
  const closing = rows.map((row) => vouchersIn(row, "reports", asked));
  const claiming = rows.map((row) => vouchersIn(row, "vex", asked));
  const signers = everywhere(closing);
  const issuers = everywhere(claiming);
  const said = [...(signers ?? []), ...(issuers ?? [])];
  if (said.length === 0) {
    const why = [...new Set(notes)].slice(0, 5);
    return { ...nobody("bound", "no signature of it counts, so it closes nothing"), notes: why };
  }
  return {
    trust: signers === null ? "bound" : "signed",
    vouchedBy: [...new Set(said.map(({ producer }) => producer))].join(", ").slice(0, 256),
    claims: issuers !== null,
    signed: {
      complete: said.every(({ report }) => report.complete),
      // Of several statements about one report the earliest: it claims least.
      madeAt: said.map(({ report }) => new Date(report.madeAt).toISOString()).sort()[0] ?? "",
    },
    notes: [],
  };
}

function nobody(trust: "bound" | "unbound", note: string): Vouched {
  return { trust, vouchedBy: null, claims: false, signed: null, notes: [note] };
}

interface Voucher {
  readonly producer: string;
  readonly report: ScanReport;
}

interface Look {
  readonly stated: readonly Uint8Array[];
  readonly imported: ImportedReport;
  readonly now: Date;
  readonly notes: string[];
}

/** The owners of every environment that it concerns have to agree. */
function everywhere(found: readonly (readonly Voucher[])[]): readonly Voucher[] | null {
  if (found.length === 0 || found.some((one) => one.length === 0)) return null;
  return found.flat();
}

function vouchersIn(
  { name, content }: DocumentRow,
  use: "reports" | "vex",
  { stated, imported, now, notes }: Look,
): readonly Voucher[] {
  const policy = (content as Environment).spec.findings;
  const names = policy ? producersFor(policy, use, imported.tool) : [];
  if (policy === undefined || names.length === 0) {
    if (use === "reports") notes.push(`${name} trusts nobody with findings of ${imported.tool}`);
    return [];
  }
  return names.flatMap((producer) =>
    stated.flatMap((bytes): readonly Voucher[] => {
      const trusted = policy.producers[producer];
      const result: ForeignResult = trusted
        ? verifyForeign(bytes, trusted, now)
        : { kind: "not-mine" };
      if (result.kind === "not-mine") return [];
      if (result.kind === "refused") {
        notes.push(`not by ${producer}: ${result.problem}`);
        return [];
      }
      if (result.signed.kind === "signature") return [];
      const read = readScanReport(result.signed.statement, imported, now);
      if (read.ok) return [{ producer, report: read.value }];
      notes.push(`by ${producer}: ${read.problem}`);
      return [];
    }),
  );
}

function producersFor(policy: FindingPolicy, use: "reports" | "vex", tool: string): string[] {
  const entries =
    use === "vex"
      ? policy.vex
      : policy.reports.filter(({ tools }) =>
          tools.some((pattern) => matchesPattern(tool.toLowerCase(), pattern.toLowerCase())),
        );
  const names = new Set(entries.flatMap(({ by }) => by));
  return [...names].filter((name) => Object.hasOwn(policy.producers, name));
}

/** Statements about reports, as they were handed in; what is damaged or erased states nothing. */
async function readStated(engine: Engine, release: Digest): Promise<readonly Uint8Array[]> {
  const found: Uint8Array[] = [];
  for (const { digest } of await listStated(engine.db, release)) {
    const row = await readAttestation(engine.db, release, digest);
    try {
      if (row) found.push(await attestationBytes(engine, row));
    } catch (error) {
      engine.notice(`a statement about ${release} counts for nothing: ${String(error)}`);
    }
  }
  return found;
}

async function listStated(db: Db, release: Digest) {
  const rows = await attestationsOf(db, release);
  return rows.filter(
    ({ predicate_type, erased_at, origin }) =>
      predicate_type === scanReport.type && erased_at === null && origin === "given",
  );
}

/** The environments that it concerns: the one that is named, else every one of the service. */
async function policiesOf(db: Db, { service, environment }: ImportedReport) {
  const registered = await registeredDocuments(db, "Environment");
  if (environment !== null) {
    return { pipelines: [], environments: registered.filter(({ name }) => name === environment) };
  }
  const pipelines = (await registeredDocuments(db, "Pipeline")).filter(
    ({ name }) => name === service,
  );
  const names = pipelines.flatMap(({ content }) =>
    content.kind === "Pipeline" ? content.spec.environments.map(({ name }) => name) : [],
  );
  const environments = registered.filter(({ name }) => names.includes(name));
  // One whose owners nobody can ask trusts nobody.
  return { pipelines, environments: environments.length === names.length ? environments : [] };
}

/** What somebody has written into the database by hand makes nobody trusted. */
async function heldByRecord(
  engine: Engine,
  imported: ImportedReport,
): Promise<readonly DocumentRow[]> {
  const looks: (readonly DocumentRow[])[] = [];
  const difference = await lastingDifference(engine.log, engine.db, async () => {
    const { pipelines, environments } = await policiesOf(engine.db, imported);
    looks.push(environments);
    const documents = [...pipelines, ...environments];
    return [
      ...groundsOf(documentsProjection, documents),
      ...documents.map(noLaterDocument),
      ...groundsOf(attestationsProjection, await listStated(engine.db, imported.release.id)),
    ];
  });
  if (difference === null) return looks.at(-1) ?? [];
  throw new TidelockError(
    "denied",
    `the database was changed behind the ledger: ${difference.message}`,
    { fault: "operator", hint: "nothing was imported; see `tidelock ledger verify --state`" },
  );
}

/**
 * Why a trusted, complete report closes nothing all the same, in a sentence; null when it may. Inside the
 * transaction of the import, the service locked: a report that was good once is not good for ever.
 *
 * @param scope digest of the import's scope
 * @param madeAt RFC 3339, by the signed statement; of an own run when it ended
 */
export async function whyClosesNothing(
  tx: Db,
  given: {
    readonly scope: string;
    readonly release: Digest;
    readonly report: Digest;
    readonly madeAt: string;
  },
): Promise<string | null> {
  const newer = await newerScanned(tx, given.scope, given.release);
  if (newer !== undefined) {
    return `${newer}, a later release, was scanned already: this report closes nothing`;
  }
  const { rows } = await sql<{ later: Date | null }>`
    select max(least(coalesce(made_at, at), at)) as later from finding_imports
    where scope = ${given.scope} and report_digest <> ${given.report}
  `.execute(tx);
  const later = rows[0]?.later ?? null;
  if (later !== null && later.getTime() > Date.parse(given.madeAt)) {
    return `it was made at ${given.madeAt}, and a later report of the same scan is here (${later.toISOString()}): it closes nothing`;
  }
  return null;
}

/** Version of a release that is newer than this one, and of which this scan has a report. */
async function newerScanned(tx: Db, scope: string, release: Digest): Promise<string | undefined> {
  const rows = await scannedReleases(tx, scope, release);
  const own = rows.find(({ id }) => id === release);
  return own && rows.find((one) => one.id !== release && isNewer(one, own))?.version;
}
