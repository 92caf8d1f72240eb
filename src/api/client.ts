import { setTimeout as pause } from "node:timers/promises";
import type { z } from "zod";
import { type ErrorCode, errorCodes, TidelockError } from "../model/errors.ts";
import type { Digest } from "../model/primitives.ts";
import { auditPackPath, type AuditPackRequest } from "./audit.ts";
import { parseEventStream } from "./event-stream.ts";
import { type ImportOptions, ImportView } from "./views/finding.ts";
import { findingRoutes } from "./routes/findings.ts";
import { type RouteName, routes, type Routes } from "./routes.ts";
import { upload } from "./upload.ts";
import { ErrorView, EventView, LogLineView } from "./views.ts";

export interface ClientOptions {
  /** `http://localhost:7420` */
  readonly url: string;
  /** Empty: calls that are open to everybody. */
  readonly token: string;
  /** Ends every call and stream of this client. */
  readonly signal?: AbortSignal;
}

type Part<R, K extends string> =
  R extends Record<K, infer S extends z.ZodType> ? { readonly [P in K]: z.input<S> } : unknown;
type Optional<R> = R extends { readonly query: unknown }
  ? Omit<R, "query"> & { readonly query?: Partial<R["query"]> }
  : R;

/** What a call of the table takes: its path parameters, query and body. */
export type CallInput<N extends RouteName> = Optional<
  Part<Routes[N], "params"> & Part<Routes[N], "query"> & Part<Routes[N], "body">
>;
export type CallOutput<N extends RouteName> = z.output<Routes[N]["response"]>;

/** A stream is taken for dead after this long without a byte; the server speaks every 10 s. */
const silenceMs = 35_000;

interface AnyRoute {
  readonly method: string;
  readonly path: string;
  readonly response: z.ZodType;
}
interface AnyInput {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/**
 * The API as typed calls. What comes back is parsed by the same schemas that the server answers with.
 * Every failure is a `TidelockError`: the server's own, or `unavailable` (nobody answers), `incompatible`
 * (somebody else answers) or `cancelled`.
 */
export class Client {
  readonly url: string;
  readonly #token: string;
  readonly #signal: AbortSignal | undefined;

  constructor({ url, token, signal }: ClientOptions) {
    this.url = url.replace(/\/+$/, "");
    this.#token = token;
    this.#signal = signal;
  }

  async call<N extends RouteName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
    const route: AnyRoute = routes[name];
    const { params, query, body } = input as AnyInput;
    const init: RequestInit =
      body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const response = await this.#send(route.method, address(route.path, params, query), init);
    const answer = await this.#json(response);
    const parsed = route.response.safeParse(answer);
    if (parsed.success) return parsed.data as CallOutput<N>;
    throw notTidelock(this.url, parsed.error);
  }

  async hasBlob(digest: Digest): Promise<boolean> {
    const response = await this.#send("HEAD", `/api/v1/blobs/${digest}`, {}, [404]);
    return response.status === 200;
  }

  /** A file of the log (`tile/0/000`); null for what the log does not have. */
  async ledgerFile(path: string): Promise<Uint8Array | null> {
    const response = await this.#send("GET", `/ledger/${path}`, {}, [404]);
    if (response.status === 404) return null;
    return new Uint8Array(await response.arrayBuffer());
  }

