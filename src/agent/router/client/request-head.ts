import type { Framing } from "../http/body-reader.ts";
import { brokenHead, FieldNames, listMembers, trimSpace, withoutFields } from "../http/syntax.ts";
import { scanHeader } from "../scans.ts";
import { testerHeader } from "../tester.ts";

/**
 * From the client's header to the one that a backend gets, in one pass. Whatever two readers could
 * understand differently is refused (RFC 9112; the attacks are in the smuggling corpus of the tests), what
 * is meant for one hop only is dropped (RFC 9110 section 7.6.1), and X-Forwarded-* say what we know
 * ourselves. What is accepted here llhttp's strict mode accepts too, with the same meaning: a property test.
 */
export interface Refusal {
  readonly kind: "refusal";
  readonly status: number;
  readonly code: string;
  readonly text: string;
}

export interface RequestHead {
  readonly kind: "head";
  readonly method: string;
  /** Origin-form, or `*`. */
  readonly target: string;
  readonly oldVersion: boolean;
  /** The client's connection may carry another request. */
  readonly keepAlive: boolean;
  /** Request line and field lines up to, but without, framing, Connection and the final empty line. */
  readonly text: string;
  readonly body: Exclude<Framing, { kind: "until-close" }>;
  readonly expectContinue: boolean;
  /** The token of Upgrade when the client wants to switch and we are willing. */
  readonly upgrade: string | null;
  /** The credential, already stripped from `text`; null when the header is absent. */
  readonly tester: string | null;
  /** Marks of scans, separated by commas; they stay in `text`. Null when there is none. */
  readonly scan: string | null;
  readonly requestId: string;
}

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
  expect: 16,
  refused: 17,
  scan: 18,
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
  [scanHeader, Kind.scan],
  ["x-forwarded-for", Kind.forwardedFor],
  ["x-forwarded-proto", Kind.forwardedProto],
  ["x-forwarded-host", Kind.forwardedHost],
  ["x-real-ip", Kind.forwardedOther],
  ["forwarded", Kind.forwarded],
  ["x-request-id", Kind.requestId],
  ["content-type", Kind.contentType],
  ["expect", Kind.expect],
  ["keep-alive", Kind.drop],
  ["proxy-connection", Kind.drop],
  ["proxy-authorization", Kind.drop],
  ["proxy-authenticate", Kind.drop],
  ["http2-settings", Kind.drop],
]);

const names = new FieldNames<Kind>(classify);

function classify(lower: string): Kind {
  const kind = kinds.get(lower);
  if (kind !== undefined) return kind;
  if (lower.startsWith("x-forwarded-")) return Kind.forwardedOther;
  if (!lower.includes("_")) return Kind.pass;
  // CGI and WSGI read `X_Forwarded_For` as X-Forwarded-For and `Content_Length` as Content-Length.
  const meant = classify(lower.replaceAll("_", "-"));
  if (meant === Kind.contentLength || meant === Kind.transferEncoding) return Kind.refused;
  return meant === Kind.pass || meant === Kind.scan ? meant : Kind.drop;
}

/** What llhttp knows of RFC 9110, WebDAV (RFC 4918 and its kin), PATCH and CalDAV, without CONNECT and TRACE. */
const methods = new Set(
  (
    "GET HEAD POST PUT DELETE OPTIONS PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK SEARCH REPORT " +
    "MKCALENDAR ACL BIND UNBIND REBIND LINK UNLINK CHECKOUT MERGE MKACTIVITY PURGE NOTIFY SUBSCRIBE UNSUBSCRIBE"
  ).split(" "),
);

const requestLine = /^([!-~]+) ([!-~]+) HTTP\/([0-9])\.([0-9])$/;
const originForm = /^\/[\x21\x22\x24-\x7e]*$/;
const absoluteForm = /^https?:\/\/([^/?#@]+)([/?][\x21\x22\x24-\x7e]*)?$/i;
const validHost = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::[0-9]{1,5})?$/;
const validRequestId = /^[A-Za-z0-9._:/+=-]{1,128}$/;
const grpc = /^application\/grpc(?:$|[\t ;+])/i;
const upgradeToken = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:\/[0-9A-Za-z.]+)?$/;
const otherHttp = /^(?:h2c?|(?:http|tls)(?:\/.*)?)$/i;
/** A client must not have these removed on the way by naming them in Connection. */
const notForOneHop = [
  "host",
  "content-length",
  "content-type",
  "expect",
  "authorization",
  "cookie",
];

/** Everything that is collected while the fields are read. */
interface Fields {
  /** Lines that go on unchanged. */
  kept: string;
  host: string | null;
  contentLength: string | null;
  coding: string | null;
  connection: string | null;
  upgrade: string | null;
  expect: string | null;
  trailers: boolean;
  tester: string | null;
  scan: string | null;
  forwardedFor: string;
  forwarded: string;
  proto: boolean;
  forwardedHost: boolean;
  requestId: string | null;
}

/**
 * @param text the head as latin1, without the empty line at its end.
 * @param nextId makes a request id when the client's own is not to be used.
 * @returns what to send, or why the request is refused.
 */
