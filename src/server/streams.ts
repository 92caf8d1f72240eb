import type { FastifyInstance, FastifyRequest } from "fastify";
import type { z } from "zod";
import { routes } from "../api/routes.ts";
import { TidelockError } from "../model/errors.ts";
import type { ControlPlane } from "../ports/control-plane.ts";
import type { ServerParts } from "./app.ts";
import { requireStill } from "./access.ts";
import { accessOf, schemaOf } from "./routes.ts";
import { type EventSink, serveEvents } from "./sse.ts";
import type { Sight } from "../model/principal.ts";
import { sightFor, visibilityOf } from "./visible.ts";

type EventQuery = z.output<typeof routes.events.query>;
type LogParams = z.output<typeof routes.logs.params>;
type LogQuery = z.output<typeof routes.logs.query>;

/** Open streams of one server: each costs a waiting query, so there is a ceiling. */
const maxStreams = 256;
/** Events or lines of one read. */
const batch = 200;

/** The two calls that go on: events, and logs with `follow`. */
export function registerStreams(app: FastifyInstance, parts: ServerParts): void {
  const waitMs = parts.heartbeatMs ?? 10_000;
  const stopping = new AbortController();
  let streams = 0;
  app.addHook("preClose", async () => stopping.abort());

  const counted = async (run: () => Promise<void>): Promise<void> => {
    if (streams >= maxStreams) {
      throw new TidelockError("unavailable", "too many event streams are open", {
        retryable: true,
        hint: "close pages or `logs -f` that nobody reads",
      });
    }
    streams += 1;
    try {
      await run();
    } finally {
      streams -= 1;
    }
  };

  app.route({
    method: "GET",
    url: routes.events.path,
    config: accessOf("events"),
    schema: schemaOf("events", {
      response: { 200: { content: { "text/event-stream": { schema: routes.events.response } } } },
    }),
    handler: async (request, reply) => {
      const query = request.query as EventQuery;
      const resume = resumeId(request.headers["last-event-id"]);
      await counted(() =>
        serveEvents(request, reply, stopping.signal, (sink) =>
          followEvents(
            parts.controlPlane,
            { ...query, sees: () => sightFor(request) },
            { after: resume, waitMs },
            visibleOnly(request, sink),
            () => requireStill(request),
          ),
        ),
      );
      return reply;
    },
  });

  app.route({
    method: "GET",
    url: routes.logs.path,
    config: accessOf("logs"),
    schema: schemaOf("logs"),
    handler: async (request, reply) => {
      const params = request.params as LogParams;
      const query = request.query as LogQuery;
      const read = (cursor: string | null, wait: number) =>
        parts.controlPlane.readLogs({
          lane: { service: params.service, environment: params.environment },
          colour: params.colour,
          process: query.process ?? null,
          tail: query.tail,
          cursor,
          waitMs: wait,
        });
      if (!query.follow) return { items: [...(await read(null, 0)).lines] };
      const resume = request.headers["last-event-id"];
      await counted(() =>
        serveEvents(request, reply, stopping.signal, (sink) =>
          followLogs(read, typeof resume === "string" ? decode(resume) : null, waitMs, sink, () =>
            requireStill(request),
          ),
        ),
      );
      return reply;
    },
  });
}

/** Whoever asks may see less by now than when the events were read. Those of no service are for who sees everything. */
function visibleOnly(request: FastifyRequest, sink: EventSink): EventSink {
  return {
    signal: sink.signal,
    heartbeat: () => sink.heartbeat(),
    send: (message) => {
      const sees = visibilityOf(request);
      if (sees === null) return sink.send(message);
      const event = message.data as { readonly service?: string | null } | undefined;
      const plain = event === undefined || message.event !== undefined;
      const visible = plain || (typeof event.service === "string" && sees(event));
      return visible ? sink.send(message) : Promise.resolve();
    },
  };
}

function resumeId(header: string | string[] | undefined): number | null {
  if (header === undefined || header === "") return null;
  const id = typeof header === "string" && /^\d{1,15}$/.test(header) ? Number(header) : NaN;
  if (Number.isSafeInteger(id)) return id;
  throw new TidelockError("invalid-input", "Last-Event-ID is not a number of an event", {
    fault: "operator",
    where: "Last-Event-ID header",
    hint: "send back the id of the last event that arrived, or no header",
  });
}

/**
 * Says first where the stream stands, so that a client which loses the line before the first event still
 * resumes without a gap. An id from the future (the database was restored) is answered with `reset`.
 */
async function followEvents(
  controlPlane: ControlPlane,
  query: EventQuery & { readonly sees: () => Sight },
  { after: resume, waitMs }: { readonly after: number | null; readonly waitMs: number },
  sink: EventSink,
  still: () => Promise<void>,
): Promise<void> {
  const newest = await controlPlane.lastEventId();
  const lost = resume !== null && resume > newest;
  let after = resume === null || lost ? newest : resume;
  await sink.send({ id: String(after), ...(lost ? { event: "reset", data: { after } } : {}) });
  while (!sink.signal.aborted) {
    const events = await orGone(
      controlPlane.events({
        after,
        waitMs,
        limit: batch,
        sees: query.sees(),
        ...(query.service === undefined ? {} : { service: query.service }),
        ...(query.promotion === undefined ? {} : { promotion: query.promotion }),
      }),
      sink.signal,
    );
    if (events === null) return;
    await still();
    for (const event of events) {
      await sink.send({ id: String(event.id), data: event });
      after = event.id;
    }
    if (events.length === 0) await sink.heartbeat();
  }
}

async function followLogs(
  read: (cursor: string | null, waitMs: number) => ReturnType<ControlPlane["readLogs"]>,
  resume: string | null,
  waitMs: number,
  sink: EventSink,
  still: () => Promise<void>,
): Promise<void> {
  let cursor = resume;
  while (!sink.signal.aborted) {
    const answer = await orGone(read(cursor, cursor === null ? 0 : waitMs), sink.signal);
    if (answer === null) return;
    await still();
    const id = encodeURIComponent(answer.cursor);
    for (const [index, line] of answer.lines.entries()) {
      // Only the last line of a read carries the cursor: resuming repeats a read, never loses one.
      const last = index === answer.lines.length - 1;
      await sink.send({ ...(last ? { id } : {}), data: line });
    }
    if (answer.lines.length === 0) await sink.heartbeat();
    cursor = answer.cursor;
  }
}

/** The answer, or null as soon as nobody waits for it any more. */
async function orGone<T>(answer: Promise<T>, signal: AbortSignal): Promise<T | null> {
  if (signal.aborted) return null;
  const gone = Promise.withResolvers<null>();
  const leave = (): void => gone.resolve(null);
  signal.addEventListener("abort", leave, { once: true });
  try {
    return await Promise.race([answer, gone.promise]);
  } finally {
    signal.removeEventListener("abort", leave);
    answer.catch(() => undefined);
  }
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
