import type { z } from "zod";
import type { ImportOptions, ImportView } from "../../../api/views/finding.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { Digest } from "../../../model/primitives.ts";
import type { Actor } from "../../../ports/control-plane.ts";
import { registeredEnvironment } from "../../../store/queries/catalogue.ts";
import { knowsService } from "../../../store/queries/findings-imports.ts";
import type { Db } from "../../../store/schema.ts";
import { attestRelease } from "../../attestations/attest-release.ts";
import type { Engine } from "../../engine.ts";
import { findRelease } from "../../promotions/plan-inputs.ts";
import { vouchFor } from "../vouch.ts";
import { importView } from "../views/import-view.ts";
import type { ReadEnd } from "./messages.ts";
import { EarlyReaders } from "./early-reader.ts";
import { InTurn } from "./in-turn.ts";
import { spool } from "./spool.ts";
import { type Standing, takeIn } from "./take-in.ts";

/** Of all that the database gives this process twenty connections for; own runs have their turn beside these. */
const limits = { atOnce: 3, waiting: 60 };
const turns = new WeakMap<Engine, InTurn>();
const readers = new EarlyReaders();

function turnsOf(engine: Engine): InTurn {
  const known = turns.get(engine) ?? new InTurn(limits);
  turns.set(engine, known);
  return known;
}

/** A report that somebody sends: spooled, read apart, and believed only as far as somebody vouches for it. */
export async function importReport(
  engine: Engine,
  actor: Actor,
  service: string,
  options: z.output<typeof ImportOptions>,
  bytes: AsyncIterable<Uint8Array>,
): Promise<ImportView> {
  const { db, settings } = engine;
  await requireKnown(db, service, options.environment);
  const release =
    options.release === undefined ? null : await findRelease(db, service, options.release);
  await keepStatement(engine, actor, { service, ...options });
  const environment = options.environment ?? null;
  const format = options.format ?? null;
  const scan = options.scan ?? null;
  const early = readers.start(engine);
  const spooled = await spool(engine.spool, bytes, settings.reportBytes).catch(
    async (error: unknown) => {
      await early.end();
      throw error;
    },
  );
  try {
    await engine.hooks?.reach("import:spooled");
    const judge = async (read: ReadEnd): Promise<Standing> => {
      const tool = (read.summary.tool?.name ?? "").slice(0, 128) || read.format;
      const about = release && {
        id: release.id,
        artifacts: release.content.artifacts.map(({ digest }) => digest),
      };
      const { digest } = spooled;
      const sent = { service, environment, release: about, digest, tool, format, scan };
      const vouched = await vouchFor(engine, sent);
      return {
        tool,
        subject: (scan ?? read.summary.subject ?? "").slice(0, 1_024),
        trust: vouched.trust,
        vouchedBy: vouched.vouchedBy,
        claims: vouched.claims,
        madeAt: vouched.signed?.madeAt ?? null,
        missing:
          vouched.signed?.complete === false
            ? ["whoever signed it says that the scan left something out"]
            : [],
        notes: vouched.notes,
      };
    };
    const incoming = { service, environment, release, format, scan, by: actor.id };
    const given = { ...incoming, checkRun: null, seenAt: null };
    const row = await turnsOf(engine).do(() => takeIn(engine, given, spooled, judge, early.read));
    return await importView(db, row);
  } finally {
    await early.end();
    await spooled.remove();
  }
}

/** What vouches for it is kept with everything else that is stated about the release; whose word it is, is told later. */
async function keepStatement(
  engine: Engine,
  actor: Actor,
  given: { service: string; release?: string | undefined; attestation?: Digest | undefined },
): Promise<void> {
  const { service, release, attestation: digest } = given;
  if (digest === undefined) return;
  if (release !== undefined) {
    await attestRelease(engine, actor, { service, release, digest });
    return;
  }
  throw new TidelockError("invalid-input", "a signed report names the release that it is about", {
    fault: "operator",
    where: "--release",
    hint: "give --release <version or digest> together with --attestation",
  });
}

async function requireKnown(db: Db, service: string, environment: string | undefined) {
  if (!(await knowsService(db, service))) {
    throw new TidelockError("not-found", `there is no service ${service}`, {
      fault: "operator",
      where: "--service",
      hint: "register its pipeline first: tidelock pipeline apply",
    });
  }
  if (environment === undefined || (await registeredEnvironment(db, environment))) return;
  throw new TidelockError("not-found", `no environment ${environment} is registered`, {
    fault: "operator",
    where: "--environment",
    hint: "apply its `kind: Environment` document: tidelock pipeline apply",
  });
}
