import { type IncomingHttpHeaders, request as plainRequest } from "node:http";
import { request as tlsRequest, type RequestOptions } from "node:https";
import { isIP, isIPv6, type LookupFunction } from "node:net";
import { rootCertificates, TLSSocket } from "node:tls";
import type { Destination } from "./destination.ts";

/** One request on a connection of its own, to addresses that were judged before. */
export interface Transfer {
  readonly destination: Destination;
  /** Where to connect; no name is asked for again. */
  readonly addresses: readonly string[];
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** From the start to the last byte that is read. */
  readonly timeoutMs: number;
  /** Reading ends here; what is longer is cut and says so. */
  readonly maxBodyBytes: number;
  readonly signal: AbortSignal;
  /** Certificates (PEM) trusted besides the well-known ones. */
  readonly ca?: string;
  /** `judge`: takes any certificate and old protocols, which are then judged; `old`: nothing newer than TLS 1.1. */
  readonly tls?: "judge" | "old";
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly truncated: boolean;
  /** From the start until the body was read. */
  readonly latencyMs: number;
  readonly tls: TlsFacts | null;
}

export interface TlsFacts {
  readonly protocol: string;
  readonly authorized: boolean;
  readonly reason: string | null;
  readonly validFrom: string;
  readonly validTo: string;
}

/** The time limit came before the end of the answer. */
export class NoAnswerInTime extends Error {
  constructor(timeoutMs: number) {
    super(`no whole answer within ${timeoutMs} ms`);
  }
}

/**
 * Sends and reads, without following redirects, decompressing or retrying. Rejects when there is no whole
 * answer: refused, reset, no valid HTTP, untrusted certificate, too slow.
 */
export async function transfer(wanted: Transfer): Promise<Answer> {
  const secure = wanted.destination.scheme === "https";
  const started = performance.now();
  const signal = AbortSignal.any([wanted.signal, AbortSignal.timeout(wanted.timeoutMs)]);
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      const late = signal.aborted && !wanted.signal.aborted;
      reject(late ? new NoAnswerInTime(wanted.timeoutMs) : error);
    };
    const options = { ...optionsOf(wanted), signal };
    let answering = false;
    const outgoing = (secure ? tlsRequest : plainRequest)(options, (response) => {
      answering = true;
      const tls = response.socket instanceof TLSSocket ? describeTls(response.socket) : null;
      const chunks: Buffer[] = [];
      let size = 0;
      let truncated = false;
      const finish = () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
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
    // Without this listener Node destroys the request of a 101 and says neither `response` nor `error`.
    outgoing.on("upgrade", (_response, socket) => {
      socket.destroy();
      fail(new Error("it answers 101: it wants another protocol than HTTP"));
    });
    outgoing.on("error", fail);
    // With a response its own end decides, which may come after the connection's.
    outgoing.on("close", () => {
      if (!answering) fail(new Error("the connection closed without an answer"));
    });
    outgoing.end(wanted.body);
  });
}

function optionsOf(wanted: Transfer): RequestOptions {
  const { destination, body } = wanted;
  const headers: Record<string, string> = {
    host: destination.authority,
    accept: "*/*",
    connection: "close",
  };
  for (const [name, value] of Object.entries(wanted.headers)) headers[name.toLowerCase()] = value;
  if (body !== undefined) headers["content-length"] = `${Buffer.byteLength(body)}`;
  const options: RequestOptions = {
    host: destination.host,
    port: destination.port,
    path: destination.path,
    method: wanted.method,
    headers,
    agent: false,
    setHost: false,
    lookup: pinned(wanted.addresses),
  };
  if (destination.scheme === "http") return options;
  return {
    ...options,
    ...(isIP(destination.host) === 0 ? { servername: destination.host } : {}),
    rejectUnauthorized: wanted.tls === undefined,
    ...(wanted.ca === undefined ? {} : { ca: [...rootCertificates, wanted.ca] }),
    // OpenSSL takes old protocols at its lowest level only.
    ...(wanted.tls === undefined
      ? {}
      : { minVersion: "TLSv1" as const, ciphers: "DEFAULT@SECLEVEL=0" }),
    ...(wanted.tls === "old" ? { maxVersion: "TLSv1.1" as const } : {}),
  };
}

/** Answers with what was judged, whatever a name server says by now (DNS rebinding). */
function pinned(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_host, options, callback) => {
    const [first] = all;
    if (options.all === true) callback(null, all);
    else callback(null, first?.address ?? "", first?.family ?? 4);
  };
}

function describeTls(socket: TLSSocket): TlsFacts {
  const certificate = socket.getPeerCertificate();
  return {
    protocol: socket.getProtocol() ?? "unknown",
    authorized: socket.authorized,
    reason: socket.authorized ? null : String(socket.authorizationError),
    validFrom: certificate.valid_from ?? "",
    validTo: certificate.valid_to ?? "",
  };
}
