import type { IncomingMessage } from "node:http";
import { testerHeader } from "./tester.ts";

/**
 * From the client's header to the one that a backend gets. Node's parser (llhttp, strict) has already
 * refused what is not HTTP; here we refuse what two readers could understand differently, drop what is
 * meant for one hop only (RFC 9110 section 7.6.1), and say in X-Forwarded-* what we know ourselves.
 */
export interface Refusal {
  readonly kind: "refusal";
  readonly status: number;
  readonly code: string;
  readonly text: string;
}

export interface RequestHead {
  readonly kind: "head";
  /** Request line and fields up to, but without, framing, Connection and the final empty line. */
  readonly text: string;
  /** Origin-form, or `*`. */
  readonly target: string;
  readonly body: BodyFraming;
  /** The token of Upgrade when the client wants to switch and we are willing. */
  readonly upgrade: string | null;
  /** The credential, already stripped from `text`; null when the header is absent. */
  readonly tester: string | null;
  readonly requestId: string;
}

export type BodyFraming =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" };

export interface ClientInfo {
  readonly address: string;
  /** Its X-Forwarded-*, Forwarded and X-Request-Id are believed. */
  readonly trusted: boolean;
  readonly secure: boolean;
}

const Kind = {
  pass: 0,
  drop: 1,
  host: 2,
  contentLength: 3,
  transferEncoding: 4,
  connection: 5,
  upgrade: 6,
  te: 7,
  tester: 8,
  forwardedFor: 9,
  forwardedProto: 10,
  forwardedHost: 11,
  forwardedOther: 12,
  forwarded: 13,
  requestId: 14,
  contentType: 15,
} as const;
type Kind = (typeof Kind)[keyof typeof Kind];

const kinds = new Map<string, Kind>([
  ["host", Kind.host],
  ["content-length", Kind.contentLength],
  ["transfer-encoding", Kind.transferEncoding],
  ["connection", Kind.connection],
  ["upgrade", Kind.upgrade],
  ["te", Kind.te],
  [testerHeader, Kind.tester],
  ["x-forwarded-for", Kind.forwardedFor],
  ["x-forwarded-proto", Kind.forwardedProto],
  ["x-forwarded-host", Kind.forwardedHost],
  ["x-real-ip", Kind.forwardedOther],
  ["forwarded", Kind.forwarded],
  ["x-request-id", Kind.requestId],
  ["content-type", Kind.contentType],
  // Expect is written anew by the caller, after Node has understood it.
  ["expect", Kind.drop],
  ["keep-alive", Kind.drop],
  ["proxy-connection", Kind.drop],
  ["proxy-authorization", Kind.drop],
  ["proxy-authenticate", Kind.drop],
  ["http2-settings", Kind.drop],
]);

/** Names as clients spell them; bounded, because clients choose them. */
const spellings = new Map<string, Kind>();
const maxSpellings = 2_000;

function kindOf(name: string): Kind {
  const known = spellings.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  const kind = classify(lower);
  if (spellings.size < maxSpellings && name.length <= 64) spellings.set(name, kind);
  return kind;
}

function classify(lower: string): Kind {
  const kind = kinds.get(lower);
  if (kind !== undefined) return kind;
  if (lower.startsWith("x-forwarded-")) return Kind.forwardedOther;
  // CGI and WSGI read `X_Forwarded_For` as X-Forwarded-For: a second way in for what we guard.
  if (lower.includes("_") && classify(lower.replaceAll("_", "-")) !== Kind.pass) return Kind.drop;
  return Kind.pass;
}

const originForm = /^\/[\x21\x22\x24-\x7e]*$/;
const absoluteForm = /^https?:\/\/([^/?#@]+)([/?][\x21\x22\x24-\x7e]*)?$/i;
const validHost = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::[0-9]{1,5})?$/;
const validRequestId = /^[A-Za-z0-9._:/+=-]{1,128}$/;
/** Fields that a client must not have removed on the way by naming them in Connection. */
const notForOneHop = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "content-type",
  "expect",
]);

/**
 * @param nextId makes a request id when the client's own is not to be used.
 * @returns what to send, or why the request is refused.
 */
