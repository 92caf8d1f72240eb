import { createHmac } from "node:crypto";
import type { Lab } from "../lab.ts";
import type { Identity } from "../../probing/identity.ts";
import { parseJson } from "../../probing/identity.ts";
import type { RawRequest } from "../../probing/operation.ts";
import type { SiteAttack } from "./attack.ts";
import { pageOf } from "./cors.ts";
import { tokenWords } from "./token-words.ts";

interface Token {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signed: string;
  readonly signature: string;
}

/** JSON Web Tokens (RFC 7519) that the service takes although it did not sign them. */
export const tokens: SiteAttack = {
  id: "weak-token",
  run: async (lab) => {
    const identity = lab.identities.at(0);
    if (identity === undefined || (await identity.isSignedIn()) !== null) {
      if (identity === undefined || (await identity.signIn()) !== null) return;
    }
    const bearer = identity.bearer;
    const token = bearer === null ? null : readToken(bearer.token);
    if (bearer === null || token === null) return;
    const check = identity.checkPath;
    const ask = async (forged: string) => {
      const headers = { [bearer.header.toLowerCase()]: `${bearer.prefix}${forged}` };
      return lab.prober.send({ method: "GET", path: check, headers }, null);
    };
    // A broken signature has to be refused, or the route does not look at the token at all.
    const broken = await ask(`${token.signed}.${flip(token.signature)}`);
    const good = await ask(bearer.token);
    if (broken === null || good === null || good.status >= 400) return;
    const report = (technique: string, evidence: [string, string]) => {
      const replay: RawRequest = { method: "GET", path: check, headers: {} };
      const place = { operation: pageOf(check), actor: identity };
      lab.report(place, { rule: "weak-token", technique, evidence, replay });
    };
    const accepted = async (forged: string) => {
      const answer = await ask(forged);
      return answer !== null && answer.status === good.status && sameShape(answer.body, good.body);
    };
    if (broken.status === good.status && sameShape(broken.body, good.body)) {
      if (await accepted(`${token.signed}.`)) {
        report("signature", ["a token with a changed signature is taken", "and one without any"]);
      }
      return;
    }
    for (const algorithm of ["none", "None", "NONE"]) {
      const forged = `${encodePart({ ...token.header, alg: algorithm })}.${encodePart(token.claims)}.`;
      if ((await accepted(forged)) && (await accepted(forged))) {
        report("none", [
          `a token of the algorithm ${algorithm} is taken, which has no signature`,
          "while one with a changed signature is refused",
        ]);
        break;
      }
    }
    const key = weakKey(token, lab, identity);
    if (key === null) return;
    const claims = { ...token.claims, tidelock: 1 };
    if (await accepted(signToken(token.header, claims, key))) {
      report("key", [
        "the key is a common word: it makes the very signature that the service made",
        "a token that was changed and signed with that word is taken",
      ]);
    }
  },
};

export function readToken(text: string): Token | null {
  const [head = "", body = "", signature = "", ...rest] = text.split(".");
  if (rest.length > 0 || body === "") return null;
  const header = parseJson(Buffer.from(head, "base64url").toString("utf8"));
  const claims = parseJson(Buffer.from(body, "base64url").toString("utf8"));
  if (!isRecord(header) || !isRecord(claims) || typeof header["alg"] !== "string") return null;
  return { header, claims, signed: `${head}.${body}`, signature };
}

const hashes: Readonly<Record<string, string>> = {
  HS256: "sha256",
  HS384: "sha384",
  HS512: "sha512",
};

export function weakKey(
  token: Token,
  lab: Pick<Lab, "prober">,
  identity: Pick<Identity, "username">,
): string | null {
  const hash = hashes[String(token.header["alg"])];
  if (hash === undefined) return null;
  const host = new URL(lab.prober.origin).hostname;
  const own = [
    host,
    identity.username,
    String(token.claims["iss"] ?? ""),
    String(token.claims["aud"] ?? ""),
  ];
  const words = [...tokenWords, ...own].flatMap((word) => [
    word,
    word.toUpperCase(),
    word.charAt(0).toUpperCase() + word.slice(1),
    `${word}!`,
    `${word}1`,
  ]);
  return (
    words.find(
      (word) => createHmac(hash, word).update(token.signed).digest("base64url") === token.signature,
    ) ?? null
  );
}

export function signToken(header: object, claims: object, key: string): string {
  const hash = hashes[String((header as Record<string, unknown>)["alg"])] ?? "sha256";
  const signed = `${encodePart(header)}.${encodePart(claims)}`;
  return `${signed}.${createHmac(hash, key).update(signed).digest("base64url")}`;
}

function encodePart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function flip(signature: string): string {
  const last = signature.startsWith("A") ? "B" : "A";
  return `${last}${signature.slice(1)}`;
}

/** The same fields, whatever their values. */
function sameShape(a: string, b: string): boolean {
  const [one, two] = [parseJson(a), parseJson(b)];
  if (isRecord(one) && isRecord(two)) {
    return JSON.stringify(Object.keys(one).sort()) === JSON.stringify(Object.keys(two).sort());
  }
  return a === b;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
