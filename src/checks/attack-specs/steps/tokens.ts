import { createHmac, createPublicKey, type JsonWebKey } from "node:crypto";
import { z } from "zod";
import { type Jar } from "../jar.ts";
import { broken, unproven } from "../outcome.ts";
import { part } from "../sign-in.ts";
import { stepsOf } from "../step.ts";
import type { World } from "../world.ts";

const { steps, does, expects } = stepsOf("JSON Web Tokens (RFC 7519) as sessions");
export const tokens = steps;
const unsafe = { safe: false };

const Header = z.looseObject({ alg: z.string() });
const Claims = z.looseObject({ exp: z.number().optional(), iat: z.number().optional() });

const forms = {
  "the algorithm none": (_world: World, { header, claims }: Parts) =>
    `${encode({ ...header, alg: "none" })}.${encode(claims)}.`,
  "the algorithm nOnE": (_world: World, { header, claims }: Parts) =>
    `${encode({ ...header, alg: "nOnE" })}.${encode(claims)}.`,
  "no signature": (_world: World, { head, body }: Parts) => `${head}.${body}.`,
  "another signature": (_world: World, { head, body, signature }: Parts) =>
    `${head}.${body}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`,
  "another end": (_world: World, { head, claims, signature }: Parts) =>
    `${head}.${encode({ ...claims, exp: Math.floor(Date.now() / 1_000) + 31_536_000 })}.${signature}`,
  "the signature of a guessable key": (_world: World, parts: Parts) => signed(parts, ["secret"]),
  "the public key as a shared secret": publicKeyAsSecret,
} as const;

interface Parts {
  readonly head: string;
  readonly body: string;
  readonly signature: string;
  readonly header: z.infer<typeof Header>;
  readonly claims: z.infer<typeof Claims>;
}

for (const [name, forge] of Object.entries(forms)) {
  does(
    `somebody uses the token of {string} with ${name}`,
    "as a forger, who then asks for the protected page",
    async (world, [who = ""]) => {
      const jar = world.jars.get(who) ?? broken(`${who} has no session`);
      const token = tokenOf(jar);
      const forged = await forge(world, partsOf(token));
      world.actor = "a forger";
      world.jars.set(world.actor, replaced(jar, token, forged));
      world.run.hidden.add(forged);
      await world.send({ method: "GET", path: part(world, "protected").path });
    },
    unsafe,
  );
}
expects(
  "the token of {string} ends within {int} hours",
  "it has to say when",
  (world, [who = "", hours = "0"]) => {
    const { claims } = partsOf(tokenOf(world.jars.get(who) ?? broken(`${who} has no session`)));
    if (claims.exp === undefined) return world.expect(false, "it has no end (`exp`)");
    const left = claims.exp - Date.now() / 1_000;
    world.expect(left <= Number(hours) * 3_600, `it ends in ${Math.round(left / 3_600)} hours`);
  },
);
expects(
  "the token of {string} is not taken after its end",
  "waits for it, two minutes at most",
  async (world, [who = ""]) => {
    const jar = world.jars.get(who) ?? broken(`${who} has no session`);
    const { claims } = partsOf(tokenOf(jar));
    const left = (claims.exp ?? Number.POSITIVE_INFINITY) * 1_000 - Date.now();
    if (!(left <= 120_000))
      unproven(
        'it does not end within two minutes: give the tested colour a shorter life of tokens, or leave this out with `except: ["@expiry"]`',
      );
    await new Promise((resolve) => {
      setTimeout(resolve, Math.max(0, left) + 1_500);
    });
    world.run.context.signal.throwIfAborted();
    world.actor = who;
    const answer = await world.send({ method: "GET", path: part(world, "protected").path });
    world.expect(
      [401, 403].includes(answer.status) || (answer.status >= 300 && answer.status < 400),
      `the answer is ${answer.status}`,
    );
  },
);

const compact = /^[\w-]{4,8192}\.[\w-]{4,8192}\.[\w-]{0,8192}$/;

function tokenOf(jar: Jar): string {
  return (
    jar.tokens.find((token) => compact.test(token)) ??
    unproven("the session is no JSON Web Token: take the pack `jwt` out of `specs`")
  );
}

function partsOf(token: string): Parts {
  const [head = "", body = "", signature = ""] = token.split(".");
  try {
    return {
      head,
      body,
      signature,
      header: Header.parse(decode(head)),
      claims: Claims.parse(decode(body)),
    };
  } catch {
    return unproven("the session only looks like a JSON Web Token");
  }
}

function decode(part: string): unknown {
  return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function replaced(jar: Jar, token: string, forged: string): Jar {
  const other = jar.copy();
  for (const [name, value] of jar.cookies) if (value === token) other.setCookie(name, forged);
  for (const [name, value] of Object.entries(jar.headers)) {
    if (name !== "cookie" && value.endsWith(token)) {
      other.setHeader(name, value.slice(0, -token.length) + forged);
    }
  }
  return other;
}

function signed({ header, claims }: Parts, keys: readonly (string | Buffer)[]): string {
  const text = `${encode({ ...header, alg: "HS256" })}.${encode(claims)}`;
  return `${text}.${createHmac("sha256", keys[0] ?? "")
    .update(text)
    .digest("base64url")}`;
}

const Keys = z.object({
  keys: z
    .array(z.looseObject({ kty: z.string(), kid: z.string().optional() }))
    .min(1)
    .max(50),
});

/** RS256 becomes HS256, and what everybody may read becomes the key (CVE-2016-5431 and its like). */
async function publicKeyAsSecret(world: World, parts: Parts): Promise<string> {
  const answer = await world.send({ method: "GET", path: part(world, "jwks") });
  try {
    const { keys } = Keys.parse(JSON.parse(answer.body));
    const key = keys.find(({ kid }) => kid !== undefined && kid === parts.header["kid"]) ?? keys[0];
    const pem = createPublicKey({ key: key as JsonWebKey, format: "jwk" }).export({
      type: "spki",
      format: "pem",
    });
    return signed(parts, [pem]);
  } catch {
    return broken(`${part(world, "jwks")} has no public key`);
  }
}