  /** Uploads the bytes of one artifact; `size` in bytes. Throws `digest-mismatch` when they are others. */
  async putBlob(digest: Digest, size: number, body: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#send("PUT", `/api/v1/blobs/${digest}`, {
      body: ReadableStream.from(body),
      duplex: "half",
      headers: { "content-type": "application/octet-stream", "content-length": String(size) },
    });
  }

  /**
   * Sends a scanner's report as it is read; `size` in bytes where it is known. Nothing of it is kept when this throws:
   * `invalid-input` names format and position.
   */
  async importReport(
    service: string,
    options: z.input<typeof ImportOptions>,
    body: AsyncIterable<Uint8Array>,
    size?: number,
  ): Promise<ImportView> {
    const path = address(findingRoutes.findingImports.path, { service }, options);
    let response: Response;
    try {
      response = await upload(new URL(this.url + path), body, {
        headers: {
          authorization: `Bearer ${this.#token}`,
          "content-type": "application/octet-stream",
          ...(size === undefined ? {} : { "content-length": String(size) }),
        },
        ...(this.#signal === undefined ? {} : { signal: this.#signal }),
      });
    } catch (error) {
      if (this.#signal?.aborted) throw new TidelockError("cancelled", "interrupted");
      if (error instanceof TidelockError) throw error;
      throw unreachable(this.url, error);
    }
    if (!response.ok) throw await this.#refusal(response);
    const parsed = ImportView.safeParse(await this.#json(response));
    if (parsed.success) return parsed.data;
    throw notTidelock(this.url, parsed.error);
  }

  /** An audit pack: the name that the server proposes for its file, and its bytes. */
  async exportPack(request: AuditPackRequest): Promise<{ name: string; zip: Uint8Array }> {
    const response = await this.#send("POST", auditPackPath, {
      body: JSON.stringify(request),
      headers: { "content-type": "application/json" },
    });
    const proposed = /filename="([A-Za-z0-9._+-]{1,200})"/.exec(
      response.headers.get("content-disposition") ?? "",
    );
    return {
      name: proposed?.[1]?.replace(/^\.+/, "") || "audit.zip",
      zip: new Uint8Array(await response.arrayBuffer()),
    };
  }

  /** Events as they happen, without a gap over lost connections. `onOpen` runs once the first stands. */
  async *events(
    query: { service?: string; promotion?: string },
    signal: AbortSignal,
    onOpen: () => void = () => {},
  ): AsyncGenerator<EventView> {
    const path = address(routes.events.path, {}, query);
    for await (const data of this.#follow(path, signal, onOpen)) yield EventView.parse(data);
  }

  /** Log lines as they are written, over lost connections. */
  async *followLogs(
    slot: { service: string; environment: string; colour: "blue" | "green" },
    query: { process?: string; tail?: number },
    signal: AbortSignal,
  ): AsyncGenerator<LogLineView> {
    const path = address(routes.logs.path, slot, { ...query, follow: true });
    for await (const data of this.#follow(path, signal)) yield LogLineView.parse(data);
  }

  /** Reconnects with `Last-Event-ID` after a lost line; refusals of the server end it. */
  async *#follow(
    path: string,
    signal: AbortSignal,
    onOpen: () => void = () => {},
  ): AsyncGenerator<unknown> {
    let last: string | null = null;
    for (let failures = 0; !signal.aborted;) {
      const silence = new AbortController();
      let timer = setTimeout(() => silence.abort(), silenceMs);
      const awake = (): void => {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), silenceMs);
      };
      try {
        const response = await this.#send("GET", path, {
          headers: last === null ? {} : { "last-event-id": last },
          signal: AbortSignal.any([signal, silence.signal]),
        });
        onOpen();
        failures = 0;
        const bytes = heard(response.body, awake);
        for await (const event of parseEventStream(bytes, (id) => (last = id))) {
          if (event.event === "error") throw streamError(event.data);
          if (event.event === "message") yield JSON.parse(event.data);
        }
      } catch (error) {
        if (signal.aborted) return;
        const lost = !(error instanceof TidelockError) || error.retryable;
        failures += 1;
        if (!lost || failures > 60) throw error;
      } finally {
        clearTimeout(timer);
        silence.abort();
      }
      await pause(Math.min(250 * 2 ** failures, 5_000), undefined, { signal }).catch(() => {});
    }
  }

  async #send(
    method: string,
    path: string,
    init: RequestInit & { duplex?: "half" },
    accept: readonly number[] = [],
  ): Promise<Response> {
    const signals = [this.#signal, init.signal].filter((signal) => signal !== undefined);
    let response: Response;
    try {
      response = await fetch(this.url + path, {
        ...init,
        method,
        // A redirect would carry the token to somebody else.
        redirect: "error",
        headers: {
          "user-agent": "tidelock",
          ...init.headers,
          ...(this.#token === "" ? {} : { authorization: `Bearer ${this.#token}` }),
        },
        ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals as AbortSignal[]) }),
      });
    } catch (error) {
      if (this.#signal?.aborted) throw new TidelockError("cancelled", "interrupted");
      throw unreachable(this.url, error);
    }
    if (response.ok || accept.includes(response.status)) return response;
    throw await this.#refusal(response);
  }

  async #json(response: Response): Promise<unknown> {
    try {
      return await response.json();
    } catch (error) {
      if (this.#signal?.aborted) throw new TidelockError("cancelled", "interrupted");
      throw notTidelock(this.url, error);
    }
  }

  async #refusal(response: Response): Promise<TidelockError> {
    const parsed = ErrorView.safeParse(await response.json().catch(() => null));
    if (!parsed.success) {
      // What stands between, or a server that is just leaving.
      if (response.status >= 502 && response.status <= 504) {
        return unreachable(this.url, `status ${response.status}`);
      }
      return notTidelock(this.url, `status ${response.status}`);
    }
    const { code, message, where, hint, problems } = parsed.data.error;
    return new TidelockError(knownCode(code), message, {
      fault: response.status < 500 ? "operator" : "environment",
      retryable: response.status === 503 || response.status === 429,
      ...(where === undefined ? {} : { where }),
      ...(hint === undefined ? {} : { hint }),
      ...(problems === undefined
        ? {}
        : {
            problems: problems.map((problem) => ({
              where: problem.where,
              message: problem.message,
              ...(problem.hint === undefined ? {} : { hint: problem.hint }),
            })),
          }),
    });
  }
}

