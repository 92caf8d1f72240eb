import { digestOf } from "../../model/canonical.ts";
import { TidelockError } from "../../model/errors.ts";
import { openStatuses } from "../../model/finding.ts";
import type { Digest, Lane } from "../../model/primitives.ts";
import {
  type Accepted,
  neverWaived,
  WaivableVerdict,
  Waived,
  type WaiverPolicy,
  type WaiverWish,
} from "../../model/waiver.ts";
import { demandDigest } from "../../policy/evidence.ts";
import { failingIn } from "../../policy/failing.ts";
import { applyFloor } from "../../policy/floor.ts";
import { allows } from "../../policy/waivers.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { announce } from "../../store/queries/events.ts";
import { readFinding } from "../../store/queries/findings-show.ts";
import { readTree } from "../../store/queries/ledger-tree.ts";
import { insertWaiver, lastFailure, nextWaiver } from "../../store/queries/waivers.ts";
import type { WaiverRow } from "../../store/schema-waivers.ts";
import type { Db } from "../../store/schema.ts";
import { wishFor } from "../../strategies/demands.ts";
import type { Engine } from "../engine.ts";
import { requireWritable } from "../ledger/writable.ts";
import { findRelease, laneDocuments } from "../promotions/plan-inputs.ts";
import { findingNow, waiverPolicy } from "./held.ts";

/**
 * Writes down what somebody wants accepted, with what is there now: two people sign exactly that.
 *
 * @throws TidelockError `not-found`, `forbidden` (the environment's owners, or nobody, may accept it), `invalid-input`
 *   (an end that is over or too far), `conflict` (there is nothing to accept)
 */
export async function proposeWaiver(
  engine: Engine,
  actor: Actor,
  wish: WaiverWish,
): Promise<WaiverRow> {
  const { db } = engine;
  await requireWritable(db, "a waiver is an entry of the ledger");
  const { service, environment } = wish;
  const lane: Lane = { service, environment };
  await laneDocuments(db, lane);
  const policy = await requireAllowed(db, environment, wish.of.kind);
  await requireEnd(db, wish.until, policy, environment);
  const release = wish.release === undefined ? null : await findRelease(db, service, wish.release);
  const of =
    wish.of.kind === "finding"
      ? await acceptedFinding(db, lane, wish.of.finding)
      : await acceptedCheck(engine, lane, wish.of, release?.id ?? null);
  const row = await db.transaction().execute(async (tx) => {
    const id = await nextWaiver(tx);
    const { origin } = await readTree(tx);
    const waived = Waived.parse({
      waiver: `W-${id}`,
      ledger: origin,
      service,
      environment,
      release: release?.id ?? null,
      of,
      reason: wish.reason,
      control: wish.control,
      owner: wish.owner,
      until: new Date(wish.until).toISOString(),
    });
    const made = await insertWaiver(tx, id, waived, actor.id);
    const what = of.kind === "finding" ? of.finding : `check ${of.check}`;
    await announce(tx, {
      kind: "waiver.proposed",
      ...lane,
      message: `${actor.id} proposed W-${id}: to accept ${what} until ${waived.until}; two people have to sign it`,
    });
    return made;
  });
  engine.signals.emit("change");
  return row;
}

/** Throws `forbidden`. */
export async function requireAllowed(
  db: Db,
  environment: string,
  kind: Accepted["kind"],
): Promise<WaiverPolicy> {
  const policy = await waiverPolicy(db, environment);
  if (policy !== null && allows(policy, kind)) return policy;
  throw new TidelockError("forbidden", `${environment} allows no waivers of ${kind}s`, {
    fault: "operator",
    where: environment,
    hint: "its owners say so in `spec.waivers.allowed` of the environment",
  });
}

/** Throws `invalid-input`. */
export async function requireEnd(
  db: Db,
  until: string,
  { longest }: WaiverPolicy,
  environment: string,
): Promise<void> {
  const left = Date.parse(until) - Date.parse(await databaseTime(db));
  if (left > 0 && left <= longest) return;
  const days = Math.floor(longest / 86_400_000);
  const most = days > 0 ? `${days} days` : `${Math.floor(longest / 60_000)} minutes`;
  throw new TidelockError("invalid-input", `${until} is ${left > 0 ? "too far" : "over"}`, {
    fault: "operator",
    where: "until",
    hint: `${environment} allows ${most}; then somebody looks again`,
  });
}

