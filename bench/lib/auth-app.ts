import { randomBytes } from "node:crypto";
import Fastify, { type FastifyInstance } from "fastify";
import { makeByToken, makeUses } from "../../src/engine/access/authenticate.ts";
import { makeBySession, makeSeen } from "../../src/engine/access/sign-in/sessions.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { inLane } from "../../src/model/permissions.ts";
import { registerAccess } from "../../src/server/access.ts";
import { Limits } from "../../src/server/limits/limits.ts";
import { requireToken } from "../../src/server/sign-in/token-check.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { EntryMarks, markWith } from "../../src/store/queries/ledger-marks.ts";
import type { Schema } from "../../src/store/schema.ts";

export type Store = Database<Schema>;

export async function openStore(dataDir: string): Promise<Store> {
  const database = await openDatabase<Schema>({ dataDir });
  markWith(database.db, new EntryMarks(Buffer.alloc(32, 7)));
  return database;
}

/** As much of an engine as sessions ask for: every server of a database has the same key. */
export function sessionEngine({ db }: Store): Engine {
  const keys = { sealingKey: async () => Buffer.alloc(32, 9) };
  const settings = { sessionIdleMs: 3_600_000, sessionMs: 43_200_000 };
  return { db, log: { keys }, settings } as unknown as Engine;
}

/** One route behind everything that decides who asks, whether they may, and whether they ask too much. */
export function guardedApp(store: Store): FastifyInstance {
  const { db } = store;
  const app = Fastify();
  const access = {
    byToken: makeByToken(db),
    used: makeUses(db),
    bySession: makeBySession(sessionEngine(store)),
    seen: makeSeen(db),
    placesOf: async () => null,
    usedPermission: () => undefined,
    bootstrapCounts: async () => true,
  };
  const token = randomBytes(32).toString("base64url");
  const unlimited = { perSecond: 1e6, burst: 1e6 };
  const limits = new Limits(token, {
    open: unlimited,
    signIns: unlimited,
    strangers: unlimited,
    calls: unlimited,
    expensive: unlimited,
    streams: [1, 1],
    atOnce: [1, 1],
  });
  registerAccess(app, access, limits.guard(requireToken(access, token)));
  const config = { access: { permission: "service.stop" as const, resource: inLane } };
  app.get("/lanes/:service/:environment", { config }, async () => ({ ok: true }));
  return app;
}
