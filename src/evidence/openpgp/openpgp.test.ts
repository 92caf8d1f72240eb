import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, encodeBase64, utf8 } from "../bytes.ts";
import { type Certificate, readCertificateText } from "./certificate.ts";
import { certificateOf, readDetached } from "./detached.ts";
import { shownFingerprint } from "../commit-keys.ts";
import { readCertificate } from "./enrol.ts";
import { dearmour, readPackets, tags, writePacket } from "./packets.ts";
import { fingerprintOf, keyHead } from "./public-key.ts";
import { readPgpSignature } from "./signature.ts";

interface Recorded {
  readonly certificate: string;
  readonly signature?: string;
}

/** Made by a real gpg; how stands in the file. */
const recorded = JSON.parse(readFileSync(join(import.meta.dirname, "recorded.json"), "utf8")) as {
  readonly payload: string;
  readonly algorithms: Readonly<Record<string, Recorded>>;
  readonly cases: Readonly<Record<string, Recorded>>;
};
const payload = utf8(recorded.payload);
const soon = Date.parse("2026-02-02T00:00:00Z");

/** Whether a certificate's signature counts at a time: else why it does not. */
function judged({ certificate, signature = "" }: Recorded, at = soon, data = payload): string {
  const enrolled = readCertificate(certificate, soon);
  if (!enrolled.ok) return enrolled.problem;
  // As it is kept, read again.
  const kept = readCertificateText(enrolled.value.text);
  const read = readDetached(signature);
  if (!kept.ok || !read.ok) return kept.ok ? (read.ok ? "" : read.problem) : kept.problem;
  const found = certificateOf(read.value, data, [kept.value], at);
  return found.ok ? "good" : found.problem;
}

describe.each(Object.entries(recorded.algorithms))("a signature by gpg with %s", (_, one) => {
  it("is of exactly the bytes that were signed", () => {
    expect(judged(one)).toBe("good");
    expect(judged(one, soon, utf8(`${recorded.payload} `))).toMatch(/not of these bytes/);
    const other = recorded.algorithms[one === recorded.algorithms["ed25519"] ? "sub" : "ed25519"];
    const mixed = { certificate: other?.certificate ?? "", signature: one.signature ?? "" };
    expect(judged(mixed)).toMatch(/by a key of nobody here/);
  });

  it("keeps no user id of the certificate", () => {
    const read = readCertificate(one.certificate, soon);
    const text = read.ok ? read.value.text : "";
    const { certificate } = JSON.parse(text.slice("openpgp:".length)) as { certificate: string };
    expect(Buffer.from(certificate, "base64").toString("latin1")).not.toMatch(/Maria|example/);
  });
});

