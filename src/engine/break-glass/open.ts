import { randomBytes } from "node:crypto";
import { glassDigest } from "../../identity/break-glass/statement.ts";
import {
  type Aside,
  GlassAsked,
  type GlassBasis,
  type GlassWish,
  type GlassWishFor,
  mostFailing,
  neverBroken,
} from "../../model/break-glass.ts";
import { canonicalJson } from "../../model/canonical.ts";
import { letsThrough } from "../../model/decision.ts";
import type { Plan } from "../../model/plan.ts";
import { type Lane, laneKey } from "../../model/primitives.ts";
import type { Release } from "../../model/release.ts";
import { type AsideNow, asideOf, openFindings, windowAside } from "../../policy/break-glass.ts";
import { compareText, type Ground } from "../../policy/decide.ts";
import { demandDigest } from "../../policy/evidence.ts";
import { gateGrounds, type GateInput } from "../../policy/gate.ts";
import { type AdmissionInput, admissionGrounds } from "../../policy/admission.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { scannersOf } from "../../pipeline-file/scanners.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { insertGlass, nextGlass } from "../../store/queries/break-glass.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { keepForm } from "../../store/queries/check-requests.ts";
import { announce } from "../../store/queries/events.ts";
import { checkRunsOf } from "../../store/queries/evidence.ts";
import { readLane } from "../../store/queries/lanes.ts";
import { readPromotion } from "../../store/queries/promotions.ts";
import type { BreakGlassRow } from "../../store/schema-break-glass.ts";
import { makePlan } from "../../strategies/plan.ts";
import { refused } from "../access/people/two-people.ts";
import { askedNow } from "../approvals/gather.ts";
import { knownPlan } from "../attestations/attest-promotion.ts";
import type { Engine } from "../engine.ts";
import { decisionAtGate } from "../decisions/evidence.ts";
import { touchedBy } from "../high-risk/touched.ts";
import { requireWritable } from "../ledger/writable.ts";
import { currentConfiguration, findRelease, laneDocuments } from "../promotions/plan-inputs.ts";
import { liveOf } from "../lanes/queue.ts";
import { admission } from "../steps/admit.ts";
import { refuseBanned } from "../stops/ban.ts";
import { breakGlassPolicy } from "./gather.ts";

/** What it is about: a plan, and the promotion that has it, which may have ended. */
interface About {
  readonly plan: Plan;
  readonly release: Release;
  /** Empty: nobody has begun one. */
  readonly promotion: string;
}

/** What speaks against it now: what people may set aside of it, and what nobody can. */
export interface Against {
  readonly asides: readonly Aside[];
  /** Stays as it is, whoever signs. */
  readonly stays: readonly string[];
  readonly findings: GlassBasis["findings"];
}

/**
 * Writes down what somebody wants set aside, exactly as the gate says it now; it counts when two people have signed it.
 *
 * @throws TidelockError `not-found`, `forbidden` (the environment's owners allow none, or not for so long), `conflict`
 *   (nothing that may be set aside stands in the way), `invalid-input`
 */
export async function openGlass(
  engine: Engine,
  actor: Actor,
  of: { readonly promotion: string } | Pick<GlassWish, "service" | "environment" | "release">,
  wish: GlassWishFor,
): Promise<BreakGlassRow> {
  const { db } = engine;
  await requireWritable(db, "a broken glass is an entry of the ledger");
  const about = await aboutOf(engine, of);
  const { plan, release, promotion } = about;
  const where = laneKey(plan.lane);
  const policy = await breakGlassPolicy(db, plan.lane.environment);
  if (policy.allowed === "none") {
    throw refused(
      "forbidden",
      `nobody may break the glass in ${plan.lane.environment}`,
      where,
      owners,
    );
  }
  if (wish.expiresMs > policy.longest) {
    const most = `${Math.floor(policy.longest / 60_000)} minutes`;
    throw refused(
      "forbidden",
      `${plan.lane.environment} allows at most ${most}`,
      "expires",
      owners,
    );
  }
  const window = wish.scope === "window" || policy.allowed === "window";
  const against = await whatStands(engine, about, wish.checks);
  const asides = window ? against.asides.filter(({ of }) => of === windowAside) : against.asides;
  if (asides.length === 0) {
    const stays = against.stays.length === 0 ? "" : `: ${against.stays.join("; ")}`;
    const what = window
      ? "no window or freeze stands in the way"
      : "nothing that may be set aside stands in the way";
    throw refused("conflict", `${what}${stays}`, where, "see tidelock gate explain");
  }
  if (asides.length > 100) {
    throw refused(
      "conflict",
      `${asides.length} requirements are not met: more than anybody reads in an emergency`,
      where,
    );
  }
  const basis: GlassBasis = {
    asides: [...asides],
    findings: asides.every(({ of }) => of === windowAside) ? null : against.findings,
  };
  const now = new Date(await databaseTime(db));
  const expires = new Date(now.getTime() + wish.expiresMs).toISOString();
  const { promotion: _none, ...content } = await askedNow(db, {
    plan,
    version: release.version,
    promotion,
  });
  const row = await db.transaction().execute(async (tx) => {
    const id = await nextGlass(tx);
    const asked = GlassAsked.parse({
      glass: `BG-${id}`,
      request: randomBytes(16).toString("hex"),
      ...content,
      decision: glassDigest(basis),
      reason: wish.reason,
      expires,
    });
    // Whoever verifies a signature later reads what was shown: by the digest that is signed.
    await keepForm(tx, asked.decision, Buffer.from(canonicalJson(basis)));
    const made = await insertGlass(tx, id, { asked, basis, plan }, actor.id);
    await announce(tx, {
      kind: "break-glass.opened",
      ...plan.lane,
      ...(promotion === "" ? {} : { promotion }),
      message: `${actor.id} wants to BREAK THE GLASS for ${release.version} (${asked.glass}): without ${asides.map(({ of }) => of).join(", ")}, until ${expires}; people have to sign it`,
    });
    return made;
  });
  engine.signals.emit("change");
  return row;
}

