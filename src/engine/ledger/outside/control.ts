import { randomUUID } from "node:crypto";
import type { AnchorView, WitnessView } from "../../../api/views/outside.ts";
import { equalBytes } from "../../../ledger/bytes.ts";
import { noteKeyTypes, parseVerifierKey } from "../../../ledger/note.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { Actor } from "../../../ports/control-plane.ts";
import type { LedgerOutside } from "../../../ports/ledger-outside.ts";
import {
  type AnchorRecord,
  endAnchor,
  endWitness,
  everyLogKey,
  listAnchors,
  listWitnesses,
  putAnchor,
  putWitness,
  type WitnessRecord,
} from "../../../store/queries/ledger-outside.ts";
import type { Db } from "../../../store/schema.ts";
import { openAnchor } from "../../../witness/anchors/open-anchor.ts";
import type { Engine } from "../../engine.ts";
import type { Kind } from "../kinds.ts";
import { StoredAnchor } from "./write-anchors.ts";

export function makeLedgerOutside(engine: Engine): LedgerOutside {
  const { db } = engine;
  return {
    listWitnesses: async () => (await listWitnesses(db)).map((one) => witnessView(engine, one)),
    addWitness: (actor, witness) => addWitness(engine, actor, witness),
    async removeWitness(actor, name) {
      await changed(engine, actor, "witness.removed", { name }, async (tx) => {
        if (!(await endWitness(tx, name))) throw unknown("witness", name);
      });
      return `the witness ${name} is asked no more; what it cosigned stays`;
    },
    listAnchors: async () => (await listAnchors(db)).map((one) => anchorView(engine, one)),
    addAnchor: (actor, anchor) => addAnchor(engine, actor, anchor),
    async removeAnchor(actor, name) {
      await changed(engine, actor, "anchor.removed", { name }, async (tx) => {
        if (!(await endAnchor(tx, name))) throw unknown("anchor", name);
      });
      return `no checkpoint is written to ${name} any more; what lies there stays`;
    },
  };
}

async function addWitness(
  engine: Engine,
  actor: Actor,
  given: { readonly key: string; readonly url: string; readonly operator: string },
): Promise<WitnessView> {
  const key = parseVerifierKey(given.key);
  if (key.type !== noteKeyTypes.cosignature) {
    throw wrong(
      "key",
      "this key signs no cosignatures (type 0x04)",
      "ask the witness's operator for its key",
    );
  }
  const own = await everyLogKey(engine.db);
  if (own.some((one) => equalBytes(one, key.publicKey))) {
    throw wrong("key", "this is the log's own key", "a witness is somebody else");
  }
  const url = prefixOf(given.url);
  const witness = { name: key.name, key: given.key, url, operator: given.operator };
  await changed(engine, actor, "witness.added", witness, async (tx) => {
    if (!(await putWitness(tx, witness))) throw taken("witness", witness.name);
  });
  return witnessView(engine, await found(listWitnesses(engine.db), witness.name));
}

async function addAnchor(
  engine: Engine,
  actor: Actor,
  { name, settings, everyMs }: Parameters<LedgerOutside["addAnchor"]>[1],
): Promise<AnchorView> {
  // A place that cannot be read now is a mistake that its owner should see now.
  await openAnchor(settings).read("tidelock", 1);
  const stored = { place: settings, everyMs } satisfies StoredAnchor;
  await changed(engine, actor, "anchor.added", { name, ...stored }, async (tx) => {
    if (!(await putAnchor(tx, { name, kind: settings.kind, settings: stored }))) {
      throw taken("anchor", name);
    }
  });
  return anchorView(engine, await found(listAnchors(engine.db), name));
}

/** The change and its entry in one transaction; the worker then hears of it by the next checkpoint. */
async function changed(
  engine: Engine,
  actor: Actor,
  kind: Kind,
  payload: Readonly<Record<string, unknown>>,
  change: (tx: Db) => Promise<void>,
): Promise<void> {
  await engine.db.transaction().execute(async (tx) => {
    await change(tx);
    const operation = `${kind}/${randomUUID()}`;
    await engine.ledger.append(tx, { operation, kind, stream: "system", actor: actor.id, payload });
  });
  engine.signals.emit("change");
}

async function found<T extends { readonly name: string }>(
  rows: Promise<readonly T[]>,
  name: string,
): Promise<T> {
  const row = (await rows).find((one) => one.name === name);
  if (row === undefined) throw unknown("row", name);
  return row;
}

/** Without a slash at the end; with nothing that would end up in another request than it looks like. */
function prefixOf(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) {
    const bare = url.username === "" && url.password === "" && url.search === "" && url.hash === "";
    if (bare) return url.href.replace(/\/+$/, "");
  }
  throw wrong(
    "url",
    "this is no address of a witness",
    "write http(s)://host:port/prefix, without a password",
  );
}

function wrong(where: string, message: string, hint: string): TidelockError {
  return new TidelockError("invalid-input", message, { fault: "operator", where, hint });
}

function taken(what: string, name: string): TidelockError {
  return new TidelockError("conflict", `there is a ${what} ${name} already`, {
    fault: "operator",
    where: name,
    hint: `remove it first: tidelock ledger ${what} remove ${name}`,
  });
}

function unknown(what: string, name: string): TidelockError {
  return new TidelockError("not-found", `there is no ${what} ${name}`, {
    fault: "operator",
    where: name,
    hint: `see them: tidelock ledger ${what} list`,
  });
}

function witnessView(
  { log }: Engine,
  { name, key, url, operator, added_at, size, at }: WitnessRecord,
): WitnessView {
  const cosigned =
    size === null || at === null ? null : { size: Number(size), at: at.toISOString() };
  return {
    name,
    key,
    url,
    operator,
    addedAt: added_at.toISOString(),
    cosigned,
    lastAnswer: log.lastAnswer(`witness ${name}`),
  };
}

function anchorView(
  { log }: Engine,
  { name, settings, added_at, size, place, at }: AnchorRecord,
): AnchorView {
  const { place: where, everyMs } = StoredAnchor.parse(settings);
  const anchored =
    size === null || at === null || place === null
      ? null
      : { size: Number(size), at: at.toISOString(), place };
  return {
    name,
    settings: where,
    everyMs,
    addedAt: added_at.toISOString(),
    anchored,
    lastAnswer: log.lastAnswer(`anchor ${name}`),
  };
}