function address(
  path: string,
  params: Readonly<Record<string, string>> = {},
  query: Readonly<Record<string, unknown>> = {},
): string {
  const filled = path.replaceAll(/:([a-z]+)/gi, (_, name: string) =>
    encodeURIComponent(params[name] ?? ""),
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  return search.size === 0 ? filled : `${filled}?${search}`;
}

async function* heard(
  body: ReadableStream<Uint8Array> | null,
  awake: () => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body ?? []) {
    awake();
    yield chunk;
  }
}

function knownCode(code: string): ErrorCode {
  return errorCodes.find((known) => known === code) ?? "internal";
}

function streamError(data: string): TidelockError {
  const { code, message } = JSON.parse(data) as { code?: unknown; message?: unknown };
  return new TidelockError(knownCode(String(code)), String(message), { retryable: true });
}

function unreachable(url: string, cause: unknown): TidelockError {
  const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const code =
    reason instanceof Error && "code" in reason && typeof reason.code === "string"
      ? ` (${reason.code})`
      : "";
  if (/CERT|VERIFY|SELF_SIGNED|ALTNAME/.test(code)) {
    return new TidelockError("unavailable", `the server's certificate is not trusted${code}`, {
      where: url,
      hint: code.includes("ALTNAME")
        ? "it names other names: use one of those, as --host-name of the server says"
        : "name who issued it with --ca <file> or TIDELOCK_CA",
      cause,
    });
  }
  return new TidelockError("unavailable", `no Tidelock server answers${code}`, {
    retryable: true,
    where: url,
    hint: "start one with `tidelock server start`, or name another with --url or TIDELOCK_URL",
    cause,
  });
}

function notTidelock(url: string, cause: unknown): TidelockError {
  return new TidelockError("incompatible", "the answer is not one that this program knows", {
    where: url,
    hint: "compare `tidelock --version` with `tidelock server status`; perhaps another program listens there",
    cause,
  });
}