it.each([
  ["sha1", /hash that does not count/],
  ["sha224", /hash that does not count/],
  ["text", /not a signature over data/],
  ["two", /one part, and nothing else/],
  ["short-lived", /has expired/],
  ["early", /is older than/],
  ["late", /of a time to come/],
  ["rsa1024", /RSA key has 1024 bits/],
  ["dsa", /algorithm 17/],
  ["secp256k1", /curve is not known/],
  ["weak-self", /by SHA-256 or better/],
  ["certify-only", /no key in it may sign/],
  ["host", /git host's own key/],
  ["several", /several certificates/],
  ["revoked", /has revoked it/],
  ["subkey-revoked", /by a key of nobody here/],
])("what gpg made as %s counts for nothing, and says why", (name, why) => {
  expect(judged(recorded.cases[name] ?? { certificate: "" })).toMatch(why);
});

it("a key that has ended proves nothing, not even what it says that it signed before", () => {
  const [ends, longer] = [recorded.cases["subkey-ends"], recorded.cases["subkey-longer"]];
  const [then, later] = [Date.parse("2026-02-28T00:00:00Z"), Date.parse("2026-03-20T00:00:00Z")];
  expect(ends && judged(ends, then)).toBe("good");
  expect(ends && judged(ends, later)).toMatch(/has expired/);
  // Its owner has given it more time since: the same signature counts again.
  expect(longer && judged(longer, later)).toBe("good");
  const after = recorded.cases["late-by-longer"];
  expect(after && judged(after, Date.parse("2026-04-02T00:00:00Z"))).toBe("good");
  const primary = recorded.cases["primary-ends"];
  expect(primary && judged(primary)).toBe("good");
  expect(primary && judged(primary, later)).toMatch(/has expired/);
});

it("the subkey that came after one that was taken back counts", () => {
  const after = recorded.cases["after-revocation"];
  expect(after && judged(after, Date.parse("2026-03-02T00:00:00Z"))).toBe("good");
});

it("no changed byte of certificate or signature is taken for another one, and none ends in an error", () => {
  const { certificate, signature = "" } = recorded.algorithms["sub"] as Recorded;
  const enrolled = readCertificate(certificate, soon);
  const read = readDetached(signature);
  if (!enrolled.ok || !read.ok) throw new Error("nothing to change");
  const { text } = enrolled.value;
  const bytes = dearmour(certificate, "PUBLIC KEY BLOCK") as Uint8Array;
  for (let at = 0; at < bytes.length; at += 1) {
    const other = Uint8Array.from(bytes);
    other[at] = (other[at] ?? 0) ^ 1;
    const found = readCertificate(armour(other), soon);
    const counts = found.ok && certificateOf(read.value, payload, [found.value], soon).ok;
    // Only where a byte says nothing: keys that encrypt, hints.
    if (counts) expect(found.ok && signersIn(found.value)).toEqual(signersIn(enrolled.value));
  }
  const signed = dearmour(signature, "SIGNATURE") as Uint8Array;
  for (let at = 0; at < signed.length; at += 1) {
    const other = Uint8Array.from(signed);
    other[at] = (other[at] ?? 0) ^ 1;
    const found = readDetached(armour(other, "SIGNATURE"));
    const kept = readCertificateText(text);
    if (!found.ok || !kept.ok) continue;
    const counts = certificateOf(found.value, payload, [kept.value], soon).ok;
    // Its first two bytes of the hash are for programs in a hurry, its hints at the issuer are not signed.
    if (counts) expect(found.value.createdAt).toBe(read.value.createdAt);
  }
});

describe("a certificate that was made by hand", () => {
  const made = 1_767_225_600; // 2026-01-01
  const mine = forger();
  const hers = forger();
  const user = utf8("Mallory <mallory@shop.example>");
  const overUser = concat(keyHead(mine.body), Uint8Array.of(0xb4, 0, 0, 0, user.length), user);
  const self = (flags: number, more: readonly Uint8Array[] = []) =>
    mine.sign(0x13, overUser, [sub(27, Uint8Array.of(flags)), ...more]);
  const both = (key: Forger) => concat(keyHead(mine.body), keyHead(key.body));
  const back = (key: Forger) => sub(32, key.sign(0x19, both(key), []).body);
  const certify = self(1);
  const base = [
    { tag: tags.publicKey, body: mine.body },
    { tag: tags.userId, body: user },
  ];
  const read = (packets: readonly { tag: number; body: Uint8Array }[]) =>
    readCertificate(armour(concat(...packets.map(writePacket))), soon);
  const withSubkey = (key: Forger, ...bindings: { tag: number; body: Uint8Array }[]) =>
    read([...base, certify, { tag: tags.publicSubkey, body: key.body }, ...bindings]);
  const signing = sub(27, Uint8Array.of(2));

  it("counts where everything is as it has to be", () => {
    expect(read([...base, self(3)]).ok).toBe(true);
    expect(withSubkey(hers, mine.sign(0x18, both(hers), [signing, back(hers)])).ok).toBe(true);
  });

  it.each([
    [
      "adopts another's subkey without its word",
      () => withSubkey(hers, mine.sign(0x18, both(hers), [signing])),
    ],
    [
      "adopts it with a word of its own",
      () =>
        withSubkey(
          hers,
          mine.sign(0x18, both(hers), [signing, sub(32, mine.sign(0x19, both(hers), []).body)]),
        ),
    ],
    [
      "adopts it with a word for another",
      () =>
        withSubkey(
          hers,
          mine.sign(0x18, both(hers), [signing, sub(32, hers.sign(0x19, both(mine), []).body)]),
        ),
    ],
    [
      "binds a subkey by itself",
      () => withSubkey(hers, hers.sign(0x18, both(hers), [signing, back(hers)])),
    ],
    [
      "binds one that may only certify",
      () => withSubkey(hers, mine.sign(0x18, both(hers), [sub(27, Uint8Array.of(1)), back(hers)])),
    ],
    [
      "does not say what a subkey is for",
      () => withSubkey(hers, mine.sign(0x18, both(hers), [back(hers)])),
    ],
    ["does not say what its own key is for", () => read([...base, mine.sign(0x13, overUser, [])])],
    [
      "demands what nobody here understands",
      () => read([...base, self(3, [sub(20 | 0x80, utf8("limits"))])]),
    ],
    ["says its use twice", () => read([...base, self(1, [signing])])],
    [
      "took the subkey back",
      () =>
        withSubkey(
          hers,
          mine.sign(0x18, both(hers), [signing, back(hers)]),
          mine.sign(0x28, both(hers), []),
        ),
    ],
    ["took its user id back", () => read([...base, self(3), mine.sign(0x30, overUser, [])])],
    [
      "has a user id that somebody else vouches for",
      () => read([...base, hers.sign(0x13, overUser, [signing])]),
    ],
    [
      "took itself back",
      () =>
        read([
          base[0] as (typeof base)[0],
          mine.sign(0x20, keyHead(mine.body), []),
          ...base.slice(1),
          self(3),
        ]),
    ],
  ])("does not count where it %s", (_, make) => {
    expect(make().ok).toBe(false);
  });

  it("says itself until when it counts, in its newest word", () => {
    const day = (days: number) => sub(9, uint32(days * 86_400));
    const newer = mine.sign(0x13, overUser, [sub(27, Uint8Array.of(3)), day(90)], made + 60);
    const long = self(3, [day(900)]);
    for (const order of [
      [newer, long],
      [long, newer],
    ]) {
      const found = read([...base, ...order]);
      expect(found.ok && found.value.signers[0]?.expiresAt).toBe((made + 90 * 86_400) * 1_000);
    }
  });

  it("is refused before anything is computed where it has hundreds of signatures", () => {
    const empty = { tag: tags.userId, body: new Uint8Array() };
    const costly = self(3);
    const many = Array.from({ length: 150 }, () => [empty, costly]).flat();
    expect(read([...base, self(3), ...many])).toMatchObject({
      problem: expect.stringContaining("at most 100"),
    });
    // What third parties have signed costs nothing.
    const others = Array.from({ length: 150 }, () => hers.sign(0x10, overUser, []));
    expect(read([...base, self(3), ...others]).ok).toBe(true);
  });

  interface Forger {
    readonly body: Uint8Array;
    sign(
      type: number,
      data: Uint8Array,
      hashed: readonly Uint8Array[],
      at?: number,
    ): { tag: number; body: Uint8Array };
  }

  /** An Ed25519 key of version 4 and its signatures (RFC 9580 §5.2.3, §5.5.2), by another implementation of the curve. */
  function forger(): Forger {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const raw = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
    const body = concat(Uint8Array.of(4), uint32(made), Uint8Array.of(27), raw);
    return {
      body,
      sign(type, data, hashed, at = made) {
        const issuer = concat(Uint8Array.of(4), Buffer.from(fingerprintOf(body), "hex"));
        const parts = concat(sub(2, uint32(at)), sub(33, issuer), ...hashed);
        const head = concat(Uint8Array.of(4, type, 27, 10), uint16(parts.length), parts);
        const trailer = concat(Uint8Array.of(4, 0xff), uint32(head.length));
        const digest = createHash("sha512")
          .update(concat(data, head, trailer))
          .digest();
        const values = sign(null, digest, privateKey);
        return {
          tag: tags.signature,
          body: concat(head, uint16(0), digest.subarray(0, 2), values),
        };
      },
    };
  }
});

it("a signature with thousands of parts is refused before they are compared", () => {
  const parts = Uint8Array.from([5, 2, 0, 0, 0, 1, ...Array.from({ length: 32_000 }, () => [1, 99]).flat()]); // prettier-ignore
  const head = concat(Uint8Array.of(4, 0, 27, 10), uint16(parts.length), parts);
  const body = concat(head, uint16(0), uint16(0));
  expect(() => readPgpSignature(body)).toThrow(/more than 200 parts/);
});

describe("whatever bytes somebody makes up (property)", () => {
  const { certificate, signature = "" } = recorded.algorithms["sub"] as Recorded;
  const enrolled = readCertificate(certificate, soon);
  const certificates = enrolled.ok ? [enrolled.value] : [];
  const key = dearmour(certificate, "PUBLIC KEY BLOCK") as Uint8Array;
  const signed = dearmour(signature, "SIGNATURE") as Uint8Array;

  /** What was made by gpg, with some of it changed, left out, put in or said twice. */
  const spoilt = (bytes: Uint8Array) =>
    fc
      .array(
        fc.tuple(
          fc.nat(bytes.length - 1),
          fc.integer({ min: 0, max: 40 }),
          fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(bytes.subarray(0, 30))),
        ),
        { minLength: 1, maxLength: 4 },
      )
      .map((changes) =>
        changes.reduce(
          (now, [at, left, put]) => concat(now.subarray(0, at), put, now.subarray(at + left)),
          bytes,
        ),
      );

  it("is refused in words, and signs nothing else than what was signed", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 300 }), spoilt(signed)),
        fc.uint8Array({ maxLength: 60 }),
        (bytes, more) => {
          const read = readDetached(armour(bytes, "SIGNATURE"));
          if (!read.ok) return;
          const other = concat(payload, Uint8Array.of(0), more);
          expect(certificateOf(read.value, other, certificates, soon).ok).toBe(false);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("adds no key to a certificate that its owner has not bound", () => {
    const own = certificates.flatMap(({ signers }) => signers.map((one) => one.key.fingerprint));
    fc.assert(
      fc.property(spoilt(key), (bytes) => {
        const read = readCertificate(armour(bytes), soon);
        for (const { key: found } of read.ok ? read.value.signers : []) {
          expect(own).toContain(found.fingerprint);
        }
      }),
      { numRuns: 100 },
    );
  });
});

