import { request as plainRequest, type IncomingHttpHeaders } from "node:http";
import { request as tlsRequest, type RequestOptions as TlsRequestOptions } from "node:https";
import { rootCertificates, TLSSocket } from "node:tls";

/** One request to the service under test. */
export interface ExchangeRequest {
  /** `http://127.0.0.1:41234`; the path is kept apart, so that it goes out exactly as it is written. */
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From the start to the last byte that is read. */
  readonly timeoutMs: number;
  /** Reading ends here; more is not a mistake, it is cut. */
  readonly maxBodyBytes: number;
  readonly signal: AbortSignal;
  /** Certificates (PEM) trusted besides the well-known ones. */
  readonly ca?: string;
  /** `judge`: takes any certificate and old protocols, which are then judged; `old`: nothing newer than TLS 1.1. */
  readonly tls?: "judge" | "old";
}

export interface Exchange {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Every `Set-Cookie` line. */
  readonly cookies: readonly string[];
  readonly body: string;
  readonly truncated: boolean;
  /** From the start until the body was read. */
  readonly latencyMs: number;
  readonly tls: {
    readonly protocol: string;
    readonly authorized: boolean;
    readonly reason: string | null;
    readonly validFrom: string;
    readonly validTo: string;
  } | null;
}

/**
 * Sends one request on a connection of its own, without following redirects, decompressing or retrying.
 * Rejects when there is no whole answer: refused, reset, no valid HTTP, untrusted certificate, too slow.
 */
export async function exchange(wanted: ExchangeRequest): Promise<Exchange> {
  const url = new URL(wanted.origin);
  const secure = url.protocol === "https:";
  const started = performance.now();
  const signal = AbortSignal.any([wanted.signal, AbortSignal.timeout(wanted.timeoutMs)]);
  const headers: Record<string, string> = { host: url.host, accept: "*/*", connection: "close" };
  for (const [name, value] of Object.entries(wanted.headers)) headers[name.toLowerCase()] = value;
  if (wanted.body !== undefined) headers["content-length"] = `${Buffer.byteLength(wanted.body)}`;
  const options: TlsRequestOptions = {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    path: wanted.path,
    method: wanted.method,
    headers,
    agent: false,
    signal,
    setHost: false,
    ...(secure
      ? {
          rejectUnauthorized: wanted.tls === undefined,
          ...(wanted.ca === undefined ? {} : { ca: [...rootCertificates, wanted.ca] }),
          // OpenSSL takes old protocols at its lowest level only.
          ...(wanted.tls === undefined
            ? {}
            : { minVersion: "TLSv1" as const, ciphers: "DEFAULT@SECLEVEL=0" }),
          ...(wanted.tls === "old" ? { maxVersion: "TLSv1.1" as const } : {}),
        }
      : {}),
  };
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      const late = signal.aborted && !wanted.signal.aborted;
      reject(late ? new Error(`no whole answer within ${wanted.timeoutMs} ms`) : error);
    };
    const outgoing = (secure ? tlsRequest : plainRequest)(options, (response) => {
      const tls = response.socket instanceof TLSSocket ? describeTls(response.socket) : null;
      const chunks: Buffer[] = [];
      let size = 0;
      let truncated = false;
      const finish = () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          cookies: response.headers["set-cookie"] ?? [],
          body: Buffer.concat(chunks).toString("utf8"),
          truncated,
          latencyMs: performance.now() - started,
          tls,
        });
      };
      response.on("data", (chunk: Buffer) => {
        if (truncated) return;
        const room = wanted.maxBodyBytes - size;
        chunks.push(chunk.subarray(0, room));
        size += chunk.length;
        if (chunk.length > room) {
          truncated = true;
          finish();
          outgoing.destroy();
        }
      });
      response.once("end", finish);
      response.on("error", fail);
      response.on("aborted", () => fail(new Error("the connection closed inside the answer")));
    });
    outgoing.on("error", fail);
    outgoing.end(wanted.body);
  });
}

function describeTls(socket: TLSSocket): Exchange["tls"] {
  const certificate = socket.getPeerCertificate();
  return {
    protocol: socket.getProtocol() ?? "unknown",
    authorized: socket.authorized,
    reason: socket.authorized ? null : String(socket.authorizationError),
    validFrom: certificate.valid_from ?? "",
    validTo: certificate.valid_to ?? "",
  };
}

/** One line about why there was no answer, for people. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: "nothing listens there",
    ECONNRESET: "the connection was reset without an answer",
    EPIPE: "the connection was reset without an answer",
    ENOTFOUND: "the host name is unknown",
    EHOSTUNREACH: "the host cannot be reached",
    ETIMEDOUT: "no answer in time",
  };
  const text = known[code] ?? error.message;
  return code.startsWith("HPE_") ? `the answer is not valid HTTP (${error.message})` : text;
}
