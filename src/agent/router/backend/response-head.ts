import { FramingError, type Framing } from "../http/body-reader.ts";
import { brokenHead, FieldNames, listMembers, trimSpace, withoutFields } from "../http/syntax.ts";

/** A backend's status line and header, ready to be passed on. */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** Field lines, each ending in CRLF, without framing and what is meant for one hop only. */
  readonly fields: string;
  /** -1: not given. */
  readonly contentLength: number;
  readonly chunked: boolean;
  /** Announces trailers, as a field line with CRLF; empty without. Only a chunked response may carry it. */
  readonly trailerField: string;
  readonly hasDate: boolean;
  /** The connection may carry another exchange after this response. */
  readonly keepAlive: boolean;
}

const Kind = {
  pass: 0,
  drop: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  trailer: 5,
  date: 6,
} as const;
type Kind = (typeof Kind)[keyof typeof Kind];

const kinds = new Map<string, Kind>([
  ["content-length", Kind.contentLength],
  ["transfer-encoding", Kind.transferEncoding],
  ["connection", Kind.connection],
  ["trailer", Kind.trailer],
  ["date", Kind.date],
  ["keep-alive", Kind.drop],
  ["proxy-connection", Kind.drop],
  ["proxy-authenticate", Kind.drop],
  ["te", Kind.drop],
  ["upgrade", Kind.drop],
]);
const names = new FieldNames<Kind>((lower) => kinds.get(lower) ?? Kind.pass);

const statusLine = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: (.*))?$/;

/**
 * Reads a response's head.
 * @param text latin1, without the empty line at its end.
 * @throws FramingError when it is not HTTP/1.x or its length could be understood in two ways.
 */
export function parseResponseHead(text: string): ResponseHead {
  if (brokenHead.test(text)) {
    throw new FramingError("the header holds a bare CR, LF or control character");
  }
  let lineEnd = lineEndFrom(text, 0);
  const status = statusLine.exec(text.slice(0, lineEnd));
  if (!status) throw new FramingError("the status line is not HTTP/1.x");
  let fields = "";
  let contentLength = -1;
  let coding: string | null = null;
  let connection: string | null = null;
  let trailerField = "";
  let hasDate = false;
  /** Start of the lines that pass through unchanged and are copied in one piece. */
  let run = lineEnd + 2;
  for (let start = run; start < text.length; start = lineEnd + 2) {
    lineEnd = lineEndFrom(text, start);
    const colon = text.indexOf(":", start);
    const kind = colon > start && colon < lineEnd ? names.kindOf(text.slice(start, colon)) : null;
    if (kind === null) throw new FramingError("a header line has no valid name");
    if (kind === Kind.pass) continue;
    fields += text.slice(run, start);
    run = lineEnd + 2;
    const value = trimSpace(text.slice(colon + 1, lineEnd));
    switch (kind) {
      case Kind.contentLength:
        if (contentLength !== -1 || !/^[0-9]{1,15}$/.test(value)) {
          throw new FramingError("content-length is not one whole number");
        }
        contentLength = Number(value);
        break;
      case Kind.transferEncoding:
        if (coding !== null) throw new FramingError("transfer-encoding is there twice");
        coding = value.toLowerCase();
        break;
      case Kind.connection:
        connection = connection === null ? value : `${connection},${value}`;
        break;
      case Kind.trailer:
        trailerField += `${text.slice(start, lineEnd)}\r\n`;
        break;
      case Kind.date:
        hasDate = true;
        fields += `${text.slice(start, lineEnd)}\r\n`;
        break;
      default:
        break;
    }
  }
  if (run < text.length) fields += `${text.slice(run)}\r\n`;
  if (coding !== null && coding !== "chunked") {
    throw new FramingError("its transfer coding is not exactly chunked");
  }
  if (coding !== null && contentLength !== -1) {
    throw new FramingError("it has a content-length and a transfer coding");
  }
  let keepAlive = status[1] === "1";
  if (connection !== null) {
    const options = new Set(listMembers(connection));
    if (options.has("close")) keepAlive = false;
    else if (options.delete("keep-alive")) keepAlive = true;
    if (options.size > 0) fields = withoutFields(fields, options);
  }
  return {
    status: Number(status[2]),
    reason: status[3] ?? "",
    fields,
    contentLength,
    chunked: coding !== null,
    trailerField,
    hasDate,
    keepAlive,
  };
}

/** How long the body of a response to `method` is (RFC 9112 section 6.3). */
export function responseFraming(method: string, head: ResponseHead): Framing {
  if (method === "HEAD" || head.status === 204 || head.status === 304) return { kind: "none" };
  if (head.chunked) return { kind: "chunked" };
  if (head.contentLength >= 0) return { kind: "length", bytes: head.contentLength };
  return { kind: "until-close" };
}

function lineEndFrom(text: string, start: number): number {
  const end = text.indexOf("\r\n", start);
  return end === -1 ? text.length : end;
}