async function acceptedFinding(
  db: Db,
  { service, environment }: Lane,
  id: string,
): Promise<Accepted> {
  const number = id.slice("F-".length);
  const [row, now] = await Promise.all([readFinding(db, number), findingNow(db, number)]);
  if (!row || !now || row.service !== service) {
    throw refused("not-found", `there is no finding ${id} of ${service}`, id);
  }
  if (row.environment !== null && row.environment !== environment) {
    throw refused("conflict", `${id} is in ${row.environment}, and not in ${environment}`, id);
  }
  if (!openStatuses.includes(row.status)) {
    throw refused("conflict", `${id} is ${row.status}: there is nothing to accept`, id);
  }
  return {
    kind: "finding",
    finding: `F-${number}`,
    rule: row.rule,
    title: row.title,
    fingerprints: now.fingerprints,
    severity: now.severity,
    knownExploited: now.knownExploited,
  };
}

async function acceptedCheck(
  { db }: Engine,
  lane: Lane,
  { check, verdicts }: Extract<WaiverWish["of"], { kind: "check" }>,
  release: Digest | null,
): Promise<Accepted> {
  const { pipeline, environment } = await laneDocuments(db, lane);
  const wish = wishFor(pipeline.document, lane.environment);
  const { checks } = applyFloor(wish, environment.document.spec.floor);
  const demand = checks.find(({ name }) => name === check);
  if (!demand) {
    const names = checks.map(({ name }) => name).join(", ") || "none";
    throw refused(
      "not-found",
      `${lane.environment} demands no check ${check}: it has ${names}`,
      check,
    );
  }
  if (demand.phase === "live") {
    throw refused(
      "conflict",
      `${check} runs when users are there already: no gate waits for it`,
      check,
    );
  }
  if (neverWaived.has(demand.uses)) {
    throw refused("forbidden", `nobody can accept that ${demand.uses} does not pass`, check);
  }
  const accepted = WaivableVerdict.options.filter((verdict) => verdicts.includes(verdict));
  const digest = demandDigest(demand);
  const of = {
    kind: "check",
    check,
    uses: demand.uses,
    demand: digest,
    verdicts: accepted,
  } as const;
  if (!accepted.includes("fail")) return { ...of, failing: [] };
  if (demand.uses === "findings") {
    throw refused("forbidden", "findings are accepted one by one: --finding F-12", check);
  }
  return { ...of, failing: [...(await whatFails(db, lane, check, digest, release))] };
}

/** Of the newest run of exactly this check here that failed: what nobody has seen nobody can accept. */
async function whatFails(
  db: Db,
  lane: Lane,
  check: string,
  demand: Digest,
  release: Digest | null,
): Promise<readonly string[]> {
  const runs = await lastFailure(db, lane, check, release);
  const run = runs.find(({ checks }) =>
    checks.some((one) => one.name === check && demandDigest(one) === demand),
  );
  if (!run) {
    throw new TidelockError("conflict", `${check}, as it is demanded now, has not failed there`, {
      fault: "operator",
      where: check,
      hint: "accept what a run has shown: let it run first, and accept `fail` then",
    });
  }
  const failing = failingIn(run.report);
  if (failing !== null) return failing;
  throw refused("conflict", "more fails than anybody can read and accept one by one", check);
}

function refused(
  code: "not-found" | "conflict" | "forbidden",
  message: string,
  where: string,
): TidelockError {
  return new TidelockError(code, message, { fault: "operator", where });
}

/** What is waived is still what it was when it was proposed. Throws `conflict`. */
export async function requireSame(db: Db, engine: Engine, { content }: WaiverRow): Promise<void> {
  const { of, service, environment, release, waiver } = content;
  const lane = { service, environment };
  const now =
    of.kind === "finding"
      ? await acceptedFinding(db, lane, of.finding)
      : await acceptedCheck(engine, lane, of, release);
  const { title: _title, rule: _rule, ...was } = of as Record<string, unknown>;
  const { title: _now, rule: _too, ...is } = now as Record<string, unknown>;
  const changed = Object.keys(was).filter(
    (key) => digestOf({ is: was[key] }) !== digestOf({ is: is[key] }),
  );
  if (changed.length === 0) return;
  const [first = ""] = changed;
  const what =
    first === "severity"
      ? `it is ${String(is[first])} now, and was ${String(was[first])}`
      : `${changed.join(", ")} changed`;
  throw new TidelockError("conflict", `since ${waiver} was proposed ${what}`, {
    fault: "operator",
    where: waiver,
    hint: "look again, and propose it anew",
  });
}
