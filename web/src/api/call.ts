import type { ErrorView } from "../../../src/api/views.ts";
import { currentToken, signOut, somebodyIsThere } from "../session.ts";

/** What the server answered instead, or that it did not answer (`unavailable`). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly where: string | undefined;
  readonly hint: string | undefined;

  constructor(status: number, { code, message, where, hint }: ErrorView["error"]) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.where = where;
    this.hint = hint;
  }
}

interface CallOptions {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  /** Sent as JSON. */
  readonly body?: object;
  readonly signal?: AbortSignal;
  /** Instead of the one that is signed in. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One call of the API of the server that this page came from. */
export async function call<T>(path: string, options: CallOptions = {}): Promise<T> {
  const response = await send(path, options);
  return (await response.json()) as T;
}

/** The answer as it comes, for streams. Throws `ApiError` for everything but success. */
export async function send(
  path: string,
  { method = "GET", body, signal, token, headers = {} }: CallOptions = {},
): Promise<Response> {
  const bearer = token ?? currentToken();
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      redirect: "error",
      credentials: bearer === null ? "same-origin" : "omit",
      cache: "no-store",
      headers: {
        ...headers,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        // No form and no page of another site can send this (src/server/sign-in/session-cookie.ts).
        "x-tidelock": somebodyIsThere() || method !== "GET" ? "1" : "background",
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, {
      code: "unavailable",
      message: "the server does not answer",
      hint: "is it running? `tidelock server start`",
    });
  }
  if (response.ok) return response;
  // A token that was given for trying says nothing about the one that is signed in.
  if (response.status === 401 && token === undefined && !asksWho(path)) {
    signOut(
      bearer === null
        ? "You are not signed in any more. Sign in again."
        : "Your token is not valid any more. Sign in again.",
    );
  }
  throw new ApiError(response.status, await errorOf(response));
}

/** Calls for which being nobody is an answer, and no end of anything. */
function asksWho(path: string): boolean {
  return path === "/api/v1/session" || path.startsWith("/api/v1/sign-in");
}

async function errorOf(response: Response): Promise<ErrorView["error"]> {
  try {
    const body = (await response.json()) as Partial<ErrorView>;
    if (typeof body.error?.message === "string") return body.error;
  } catch {
    // Not ours: something stands between.
  }
  return { code: "incompatible", message: `the server answered with status ${response.status}` };
}