const owners = "its owners say so in `spec.breakGlass` of the environment";

async function aboutOf(engine: Engine, of: Parameters<typeof openGlass>[2]): Promise<About> {
  const { db } = engine;
  if ("promotion" in of) {
    const { promotion } = of;
    const row = await readPromotion(db, promotion);
    if (!row) throw refused("not-found", `there is no promotion ${promotion}`, promotion);
    const plan = knownPlan(row);
    const release = plan && (await readRelease(db, plan.release));
    if (!plan || !release) throw refused("conflict", "its plan cannot be read", promotion);
    if (plan.kind === "rollback") {
      throw refused("conflict", "a return of traffic needs no broken glass", promotion);
    }
    await refuseBanned(db, release);
    const live = liveOf(await readLane(db, plan.lane));
    if (row.state === "complete" || canonicalJson(live) !== canonicalJson(plan.live)) {
      const hint = `say what you want there: tidelock break-glass open --service ${plan.lane.service} --environment ${plan.lane.environment} --release ${release.version}`;
      throw refused("conflict", "something else is live by now: its plan is over", promotion, hint);
    }
    return { plan, release: release.content, promotion: row.id };
  }
  const { service, environment } = of;
  const lane: Lane = { service, environment };
  const documents = await laneDocuments(db, lane);
  const release = await findRelease(db, service, of.release);
  await refuseBanned(db, release);
  const live = liveOf(await readLane(db, lane));
  const configuration = await currentConfiguration(db, lane);
  const plan = makePlan(
    {
      lane,
      release: release.id,
      configuration: configuration.digest,
      ...documents,
      live,
      touched: await touchedBy(engine, db, { ...documents, release: release.content, live }),
      scannersOf: (checks) => scannersOf(checks, engine.checks),
    },
    "forward",
  );
  return { plan, release: release.content, promotion: "" };
}

/**
 * What admission and gate would say now over what that promotion has shown. A check that has not run is not set aside: it
 * has to pass, unless somebody names it.
 */
async function whatStands(
  engine: Engine,
  { plan, release, promotion }: About,
  named: readonly string[],
): Promise<Against> {
  const now = new Date(await databaseTime(engine.db));
  const admitted = await admission(engine, plan, release, now, {
    promotion,
    given: (await currentConfiguration(engine.db, plan.lane)).configuration,
  });
  const { decided } = await decisionAtGate(
    { engine, plan, release, now, promotion: { id: promotion } },
    { ask: false, named: true },
  );
  const gate = withoutGlass(decided.inputs as unknown as GateInput);
  const first = withoutGlass(admitted.inputs as unknown as AdmissionInput);
  const grounds = [...admissionGrounds(first), ...gateGrounds(plan.gate, gate)];
  const ran = new Set((await checkRunsOf(engine.db, promotion)).map(({ name }) => name));
  const asides = new Map<string, Aside>();
  const stays = new Set<string>();
  for (const check of named) asides.set(`check ${check}`, anyOf(plan, check));
  for (const one of grounds) {
    if (letsThrough(one.outcome)) continue;
    const aside = asideOf(one);
    if (aside === undefined) stays.add(`${one.rule}: ${one.message}`);
    else if (asides.has(aside.of)) continue;
    else if (isAhead(aside, ran)) stays.add(`${one.rule}: ${one.message} (it has to pass)`);
    else asides.set(aside.of, asideIn(aside, one));
  }
  return {
    asides: [...asides.values()].sort((a, b) => compareText(a.of, b.of)),
    stays: [...stays].sort(compareText),
    findings: openFindings(gate.facts),
  };
}

function withoutGlass<T extends { readonly glass?: unknown }>(input: T): T {
  const { glass: _glass, ...rest } = input;
  return rest as T;
}

function isAhead({ check, of }: AsideNow, ran: ReadonlySet<string>): boolean {
  return check?.verdict === "missing" && !ran.has(of.slice("check ".length));
}

function asideIn({ of, check }: AsideNow, { message }: Ground): Aside {
  const failing = check?.failing ?? null;
  if (failing !== null && failing.length > mostFailing) {
    throw refused("conflict", `${of}: more fails than anybody can read one by one`, of);
  }
  return {
    of: of.slice(0, 200),
    says: message.slice(0, 600),
    check:
      check === undefined
        ? null
        : { demand: check.demand, verdict: check.verdict, failing: failing && [...failing] },
  };
}

function anyOf(plan: Plan, check: string): Aside {
  const demand = plan.checks.find(({ name }) => name === check);
  if (!demand || demand.phase === "live") {
    const names = plan.checks.flatMap(({ name, phase }) => (phase === "live" ? [] : [name]));
    throw refused(
      "not-found",
      `its gate asks for no check ${check}: it has ${names.join(", ") || "none"}`,
      check,
    );
  }
  if (neverBroken.has(demand.uses)) {
    throw refused("forbidden", `nobody can set aside that ${demand.uses} does not pass`, check);
  }
  return {
    of: `check ${check}`,
    says: "asked for by name, whatever it says",
    check: { demand: demandDigest(demand), verdict: "any", failing: null },
  };
}
