const maxBody = 16 * 1024;

/** A mistake of the caller, with the status that says so. */
export class HttpError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** What every answer carries; the page has no script and loads nothing from elsewhere. */
const securityHeaders = {
  "content-security-policy":
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

export function send(response, status, type, body, headers = {}) {
  const bytes = Buffer.from(body);
  response.writeHead(status, {
    ...securityHeaders,
    "cache-control": "no-store",
    "content-type": type,
    "content-length": bytes.length,
    ...headers,
  });
  response.end(response.req.method === "HEAD" ? undefined : bytes);
}

export function sendJson(response, status, value, headers) {
  send(response, status, "application/json; charset=utf-8", `${JSON.stringify(value)}\n`, headers);
}

export function cookies(request) {
  const pairs = (request.headers.cookie ?? "").split(";").map((pair) => pair.trim().split("="));
  return new Map(pairs.filter((pair) => pair.length === 2));
}

/** The fields of a JSON or form body. */
export async function readFields(request) {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += chunk;
    if (text.length > maxBody) throw new HttpError(413, `a body may have ${maxBody} bytes`);
  }
  const type = (request.headers["content-type"] ?? "").split(";")[0];
  if (type === "application/x-www-form-urlencoded") {
    return { form: true, fields: Object.fromEntries(new URLSearchParams(text)) };
  }
  if (type !== "application/json") {
    throw new HttpError(415, "send application/json or application/x-www-form-urlencoded");
  }
  try {
    const fields = JSON.parse(text);
    if (fields !== null && typeof fields === "object") return { form: false, fields };
  } catch {
    // Falls through to the same answer.
  }
  throw new HttpError(400, "the body is not a JSON object");
}
