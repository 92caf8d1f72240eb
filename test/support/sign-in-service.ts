import {
  createHmac,
  createSign,
  createVerify,
  generateKeyPairSync,
  randomBytes,
} from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { serve, type TestServer } from "./check-context.ts";

/** One thing that the service does wrong; without any it does everything right. */
export type Flaw =
  | "any-password"
  | "no-password"
  | "any-case"
  | "true-to-a-database"
  | "tells-names"
  | "slow-for-names"
  | "repeats-password"
  | "repeats-password-on-page"
  | "takes-query"
  | "no-brake"
  | "open-to-strangers"
  | "keeps-session"
  | "takes-any-session"
  | "one-session"
  | "short-session"
  | "logout-in-browser-only"
  | "no-logout"
  | "never-idle"
  | "script-reads-cookie"
  | "no-same-site"
  | "same-site-none"
  | "cookie-without-tls"
  | "session-in-address"
  | "session-on-page"
  | "cached"
  | "foreign-writes"
  | "null-writes"
  | "strangers-write"
  | "own-page-cannot-write"
  | "cors-reflects"
  | "cors-suffix"
  | "cors-null"
  | "cors-star"
  | "preflight"
  | "guesses-types"
  | "framed"
  | "framed-by-policy"
  | "tells-version"
  | "tells-server"
  | "no-hsts"
  | "reads-for-all"
  | "alg-none"
  | "alg-none-by-case"
  | "no-signature"
  | "signature-unchecked"
  | "claims-unchecked"
  | "weak-key"
  | "confused"
  | "no-end"
  | "long-end"
  | "end-unchecked";

export interface SignInService extends TestServer {
  readonly passwords: Readonly<Record<string, string>>;
}

const keys = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const idleMs = 1_000;
const brakeAfter = 6;

/**
 * A small service with names, passwords and sessions (cookies, or with `jwt` tokens), as good or bad as it is told.
 * With `lockAfter`, that many wrong passwords one after the other lock any account for good, and passwords take time.
 */
