import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needsTool } from "../../../../test/support/optional.ts";
import { codeSigning, openSigningLab, type SigningLab, timeStamping } from "../../../../test/support/signing-lab.ts"; // prettier-ignore
import type { Producer } from "../../../model/producers.ts";
import { verifyForeign } from "../verify.ts";
import { children, context, inside, readDer, tags } from "./der.ts";
import { verifyX509 } from "./index.ts";

const openssl = needsTool("openssl");
const content = Buffer.from("the artifact's bytes\r\nwith\0anything");
const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
const day = 86_400_000;

function encode(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const length =
    body.length < 128
      ? [body.length]
      : body.length < 256
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Uint8Array.from([tag, ...length]), body]);
}

/** Puts a time-stamp token into the one signer of a CMS signature, as an unsigned attribute. */
function withTimestamp(cms: Uint8Array, token: Uint8Array): Buffer {
  const [type, explicit] = inside(readDer(cms), tags.sequence);
  const [signedData] = inside(explicit, context(0));
  const fields = inside(signedData, tags.sequence);
  const [info] = inside(fields.at(-1), tags.set);
  const oid = Buffer.from("060b2a864886f70d010910020e", "hex");
  const attribute = encode(tags.sequence, oid, encode(tags.set, token));
  const parts = children(info!).map(({ raw }) => raw);
  const changed = encode(tags.sequence, ...parts, encode(context(1), attribute));
  const before = fields.slice(0, -1).map(({ raw }) => raw);
  const inner = encode(tags.sequence, ...before, encode(tags.set, changed));
  return encode(tags.sequence, type!.raw, encode(context(0), inner));
}

function signatureOf(cms: Uint8Array): Uint8Array {
  const [, explicit] = inside(readDer(cms), tags.sequence);
  const [signedData] = inside(explicit, context(0));
  const [info] = inside(inside(signedData, tags.sequence).at(-1), tags.set);
  return children(info!)[5]!.content;
}

function tokenOf(response: Uint8Array): Uint8Array {
  return inside(readDer(response), tags.sequence)[1]!.raw;
}

describe.skipIf(openssl.missing)("a code signature", () => {
  let lab: SigningLab;
  let cms: Buffer;
  let producer: Extract<Producer, { type: "x509" }>;
  const now = new Date();
  const later = new Date(now.getTime() + 5 * day);

  beforeAll(() => {
    lab = openSigningLab(openssl.path);
    lab.issue("release", codeSigning);
    lab.issue("web", "extendedKeyUsage=serverAuth");
    lab.issue("strange", `${codeSigning}\n1.2.3.4=critical,ASN1:NULL`);
    lab.issue("tsa", timeStamping);
    lab.issue("loose-tsa", "extendedKeyUsage=critical,timeStamping,codeSigning");
    cms = lab.cms(content, "release");
    producer = {
      type: "x509",
      roots: [lab.root],
      intermediates: [],
      subject: { O: "Acme", CN: "rel*" },
      timestampRoots: [],
    };
  });
  afterAll(() => lab.dispose());

  it("by openssl verifies from the artifact's digest alone, in DER and PEM", () => {
    const pem = `-----BEGIN CMS-----\n${cms.toString("base64").replace(/(.{64})/g, "$1\n")}\n-----END CMS-----\n`;
    for (const bytes of [cms, Buffer.from(pem)]) {
      expect(verifyForeign(bytes, producer, new Date())).toMatchObject({
        kind: "verified",
        signed: { kind: "signature", digest },
        signer: "O=Acme, CN=release (certificate valid now; revocation not checked)",
      });
    }
  });

  it("is refused for another root, another subject, another purpose and an unknown critical extension", () => {
    const other = openSigningLab(openssl.path);
    try {
      const cases: readonly (readonly [Buffer, Partial<typeof producer>, string])[] = [
        [cms, { roots: [other.root] }, "leads to none of the trusted roots"],
        [cms, { subject: { CN: "other" } }, "its CN is not other"],
        [cms, { subject: { OU: "*" } }, "one OU is expected"],
        [lab.cms(content, "web"), {}, "is not for codeSigning"],
        [lab.cms(content, "strange"), {}, "a critical extension 1.2.3.4"],
        [lab.cms(content, "release", "-nodetach"), {}, "not a detached signature"],
        [lab.cms(content, "release", "-noattr"), {}, "another structure"],
        [lab.cms(content, "release", "-md", "sha1"), {}, "other than SHA-2"],
      ];
      for (const [bytes, change, sentence] of cases) {
        const result = verifyX509(bytes, { ...producer, ...change }, new Date());
        expect(result.kind === "refused" ? result.problem : result.kind).toContain(sentence);
      }
    } finally {
      other.dispose();
    }
  });

  it("ends with its certificate, unless a trusted authority stamped it in time", () => {
    const expired = verifyX509(cms, producer, later);
    expect(expired.kind === "refused" && expired.problem).toContain("is not valid any more");
    const early = verifyX509(cms, producer, new Date(now.getTime() - day));
    expect(early.kind === "refused" && early.problem).toContain("is not valid yet");

    const stamped = withTimestamp(cms, tokenOf(lab.timestamp(signatureOf(cms), "tsa")));
    const trusting = { ...producer, timestampRoots: [lab.root] };
    expect(verifyX509(stamped, trusting, later)).toMatchObject({
      kind: "verified",
      signer: expect.stringContaining("time-stamped 20"),
    });
    // Without an authority that is trusted, the stamp is just bytes.
    expect(verifyX509(stamped, producer, later)).toMatchObject({ kind: "refused" });
  });

  it("is refused with a time stamp of something else, by a certificate for more, or damaged", () => {
    const trusting = { ...producer, timestampRoots: [lab.root] };
    const said = (response: Buffer): string => {
      const result = verifyX509(withTimestamp(cms, tokenOf(response)), trusting, new Date());
      return result.kind === "refused" ? result.problem : result.kind;
    };
    expect(said(lab.timestamp(content, "tsa"))).toContain("is for something else");
    // openssl itself refuses to stamp with a certificate that is for more.
    expect(() => lab.timestamp(signatureOf(cms), "loose-tsa")).toThrow();
    const good = lab.timestamp(signatureOf(cms), "tsa");
    const damaged = Buffer.from(good);
    damaged[damaged.length - 3]! ^= 1;
    expect(said(damaged)).not.toBe("verified");
  });

  it("never verifies for another digest after a flipped bit, and never throws", () => {
    fc.assert(
      fc.property(fc.nat({ max: cms.length * 8 - 1 }), (bit) => {
        const damaged = Buffer.from(cms);
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        const result = verifyForeign(damaged, producer, new Date());
        // What nobody signed (an unused certificate's spare bits) may change; the digest may not.
        if (result.kind === "verified")
          expect(result.signed).toEqual({ kind: "signature", digest });
      }),
      { numRuns: 400 },
    );
  });
});

describe("anything else", () => {
  it("is another verifier's business or refused, whatever the bytes", () => {
    const producer: Producer = {
      type: "x509",
      roots: [],
      intermediates: [],
      subject: { CN: "*" },
      timestampRoots: [],
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(verifyForeign(bytes, producer, new Date()).kind).not.toBe("verified");
        const headed = Uint8Array.from([0x30, Math.min(bytes.length, 127), ...bytes]);
        expect(verifyForeign(headed, producer, new Date()).kind).not.toBe("verified");
      }),
    );
  });
});