export function readRequest(
  request: IncomingMessage,
  client: ClientInfo,
  nextId: () => string,
): RequestHead | Refusal {
  const fields = request.rawHeaders;
  const oldVersion = request.httpVersionMinor === 0;
  let text = "";
  let host: string | null = null;
  let contentLength: string | null = null;
  let coding: string | null = null;
  let connection: string | null = null;
  let upgrade: string | null = null;
  let trailers = false;
  let tester: string | null = null;
  let forwardedFor = "";
  let forwarded = "";
  let proto = false;
  let forwardedHost = false;
  let requestId: string | null = null;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    const value = fields[i + 1] as string;
    switch (kindOf(name)) {
      case Kind.pass:
        text += `${name}: ${value}\r\n`;
        break;
      case Kind.drop:
        break;
      case Kind.host:
        if (host !== null) return refuse(400, "bad-host", "there is more than one Host field");
        host = value;
        break;
      case Kind.contentLength:
        if (contentLength !== null)
          return refuse(400, "bad-framing", "Content-Length is there twice");
        contentLength = value;
        break;
      case Kind.transferEncoding:
        if (coding !== null) return refuse(400, "bad-framing", "Transfer-Encoding is there twice");
        coding = value;
        break;
      case Kind.connection:
        connection = connection === null ? value : `${connection},${value}`;
        break;
      case Kind.upgrade:
        upgrade = upgrade === null ? value : `${upgrade},${value}`;
        break;
      case Kind.te:
        if (/(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i.test(value)) trailers = true;
        break;
      case Kind.tester:
        // Two credentials verify as none.
        tester = tester === null ? value : "";
        break;
      case Kind.forwardedFor:
        if (client.trusted) forwardedFor += forwardedFor === "" ? value : `, ${value}`;
        break;
      case Kind.forwarded:
        if (client.trusted) forwarded += forwarded === "" ? value : `, ${value}`;
        break;
      case Kind.forwardedProto:
        if (client.trusted) {
          proto = true;
          text += `${name}: ${value}\r\n`;
        }
        break;
      case Kind.forwardedHost:
        if (client.trusted) {
          forwardedHost = true;
          text += `${name}: ${value}\r\n`;
        }
        break;
      case Kind.forwardedOther:
        if (client.trusted) text += `${name}: ${value}\r\n`;
        break;
      case Kind.requestId:
        if (client.trusted && validRequestId.test(value)) requestId = value;
        break;
      case Kind.contentType:
        if (/^application\/grpc(?:$|[;+])/i.test(value)) return grpcRefusal;
        text += `${name}: ${value}\r\n`;
        break;
    }
  }

  if (host === null && !oldVersion) return refuse(400, "bad-host", "there is no Host field");
  let target = request.url ?? "";
  if (!originForm.test(target)) {
    const absolute = absoluteForm.exec(target);
    if (absolute) {
      if (host !== null && host.toLowerCase() !== (absolute[1] ?? "").toLowerCase()) {
        return refuse(400, "bad-target", "the request target and Host name different hosts");
      }
      host = absolute[1] ?? "";
      const path = absolute[2] ?? "/";
      target = path.startsWith("/") ? path : `/${path}`;
    } else if (target !== "*" || request.method !== "OPTIONS") {
      return refuse(400, "bad-target", "the request target is neither a path nor an http URL");
    }
  }
  if (host !== null && !validHost.test(host)) {
    return refuse(400, "bad-host", "Host is not a host name with an optional port");
  }
  if (request.method === "TRACE" || request.method === "CONNECT") {
    return refuse(405, "bad-method", `${request.method} is not served here`);
  }

  const body = framing(contentLength, coding, oldVersion);
  if (body.kind === "refusal") return body;

  let wantsUpgrade = false;
  if (connection !== null && connection !== "keep-alive" && connection !== "close") {
    const named: string[] = [];
    for (const part of connection.split(",")) {
      const option = part.trim().toLowerCase();
      if (option === "upgrade") wantsUpgrade = true;
      else if (option !== "" && option !== "keep-alive" && option !== "close") named.push(option);
    }
    if (named.length > 0) {
      const wrong = named.find((option) => notForOneHop.has(option));
      if (wrong !== undefined) {
        return refuse(400, "bad-connection", `Connection names ${wrong}, which is not for one hop`);
      }
      text = withoutNamed(text, new Set(named));
    }
  }
  const protocol =
    wantsUpgrade && !oldVersion && body.kind === "none" ? upgradeToken(upgrade) : null;

  requestId ??= nextId();
  const authority = host ?? "";
  const seen = forwardedFor === "" ? client.address : `${forwardedFor}, ${client.address}`;
  text = `${request.method} ${target} HTTP/1.1\r\nhost: ${authority}\r\n${text}x-forwarded-for: ${seen}\r\n`;
  const scheme = client.secure ? "https" : "http";
  if (!proto) text += `x-forwarded-proto: ${scheme}\r\n`;
  if (!forwardedHost) text += `x-forwarded-host: ${authority}\r\n`;
  if (forwarded !== "") {
    const peer = client.address.includes(":") ? `"[${client.address}]"` : client.address;
    text += `forwarded: ${forwarded}, for=${peer};host="${authority}";proto=${scheme}\r\n`;
  }
  text += `x-request-id: ${requestId}\r\nvia: 1.1 tidelock\r\n`;
  if (trailers) text += "te: trailers\r\n";
  return { kind: "head", text, target, body, upgrade: protocol, tester, requestId };
}