export async function signInService(
  flaw?: Flaw,
  kind: "cookie" | "jwt" = "cookie",
  lockAfter?: number,
): Promise<SignInService> {
  const has = (one: Flaw) => flaw === one;
  const passwords: Record<string, string> = { ann: "Correct-horse-7", ben: "Battery-staple-9" };
  const sessions = new Map<string, { user: string | null; csrf: string; seen: number }>();
  const wrongs = new Map<string, number>();
  const { publicKey, privateKey } = keys;

  const isRight = (user: string, password: string): boolean => {
    const real = passwords[user];
    if (has("true-to-a-database") && /' OR /i.test(password)) return true;
    if (real === undefined) return false;
    if (has("any-password")) return !/' OR /.test(password) && password !== "";
    if (has("no-password") && password === "") return true;
    if (has("any-case")) return real.toLowerCase() === password.toLowerCase();
    return real === password;
  };

  const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const issue = (user: string): string => {
    const now = Math.floor(Date.now() / 1_000);
    const life = has("long-end") ? 864_000 : 2;
    const claims = { sub: user, iat: now, ...(has("no-end") ? {} : { exp: now + life }) };
    const text = `${b64({ alg: has("weak-key") ? "HS256" : "RS256", typ: "JWT" })}.${b64(claims)}`;
    if (has("weak-key"))
      return `${text}.${createHmac("sha256", "secret").update(text).digest("base64url")}`;
    return `${text}.${createSign("sha256").update(text).sign(privateKey).toString("base64url")}`;
  };
  const verify = (token: string): string | null => {
    const [head = "", body = "", signature = ""] = token.split(".");
    const { alg } = JSON.parse(Buffer.from(head, "base64url").toString()) as { alg: string };
    const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as {
      sub: string;
      exp?: number;
    };
    const text = `${head}.${body}`;
    const bytes = Buffer.from(signature, "base64url");
    const hmac = (key: string | Buffer) =>
      createHmac("sha256", key).update(text).digest().equals(bytes);
    const good =
      (has("alg-none") && alg === "none") ||
      (has("alg-none-by-case") && alg !== "none" && alg.toLowerCase() === "none") ||
      (has("no-signature") && signature === "" && alg === "RS256") ||
      (has("signature-unchecked") && signature !== "" && alg === "RS256") ||
      (has("claims-unchecked") && (claims.exp ?? 0) > Date.now() / 1_000 + 100_000) ||
      (has("weak-key") && alg === "HS256" && hmac("secret")) ||
      (has("confused") &&
        alg === "HS256" &&
        hmac(publicKey.export({ type: "spki", format: "pem" }))) ||
      (alg === "RS256" &&
        signature !== "" &&
        createVerify("sha256").update(text).verify(publicKey, bytes));
    const over =
      claims.exp !== undefined && claims.exp * 1_000 < Date.now() && !has("end-unchecked");
    return good && !over ? claims.sub : null;
  };

  const begin = (user: string | null): string => {
    const long = randomBytes(24).toString("hex");
    const id =
      has("one-session") && user !== null
        ? "the-one-session-of-all"
        : has("short-session")
          ? long.slice(0, 8)
          : long;
    sessions.set(id, { user, csrf: randomBytes(12).toString("hex"), seen: Date.now() });
    return id;
  };
  const cookieOf = (id: string, gone = false): string =>
    [
      `sid=${gone ? "" : id}`,
      "Path=/",
      ...(has("script-reads-cookie") ? [] : ["HttpOnly"]),
      ...(has("no-same-site") ? [] : [has("same-site-none") ? "SameSite=None" : "SameSite=Lax"]),
      ...(has("cookie-without-tls") ? [] : ["Secure"]),
      ...(gone ? ["Max-Age=0"] : []),
    ].join("; ");

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://service.invalid");
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const type = request.headers["content-type"] ?? "";
    const form = type.includes("json")
      ? new URLSearchParams(Object.entries(JSON.parse(text || "{}") as Record<string, string>))
      : new URLSearchParams(text);
    const sid = /(?:^|;\s*)sid=([^;]*)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
    const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
    let session = sessions.get(sid);
    if (session && Date.now() - session.seen > idleMs && !has("never-idle")) session = undefined;
    if (session) session.seen = Date.now();
    const tokenUser = bearer === undefined ? null : safely(() => verify(bearer));
    const user = kind === "jwt" ? tokenUser : (session?.user ?? null);
    const send = (
      status: number,
      body: string,
      headers: Record<string, string | string[]> = {},
    ) => {
      response.writeHead(status, headers).end(body);
    };
    const origin = request.headers.origin;

    response.setHeader("content-type", "text/html; charset=utf-8");
    if (!has("guesses-types")) response.setHeader("x-content-type-options", "nosniff");
    if (has("framed-by-policy")) response.setHeader("content-security-policy", "frame-ancestors *");
    else if (!has("framed")) response.setHeader("x-frame-options", "DENY");
    if (has("tells-version")) response.setHeader("x-powered-by", "Express");
    if (has("tells-server")) response.setHeader("server", "nginx/1.2.3");
    if (!has("no-hsts")) response.setHeader("strict-transport-security", "max-age=31536000");
    if (has("reads-for-all")) response.setHeader("access-control-allow-origin", "*");

    if (url.pathname === "/") return send(200, "<h1>hello</h1>");
    if (url.pathname === "/jwks") {
      return send(200, JSON.stringify({ keys: [publicKey.export({ format: "jwk" })] }));
    }
    if (url.pathname === "/login") {
      const fields =
        request.method === "GET" ? (has("takes-query") ? url.searchParams : null) : form;
      if (fields === null) return send(200, "<form method=post></form>");
      const [name, password] = [fields.get("username") ?? "", fields.get("password") ?? ""];
      const wrong = wrongs.get(name) ?? 0;
      if (wrong >= (lockAfter ?? brakeAfter) && !has("no-brake")) return send(429, "later");
      if (lockAfter !== undefined && !has("slow-for-names"))
        await new Promise((done) => setTimeout(done, 40));
      if (has("slow-for-names") && passwords[name] !== undefined)
        await new Promise((done) => setTimeout(done, 60));
      if (!isRight(name, password)) {
        // Without `lockAfter` only who is meant to guess is counted: the other scenarios share the account.
        if (name === "ben" || lockAfter !== undefined) wrongs.set(name, wrong + 1);
        const told =
          has("tells-names") && passwords[name] !== undefined
            ? "wrong password for this account"
            : "no";
        return send(401, has("repeats-password") ? `${told} ${password}` : told);
      }
      if (lockAfter !== undefined) wrongs.delete(name);
      const signedIn = passwords[name] === undefined ? "ann" : name;
      if (kind === "jwt") return send(200, JSON.stringify({ token: issue(signedIn) }));
      let id = sid;
      if (has("takes-any-session") && sid !== "")
        sessions.set(sid, { user: null, csrf: "", seen: Date.now() });
      const known = sessions.get(sid);
      if ((has("keeps-session") && known) || (has("takes-any-session") && sid !== ""))
        sessions.set(id, { user: signedIn, csrf: known?.csrf ?? "", seen: Date.now() });
      else {
        sessions.delete(sid);
        id = begin(signedIn);
      }
      const to = has("session-in-address") ? `/account?sid=${id}` : "/account";
      return send(302, "", { location: to, "set-cookie": cookieOf(id) });
    }
    if (url.pathname === "/account") {
      if (!has("cached")) response.setHeader("cache-control", "no-store");
      if (origin !== undefined) {
        const allowed =
          (has("cors-reflects") && origin.startsWith("https://attacker")) ||
          (has("cors-suffix") && origin.startsWith("https://127.0.0.1")) ||
          (has("cors-null") && origin === "null");
        if (allowed || (has("preflight") && request.method === "OPTIONS")) {
          response.setHeader("access-control-allow-origin", origin);
          response.setHeader("access-control-allow-credentials", "true");
        }
        if (has("cors-star")) response.setHeader("access-control-allow-origin", "*");
      }
      if (request.method === "OPTIONS") return send(204, "");
      if (user === null && !has("open-to-strangers")) {
        return send(
          401,
          "sign in first",
          session || kind === "jwt" ? {} : { "set-cookie": cookieOf(begin(null)) },
        );
      }
      const extra = `${has("session-on-page") ? sid : ""}${has("repeats-password-on-page") ? passwords[user ?? ""] : ""}`;
      return send(
        200,
        `account of ${user} <input type="hidden" name="csrf" value="${session?.csrf ?? ""}"> ${extra}`,
      );
    }
    if (url.pathname === "/logout") {
      if (!has("logout-in-browser-only") && !has("no-logout")) sessions.delete(sid);
      return send(302, "", {
        location: "/",
        ...(has("no-logout") ? {} : { "set-cookie": cookieOf("", true) }),
      });
    }
    if (url.pathname === "/notes") {
      if (user === null && !has("strangers-write")) return send(401, "sign in first");
      if (has("own-page-cannot-write")) return send(403, "never");
      const forged = form.get("csrf") !== session?.csrf;
      const lets =
        (has("foreign-writes") && origin !== "null") ||
        (has("null-writes") && origin === "null") ||
        has("strangers-write");
      return forged && !lets ? send(403, "not from here") : send(200, "noted");
    }
    return send(404, "nothing here");
  };
  const server = await serve((request, response) => {
    handle(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  return { ...server, passwords };
}

function safely(run: () => string | null): string | null {
  try {
    return run();
  } catch {
    return null;
  }
}