export function parseRequestHead(
  text: string,
  client: ClientInfo,
  nextId: () => string,
): RequestHead | Refusal {
  const lineEnd = lineEndFrom(text, 0);
  const line = requestLine.exec(text.slice(0, lineEnd));
  if (!line) return refuse(400, "bad-request-line", "the first line is not METHOD target HTTP/1.1");
  const [, method = "", rawTarget = "", major = "", minor = ""] = line;
  if (major === "2") return http2Refusal;
  if (major !== "1" || (minor !== "0" && minor !== "1")) {
    return refuse(505, "bad-version", "only HTTP/1.1 and HTTP/1.0 are served here");
  }
  // Whoever cut the head out stopped at the first empty line; a second one here would end ours too early.
  if (text.endsWith("\r\n")) return refuse(400, "bad-header", "a header line is empty");
  if (brokenHead.test(text)) {
    return refuse(400, "bad-header", "the header holds a bare CR, LF or control character");
  }
  if (!methods.has(method)) {
    const known = method === "CONNECT" || method === "TRACE";
    return refuse(known ? 405 : 501, "bad-method", "this method is not served here");
  }
  const oldVersion = minor === "0";
  const fields = readFields(text, lineEnd + 2, client.trusted);
  if ("kind" in fields) return fields;
  const address = resolveTarget(method, rawTarget, fields.host, oldVersion);
  if ("kind" in address) return address;
  const body = framing(fields, oldVersion);
  if (body.kind === "refusal") return body;
  if (fields.expect !== null && fields.expect.toLowerCase() !== "100-continue") {
    return refuse(417, "bad-expect", "the only expectation met here is 100-continue");
  }
  const options = fields.connection === null ? none : new Set(listMembers(fields.connection));
  const keepAlive = oldVersion
    ? options.has("keep-alive") && !options.has("close")
    : !options.has("close");
  let { kept } = fields;
  if (options.size > 0) {
    const wrong = notForOneHop.find((name) => options.has(name));
    if (wrong !== undefined) {
      return refuse(400, "bad-connection", `Connection names ${wrong}, which is not for one hop`);
    }
    if (options.size > 1 || !(options.has("keep-alive") || options.has("close"))) {
      kept = withoutFields(kept, options);
    }
  }
  const requestId = fields.requestId ?? nextId();
  return {
    kind: "head",
    method,
    target: address.target,
    oldVersion,
    keepAlive,
    text: compose(method, address, { ...fields, kept }, client, requestId),
    body,
    expectContinue: fields.expect !== null && body.kind !== "none" && !oldVersion,
    upgrade: willingUpgrade(fields.upgrade, options.has("upgrade") && !oldVersion, body.kind),
    tester: fields.tester,
    scan: fields.scan,
    requestId,
  };
}

const none: ReadonlySet<string> = new Set();

function readFields(text: string, from: number, trusted: boolean): Fields | Refusal {
  const fields: Fields = {
    kept: "",
    host: null,
    contentLength: null,
    coding: null,
    connection: null,
    upgrade: null,
    expect: null,
    trailers: false,
    tester: null,
    scan: null,
    forwardedFor: "",
    forwarded: "",
    proto: false,
    forwardedHost: false,
    requestId: null,
  };
  /** Start of the lines that pass through unchanged and are copied in one piece. */
  let run = from;
  let lineEnd = from - 2;
  for (let start = from; start < text.length; start = lineEnd + 2) {
    lineEnd = lineEndFrom(text, start);
    const colon = text.indexOf(":", start);
    const kind = colon > start && colon < lineEnd ? names.kindOf(text.slice(start, colon)) : null;
    if (kind === null) return refuse(400, "bad-header", "a header line has no valid name");
    if (kind === Kind.pass) continue;
    fields.kept += text.slice(run, start);
    run = lineEnd + 2;
    const value = trimSpace(text.slice(colon + 1, lineEnd));
    const refusal = takeField(fields, kind, value, trusted, text.slice(start, lineEnd));
    if (refusal) return refusal;
  }
  if (run < text.length) fields.kept += `${text.slice(run)}\r\n`;
  return fields;
}

/** One field that means something to us. */
function takeField(
  fields: Fields,
  kind: Kind,
  value: string,
  trusted: boolean,
  line: string,
): Refusal | null {
  switch (kind) {
    case Kind.host:
      if (fields.host !== null) return refuse(400, "bad-host", "there is more than one Host field");
      fields.host = value;
      return null;
    case Kind.contentLength:
      if (fields.contentLength !== null) {
        return refuse(400, "bad-framing", "Content-Length is there twice");
      }
      fields.contentLength = value;
      return null;
    case Kind.transferEncoding:
      if (fields.coding !== null) {
        return refuse(400, "bad-framing", "Transfer-Encoding is there twice");
      }
      fields.coding = value;
      return null;
    case Kind.connection:
      fields.connection = fields.connection === null ? value : `${fields.connection},${value}`;
      return null;
    case Kind.upgrade:
      fields.upgrade = fields.upgrade === null ? value : `${fields.upgrade},${value}`;
      return null;
    case Kind.te:
      if (listMembers(value).includes("trailers")) fields.trailers = true;
      return null;
    case Kind.expect:
      if (fields.expect !== null) return refuse(417, "bad-expect", "Expect is there twice");
      fields.expect = value;
      return null;
    case Kind.tester:
      // Two credentials verify as none.
      fields.tester = fields.tester === null ? value : "";
      return null;
    case Kind.scan:
      fields.scan = fields.scan === null ? value : `${fields.scan},${value}`;
      fields.kept += `${line}\r\n`;
      return null;
    case Kind.contentType:
      if (grpc.test(value)) return http2Refusal;
      fields.kept += `${line}\r\n`;
      return null;
    case Kind.refused:
      return refuse(400, "bad-framing", "a framing field is spelt with an underscore");
    default:
      if (trusted) takeForwarded(fields, kind, value, line);
      return null;
  }
}