it("a certificate is shown by the fingerprint that gpg prints", () => {
  const read = readCertificate(recorded.algorithms["sub"]?.certificate ?? "", soon);
  expect(read.ok && shownFingerprint(read.value.text)).toBe(
    "AF18A0EA09F1EBB5D3B98F41D70A45DC16576047",
  );
});

it("what is cut off, or stands behind, is refused", () => {
  const bytes = dearmour(
    recorded.algorithms["sub"]?.certificate ?? "",
    "PUBLIC KEY BLOCK",
  ) as Uint8Array;
  expect(readPackets(bytes).length).toBeGreaterThan(4);
  for (let length = 1; length < bytes.length; length += 7) {
    expect(() => readCertificate(armour(bytes.subarray(0, length)), soon)).not.toThrow();
  }
  expect(readCertificate(armour(concat(bytes, Uint8Array.of(1))), soon).ok).toBe(false);
  expect(readCertificate(`x${armour(bytes)}`, soon).ok).toBe(false);
  expect(readCertificate(armour(bytes).replaceAll("PUBLIC", "PRIVATE"), soon)).toMatchObject({ problem: expect.stringContaining("private key") }); // prettier-ignore
});

function signersIn({ signers }: Certificate) {
  return signers.map(({ key, expiresAt }) => ({ body: key.body, expiresAt }));
}

function sub(type: number, body: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(255), uint32(body.length + 1), Uint8Array.of(type), body);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}

function armour(bytes: Uint8Array, kind = "PUBLIC KEY BLOCK"): string {
  const lines = encodeBase64(bytes).replace(/.{64}/g, "$&\n");
  return `-----BEGIN PGP ${kind}-----\n\n${lines}\n-----END PGP ${kind}-----\n`;
}