function framing(
  contentLength: string | null,
  coding: string | null,
  oldVersion: boolean,
): BodyFraming | Refusal {
  if (coding !== null) {
    if (contentLength !== null) {
      return refuse(400, "bad-framing", "Content-Length and Transfer-Encoding exclude each other");
    }
    if (oldVersion) return refuse(400, "bad-framing", "HTTP/1.0 has no Transfer-Encoding");
    if (coding.toLowerCase() !== "chunked") {
      return refuse(501, "bad-framing", "the only transfer coding understood here is chunked");
    }
    return { kind: "chunked" };
  }
  if (contentLength === null) return { kind: "none" };
  if (!/^[0-9]{1,15}$/.test(contentLength)) {
    return refuse(400, "bad-framing", "Content-Length is not one whole number");
  }
  const bytes = Number(contentLength);
  return bytes === 0 ? { kind: "none" } : { kind: "length", bytes };
}

/** One protocol, and not HTTP/2 (`Upgrade: h2c` is ignored, as RFC 9110 section 7.8 allows). */
function upgradeToken(upgrade: string | null): string | null {
  if (upgrade === null || !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:\/[0-9A-Za-z.]+)?$/.test(upgrade)) {
    return null;
  }
  const lower = upgrade.toLowerCase();
  return lower === "h2c" || lower === "h2" || lower.startsWith("http/") || lower.startsWith("tls/")
    ? null
    : upgrade;
}

function withoutNamed(text: string, named: ReadonlySet<string>): string {
  let kept = "";
  for (const line of text.split("\r\n")) {
    if (line === "") continue;
    if (!named.has(line.slice(0, line.indexOf(":")).toLowerCase())) kept += `${line}\r\n`;
  }
  return kept;
}

/** Whether Node shall hand the connection over instead of reading a request (its `shouldUpgradeCallback`). */
export function mayUpgrade(request: IncomingMessage): boolean {
  const { headers } = request;
  const none = { address: "", trusted: false, secure: false };
  if (headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined) {
    return false;
  }
  const head = readRequest(request, none, () => "");
  return head.kind === "head" && head.upgrade !== null;
}

const http2Text =
  "HTTP/2 and gRPC are not served by Tidelock's embedded router; choose the haproxy router for this environment";

/** Said to whoever speaks HTTP/2 without asking (its connection preface), and to gRPC over HTTP/1.1. */
export const grpcRefusal: Refusal = {
  kind: "refusal",
  status: 505,
  code: "http2-not-served",
  text: http2Text,
};

function refuse(status: number, code: string, text: string): Refusal {
  return { kind: "refusal", status, code, text };
}
