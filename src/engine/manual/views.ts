import type { Sight } from "../../model/principal.ts";
import type { ManualRequestView } from "../../api/routes/manual.ts";
import { readAnswer } from "../../evidence/predicates/manual-answer.ts";
import { TidelockError } from "../../model/errors.ts";
import type { ManualAnswers } from "../../model/manual-check.ts";
import { readAttestation } from "../../store/queries/attestations.ts";
import { type ListedRequest, listRequests } from "../../store/queries/check-requests.ts";
import { grantsFor, namesOf } from "../../store/queries/grants.ts";
import { attestationBytes } from "../attestations/attest-material.ts";
import type { Engine } from "../engine.ts";
import { answerRight } from "./right.ts";

/** What waits for people, or all that one promotion has asked. */
export async function requestViews(
  engine: Engine,
  promotion: string | null,
  sees?: Sight,
): Promise<readonly ManualRequestView[]> {
  const which = promotion === null ? { open: true } : { promotion };
  const rows = await listRequests(engine.db, { ...which, sees });
  return Promise.all(
    // Of one promotion they are few, and a page shows what was answered.
    rows.map(async (row) =>
      viewOf(engine, row, promotion === null ? null : await said(engine, row)),
    ),
  );
}

/** One with its answer and the addresses of what is under test. */
export async function requestView(engine: Engine, id: string): Promise<ManualRequestView> {
  const [row] = await listRequests(engine.db, { id });
  if (!row) throw new TidelockError("not-found", "there is no such request", { where: id });
  const view = await viewOf(engine, row, await said(engine, row));
  return { ...view, addresses: view.state === "open" ? await addressesOf(engine, row) : [] };
}

async function viewOf(
  engine: Engine,
  row: ListedRequest,
  answers: ManualAnswers | null,
): Promise<ManualRequestView> {
  const { service, environment } = row;
  return {
    id: row.id,
    run: row.run,
    promotion: row.promotion,
    check: row.check,
    role: row.role,
    service,
    environment,
    colour: row.colour,
    release: { id: row.release, version: row.version },
    configuration: row.configuration,
    plan: row.plan,
    ledger: row.ledger,
    form: row.form,
    formDigest: row.form_digest,
    state: stateOf(row),
    askedAt: row.asked_at.toISOString(),
    answerUntil: row.answer_until.toISOString(),
    begunAt: row.begun_at?.toISOString() ?? null,
    ranMs: row.ran_ms === null ? null : Math.max(0, Math.floor(row.ran_ms)),
    holders: row.open ? await holdersOf(engine, row) : [],
    addresses: [],
    answer: answerOf(row, answers),
  };
}

function stateOf(row: ListedRequest): ManualRequestView["state"] {
  if (row.answer !== null) return "answered";
  return row.expired ? "expired" : row.open ? "open" : "ended";
}

function answerOf(row: ListedRequest, answers: ManualAnswers | null): ManualRequestView["answer"] {
  if (!row.answer || !row.person || !row.key_id || !row.answered_at || !row.valid_until)
    return null;
  return {
    person: row.person,
    name: row.name,
    key: row.key_id,
    digest: row.answer,
    answeredAt: row.answered_at.toISOString(),
    validUntil: row.valid_until.toISOString(),
    separation: row.separation ?? "",
    reuses: row.reuses,
    answers,
  };
}

async function holdersOf({ db }: Engine, row: ListedRequest): Promise<string[]> {
  const lane = { service: row.service, environment: row.environment };
  const grants = await grantsFor(db, answerRight(row.role), lane);
  const people = [...new Set(grants.map(({ person }) => person))];
  return Promise.all(people.map(async (person) => (await namesOf(db, person)).names[0] ?? person));
}

/** The answers out of the signed bytes; null where they are gone. */
async function said(engine: Engine, row: ListedRequest): Promise<ManualAnswers | null> {
  const kept = row.answer && (await readAttestation(engine.db, row.release, row.answer));
  if (!kept || kept.erased_at) return null;
  const read = readAnswer(await attestationBytes(engine, kept));
  return read.ok ? read.value.answers : null;
}

/** Where the colour under test answers, as the host agent sees it now; nothing when it does not say. */
async function addressesOf(engine: Engine, row: ListedRequest): Promise<string[]> {
  const { service, environment, colour } = row;
  if (colour === null) return [];
  try {
    const seen = await engine.agent.call("slot.observe", {
      slot: { service, environment, colour },
    });
    return seen.instances.flatMap(({ host, port }) =>
      port === null ? [] : [`http://${host}:${port}`],
    );
  } catch {
    return [];
  }
}
