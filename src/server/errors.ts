import { randomBytes } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import type { ErrorView } from "../api/views.ts";
import { type ErrorCode, TidelockError } from "../model/errors.ts";
import type { ServerLog } from "./log.ts";

/** Which HTTP status says what `code` says (RFC 9110 15; 507 is RFC 4918). */
export const statusOf: Readonly<Record<ErrorCode, number>> = {
  "invalid-input": 400,
  unauthenticated: 401,
  denied: 403,
  forbidden: 403,
  "sign-in-again": 403,
  "not-found": 404,
  conflict: 409,
  waiting: 409,
  "stale-epoch": 409,
  cancelled: 409,
  "port-in-use": 409,
  incompatible: 409,
  "digest-mismatch": 422,
  unsupported: 422,
  "too-many-requests": 429,
  failed: 500,
  internal: 500,
  unavailable: 503,
  timeout: 504,
  "disk-full": 507,
};

interface Answer {
  readonly status: number;
  readonly view: ErrorView;
}

/** Ours keep their words; everything else is a bug, logged whole under an id and shown as that id only. */
export function errorAnswer(error: unknown, log: ServerLog): Answer {
  if (hasZodFastifySchemaValidationErrors(error)) return schemaAnswer(error);
  if (error instanceof TidelockError && error.code !== "internal") {
    const { code, message, where, hint } = error;
    if (statusOf[code] >= 500) log.warn("call failed", { code, message, where });
    return {
      status: statusOf[code],
      view: {
        error: {
          code,
          message,
          ...(where === undefined ? {} : { where }),
          ...(hint === undefined ? {} : { hint }),
          ...(error.problems === undefined
            ? {}
            : {
                problems: error.problems.slice(0, 100).map(({ where, message, hint }) => ({
                  where,
                  message,
                  ...(hint === undefined ? {} : { hint }),
                })),
              }),
        },
      },
    };
  }
  if (isUnstorableText(error)) return unstorable;
  if (isDatabaseAway(error)) return databaseAway;
  const status = httpStatus(error);
  if (status !== null && status < 500) return frameworkAnswer(error, status);
  const id = randomBytes(6).toString("hex");
  log.error("unexpected error", {
    errorId: id,
    message: error instanceof Error ? error.message : String(error),
    stack: error instanceof Error ? (error.stack ?? "") : "",
    cause: error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined,
  });
  return {
    status: 500,
    view: {
      error: {
        code: "internal",
        message: `something went wrong inside the server (error ${id})`,
        hint: `look for ${id} in the server's log and report it`,
      },
    },
  };
}

/** PostgreSQL holds no NUL and no half of a surrogate pair: `character_not_in_repertoire`, `untranslatable_character`. */
function isUnstorableText(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "22021" || code === "22P05";
}

const unstorable: Answer = {
  status: 400,
  view: {
    error: {
      code: "invalid-input",
      message: "the request holds a character that is no text (NUL, or half of a surrogate pair)",
      hint: "leave it out",
    },
  },
};

/** SQLSTATE classes of a server that shuts down, starts, or has no connection to give (PostgreSQL, appendix A). */
const awayStates = /^(08\w{3}|57P0[123]|53300)$/;

/** The database does not answer right now: not our bug, and the same request may work in a moment. */
function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === "connect") return true;
  if (typeof code === "string" && awayStates.test(code)) return true;
  // `pg` gives the loss of a connection no code of its own.
  return /^(Connection terminated|timeout exceeded when trying to connect)/.test(error.message);
}

const databaseAway: Answer = {
  status: 503,
  view: {
    error: {
      code: "unavailable",
      message: "the database does not answer right now; nothing was changed that was not confirmed",
      hint: "try again in a moment; `tidelock doctor` tells what is wrong. Services and traffic go on meanwhile",
    },
  },
};

/** What Fastify hands over when a schema refuses a request. */
interface SchemaRefusal {
  readonly validation: readonly { readonly instancePath: string; readonly message?: string }[];
  readonly validationContext?: string;
}

/** A request that does not fit its schema: every wrong field with its path. */
function schemaAnswer(error: unknown): Answer {
  const { validation, validationContext } = error as SchemaRefusal;
  const problems = validation.slice(0, 50).map((issue) => ({
    where: `${validationContext ?? "request"}${issue.instancePath.replaceAll("/", ".")}`,
    message: issue.message ?? "does not fit",
  }));
  const first = problems[0];
  return {
    status: 400,
    view: {
      error: {
        code: "invalid-input",
        message: first === undefined ? "the request does not fit its schema" : first.message,
        ...(first === undefined ? {} : { where: first.where }),
        hint: "GET /api/v1/openapi.json describes every call",
        ...(problems.length > 1 ? { problems } : {}),
      },
    },
  };
}

function httpStatus(error: unknown): number | null {
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return null;
  return typeof error.statusCode === "number" ? error.statusCode : null;
}

/** Fastify's own refusals of what a client sent: body too large, unknown media type, broken JSON. */
function frameworkAnswer(error: unknown, status: number): Answer {
  const message = error instanceof Error ? error.message : "the request was refused";
  return {
    status,
    view: { error: { code: status === 404 ? "not-found" : "invalid-input", message } },
  };
}

export function registerErrors(app: FastifyInstance, log: ServerLog): void {
  app.setErrorHandler((error, _request, reply) => {
    const { status, view } = errorAnswer(error, log);
    if (status === 401) reply.header("www-authenticate", 'Bearer realm="tidelock"');
    // `send` of a string: an error must never fail on a route's own response schema.
    return reply.code(status).type("application/json; charset=utf-8").send(JSON.stringify(view));
  });
}

/** Addresses that Fastify cannot even route (a broken percent escape): the same shape of answer. */
export function answerFrameworkError(
  _error: Error,
  _request: FastifyRequest,
  reply: FastifyReply,
): void {
  const view: ErrorView = {
    // Its own words would repeat the address, and with it what somebody put there by mistake.
    error: { code: "invalid-input", message: "this address cannot be read", where: "address" },
  };
  void reply.code(400).type("application/json; charset=utf-8").send(JSON.stringify(view));
}
