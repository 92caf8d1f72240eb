import { clockAt, defaultSla } from "../../findings/sla.ts";
import type { Digest, Lane } from "../../model/primitives.ts";
import { ServiceSecurity, type SlaDays } from "../../model/service-security.ts";
import type { OpenFinding, OpenFindings } from "../../ports/check.ts";
import {
  findingActsProjection,
  findingImportsProjection,
} from "../../store/projections/findings.ts";
import { serviceSecurityProjection } from "../../store/projections/service-security.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import {
  type ConcernedRow,
  concernedBy,
  goneRecord,
  hasExploitedList,
  judgementsOf,
  mostConcerned,
  scansOf,
  type Word,
  wordsAbout,
} from "../../store/queries/finding-open.ts";
import { findingDifference } from "../../store/queries/finding-state.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { readServiceSecurity } from "../../store/queries/service-security.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { type HeldWaiver, groundsOfWaivers, heldIn, waiversInput } from "../waivers/held.ts";
import { severityOf } from "./severity.ts";
import { isProduct, type Product } from "./product.ts";
import { type Ground, groundsOf, lastingDifference, nothingAfter } from "../ledger/leaning.ts";
import { ownRunsAwaited } from "./own-runs-awaited.ts";

/** Whose findings a check asks for. */
export interface Asked {
  readonly lane: Lane;
  readonly release: Digest;
  /** What users meet, to tell what is new. */
  readonly live: Digest | null;
  /** Reports of its scans are taken in first; null: of none. */
  readonly promotion: string | null;
  /** So long is waited for them. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

/**
 * What is open of a release, after all that says so was held against the ledger: every import and act of the service,
 * what they wrote, and that none of them was taken away. So nothing that somebody changes in the database makes a
 * finding go away here.
 */
export async function openFindings(
  engine: Engine,
  asked: Asked,
  see: (finding: OpenFinding) => void,
): Promise<OpenFindings> {
  const awaited = await ownRunsAwaited(engine, asked);
  const difference = await lastingDifference(engine.log, engine.db, async () => [
    ...(await groundsOfFindings(engine.db, asked.lane.service)),
    ...(await groundsOfWaivers(engine.db, asked.lane)),
  ]);
  if (difference) {
    const { message: changed } = difference;
    return { changed, scans: [], unvouched: 0, partial: 0, awaited: null, left: 0 };
  }
  const open = await engine.db
    .transaction()
    .setIsolationLevel("repeatable read")
    .execute((tx) => readOpen(tx, asked, see));
  return { ...open, changed: null, awaited };
}

async function groundsOfFindings(db: Db, service: string): Promise<readonly Ground[]> {
  const [imports, acts, security] = await Promise.all([
    db.selectFrom("finding_imports").selectAll().where("service", "=", service).execute(),
    db.selectFrom("finding_acts").selectAll().where("service", "=", service).execute(),
    readServiceSecurity(db, service),
  ]);
  return [
    ...groundsOf(findingImportsProjection, imports),
    ...groundsOf(findingActsProjection, acts),
    // How long findings may stay.
    ...groundsOf(serviceSecurityProjection, security ? [security] : []),
    nothingAfter("service_security", `service-security/${service}/1`, async (tx) => {
      return (await readServiceSecurity(tx, service)) !== undefined;
    }),
    nothingGone(service),
    nothingElse(service),
  ];
}

function nothingGone(service: string): Ground {
  return {
    async holds(db) {
      const gone = await goneRecord(db, service);
      if (gone === undefined) return null;
      const table = gone.startsWith("finding-act") ? "finding_acts" : "finding_imports";
      const message = `${table}: ${gone} is in the log and not in the database`;
      return { table, row: gone, column: null, index: null, message };
    },
  };
}

function nothingElse(service: string): Ground {
  return {
    async holds(db) {
      const found = await db
        .transaction()
        .setIsolationLevel("repeatable read")
        .execute((tx) => findingDifference(tx, service));
      return found && { ...found, index: null };
    },
  };
}

async function readOpen(
  tx: Db,
  { lane, release, live }: Asked,
  see: (finding: OpenFinding) => void,
): Promise<Omit<OpenFindings, "changed" | "awaited">> {
  const { scans, ...others } = await scansOf(tx, lane.environment, release);
  const judgements = Map.groupBy(await judgementsOf(tx, lane.service), ({ finding }) => finding);
  const row = await readRelease(tx, release);
  const product: Product = {
    service: lane.service,
    version: row?.version ?? "",
    digests: [release, ...(row?.content.artifacts ?? []).map(({ digest }) => digest)],
  };
  const words = Map.groupBy(
    lastWords(await wordsAbout(tx, lane.environment, release), product),
    ({ finding }) => finding,
  );
  const listed = await hasExploitedList(tx);
  const security = await readServiceSecurity(tx, lane.service);
  const sla = security ? ServiceSecurity.parse(security.content).sla : defaultSla;
  const now = new Date(await databaseTime(tx));
  const accepted = await waiversInput(tx, lane);
  const waivers = accepted === undefined ? [] : heldIn(accepted, release, now.toISOString());
  let seen = 0;
  let left = 0;
  for await (const rows of concernedBy(tx, lane, release, live)) {
    for (const one of rows) {
      seen += 1;
      if (seen > mostConcerned) {
        left += 1;
        continue;
      }
      const judged = judgements.get(one.id) ?? [];
      const said = words.get(one.id) ?? [];
      see(openFinding(one, { judged, said, waivers, listed, sla, now }));
    }
  }
  return {
    scans: scans.map(({ tool, by, at }) => ({ tool, by, at: at.toISOString() })),
    ...others,
    left,
  };
}

/** Of each issuer and finding the newest word that is about this release. Pure. */
export function lastWords(words: readonly Word[], product: Product): readonly Word[] {
  const last = new Map<string, Word>();
  for (const word of words) {
    const key = `${word.finding} ${word.by}`;
    if (last.has(key)) continue;
    if (word.product === null || isProduct(word.product, product)) last.set(key, word);
  }
  return [...last.values()];
}

interface Said {
  readonly judged: Awaited<ReturnType<typeof judgementsOf>>;
  readonly said: readonly Word[];
  /** Accepted risks that hold. */
  readonly waivers?: readonly HeldWaiver[];
  readonly listed: boolean;
  readonly sla: SlaDays;
  readonly now: Date;
}

/** Pure: what counts of what was said for and against one finding. */
export function openFinding(row: ConcernedRow, given: Said): OpenFinding {
  const { judged, said, waivers = [], listed, sla, now } = given;
  const waiver = waivers.find(({ kind, of }) => kind === "finding" && of === `F-${row.id}`);
  const { severity, note: changed } = severityOf(row, judged, now);
  const false_ = falsePositive(row, judged, now);
  const stated = statedAway(said);
  // Counted from what is sealed: nobody's column, and no pause, which is one person's word.
  const clock = {
    severity: row.severity,
    firstSeen: row.first_seen.toISOString(),
    pauses: [],
    endedAt: null,
  };
  const { due, overdue } = clockAt(clock, sla, now.toISOString());
  return {
    id: `F-${row.id}`,
    kind: row.kind,
    rule: row.rule,
    title: row.title,
    severity,
    status: row.status,
    tools: row.tools,
    aliases: row.aliases,
    firstSeen: row.first_seen.toISOString(),
    fixable: row.fixable,
    vouched: row.trusted,
    isNew: !row.in_live,
    due,
    overdue,
    knownExploited: listed ? row.exploited : null,
    note: [changed, false_.note].filter(Boolean).join("; "),
    setAside: false_.why ?? stated,
    waiver: waiver ? { id: waiver.id, until: waiver.until } : null,
  };
}

function falsePositive(
  { status, trusted }: ConcernedRow,
  judged: Said["judged"],
  now: Date,
): { readonly why: string | null; readonly note: string } {
  if (status !== "false-positive") return { why: null, note: "" };
  const word = judged.find(({ kind }) => kind === "false-positive");
  if (!word) return { why: null, note: "nobody confirmed that it is a false positive" };
  const until = String(word.detail["until"]);
  if (!(now.getTime() < Date.parse(until))) {
    return { why: null, note: "that it is a false positive has ended" };
  }
  if (trusted && word.detail["trusted"] !== true) {
    const note = "a trusted scan sees what was set aside when only untrusted reports had it";
    return { why: null, note };
  }
  return { why: `a false positive by two people until ${until}`, note: "" };
}

/** One that says that it is affected outweighs all that say that it is not. */
function statedAway(said: Said["said"]): string | null {
  const against = said.filter(({ status }) =>
    ["not-affected", "fixed", "false-positive"].includes(status),
  );
  const [first] = against;
  if (!first || against.length < said.length) return null;
  return `${first.status} in this release, ${first.by} states${first.said === "" ? "" : ` (${first.said.slice(0, 200)})`}`;
}