/** What a trusted proxy says of the client before it. */
function takeForwarded(fields: Fields, kind: Kind, value: string, line: string): void {
  switch (kind) {
    case Kind.forwardedFor:
      fields.forwardedFor += fields.forwardedFor === "" ? value : `, ${value}`;
      return;
    case Kind.forwarded:
      fields.forwarded += fields.forwarded === "" ? value : `, ${value}`;
      return;
    case Kind.requestId:
      if (validRequestId.test(value)) fields.requestId = value;
      return;
    case Kind.forwardedProto:
      fields.proto = true;
      fields.kept += `${line}\r\n`;
      return;
    case Kind.forwardedHost:
      fields.forwardedHost = true;
      fields.kept += `${line}\r\n`;
      return;
    case Kind.forwardedOther:
      fields.kept += `${line}\r\n`;
      return;
    default:
  }
}

interface Address {
  readonly target: string;
  readonly host: string;
}

/** RFC 9112 section 3.2: origin-form, absolute-form (whose host then has to be Host's), `*` for OPTIONS. */
function resolveTarget(
  method: string,
  target: string,
  host: string | null,
  oldVersion: boolean,
): Address | Refusal {
  if (host === null && !oldVersion) return refuse(400, "bad-host", "there is no Host field");
  if (host !== null && !validHost.test(host)) {
    return refuse(400, "bad-host", "Host is not a host name with an optional port");
  }
  if (originForm.test(target) || (target === "*" && method === "OPTIONS")) {
    return { target, host: host ?? "" };
  }
  const absolute = absoluteForm.exec(target);
  if (!absolute) {
    return refuse(400, "bad-target", "the request target is neither a path nor an http URL");
  }
  const [, authority = "", path = "/"] = absolute;
  const agrees = host === null || host.toLowerCase() === authority.toLowerCase();
  if (!agrees || !validHost.test(authority)) {
    return refuse(400, "bad-target", "the request target and Host name different hosts");
  }
  return { target: path.startsWith("/") ? path : `/${path}`, host: authority };
}

function framing(fields: Fields, oldVersion: boolean): RequestHead["body"] | Refusal {
  const { coding, contentLength } = fields;
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

/** One protocol, and not another HTTP (`Upgrade: h2c` is ignored, as RFC 9110 section 7.8 allows). */
function willingUpgrade(upgrade: string | null, wanted: boolean, body: string): string | null {
  if (!wanted || upgrade === null || body !== "none") return null;
  return upgradeToken.test(upgrade) && !otherHttp.test(upgrade) ? upgrade : null;
}

function compose(
  method: string,
  address: Address,
  fields: Fields,
  client: ClientInfo,
  requestId: string,
): string {
  const scheme = client.secure ? "https" : "http";
  const seen =
    fields.forwardedFor === "" ? client.address : `${fields.forwardedFor}, ${client.address}`;
  let text = `${method} ${address.target} HTTP/1.1\r\nhost: ${address.host}\r\n${fields.kept}x-forwarded-for: ${seen}\r\n`;
  if (!fields.proto) text += `x-forwarded-proto: ${scheme}\r\n`;
  if (!fields.forwardedHost) text += `x-forwarded-host: ${address.host}\r\n`;
  if (fields.forwarded !== "") {
    const peer = client.address.includes(":") ? `"[${client.address}]"` : client.address;
    text += `forwarded: ${fields.forwarded}, for=${peer};host="${address.host}";proto=${scheme}\r\n`;
  }
  text += `x-request-id: ${requestId}\r\nvia: 1.1 tidelock\r\n`;
  if (fields.trailers) text += "te: trailers\r\n";
  return text;
}

/** Said to whoever speaks HTTP/2 without asking (its connection preface), and to gRPC over HTTP/1.1. */
export const http2Refusal: Refusal = {
  kind: "refusal",
  status: 505,
  code: "http2-not-served",
  text: "HTTP/2 and gRPC are not served by Tidelock's embedded router; choose the haproxy router for this environment",
};

export function refuse(status: number, code: string, text: string): Refusal {
  return { kind: "refusal", status, code, text };
}

function lineEndFrom(text: string, start: number): number {
  const end = text.indexOf("\r\n", start);
  return end === -1 ? text.length : end;
}
