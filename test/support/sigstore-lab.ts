import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from "node:crypto";
import type { SigningLab } from "./signing-lab.ts";

/**
 * A small transparency log in the manner of Rekor v2, for tests: entries, an inclusion proof in a tree of two,
 * and a checkpoint signed with Ed25519. Time comes from a time-stamping authority of the signing lab.
 */
export interface SigstoreLab {
  readonly trustedRoot: Record<string, unknown>;
  /** A bundle v0.3 signed with a key: `content` is its `dsseEnvelope` or `messageSignature`. */
  bundle(content: Record<string, unknown>, of: { signature: Uint8Array; digest: Uint8Array; key: KeyObject }): Record<string, unknown>; // prettier-ignore
}

const origin = "log.example.test";
const sha256 = (...parts: readonly Uint8Array[]) =>
  createHash("sha256").update(Buffer.concat(parts)).digest();
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const spki = (key: KeyObject) => key.export({ type: "spki", format: "der" });

const details: Readonly<Record<string, string>> = {
  ec: "PKIX_ECDSA_P256_SHA_256",
  ed25519: "PKIX_ED25519",
};

export function openSigstoreLab(lab: SigningLab, authority: string): SigstoreLab {
  const log = generateKeyPairSync("ed25519");
  const raw = spki(log.publicKey).subarray(12);
  const logId = sha256(Buffer.from(`${origin}\n\u0001`), raw);
  const start = new Date(Date.now() - 3_600_000).toISOString();
  const certificate = (pem: string) => ({ rawBytes: base64(new X509Certificate(pem).raw) });
  const chain = [lab.certificate(authority), lab.authority, lab.root].map(certificate);
  return {
    trustedRoot: {
      mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
      tlogs: [
        {
          baseUrl: `https://${origin}`,
          hashAlgorithm: "SHA2_256",
          publicKey: {
            rawBytes: base64(spki(log.publicKey)),
            keyDetails: "PKIX_ED25519",
            validFor: { start },
          },
          logId: { keyId: base64(logId) },
        },
      ],
      certificateAuthorities: [],
      ctlogs: [],
      timestampAuthorities: [
        {
          subject: { organization: "Acme", commonName: authority },
          uri: "https://tsa.example.test",
          certChain: { certificates: chain },
          validFor: { start },
        },
      ],
    },
    bundle(content, { signature, digest, key }) {
      const body = Buffer.from(
        JSON.stringify({
          apiVersion: "0.0.2",
          kind: "hashedrekord",
          spec: {
            hashedRekordV002: {
              data: { algorithm: "SHA2_256", digest: base64(digest) },
              signature: {
                content: base64(signature),
                verifier: {
                  keyDetails: details[key.asymmetricKeyType ?? ""],
                  publicKey: { rawBytes: base64(spki(key)) },
                },
              },
            },
          },
        }),
      );
      const sibling = sha256(Buffer.from([0]), Buffer.from("the entry before"));
      const root = sha256(Buffer.from([1]), sibling, sha256(Buffer.from([0]), body));
      const note = `${origin}\n2\n${base64(root)}\n`;
      const hinted = Buffer.concat([
        logId.subarray(0, 4),
        sign(null, Buffer.from(note), log.privateKey),
      ]);
      return {
        mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
        verificationMaterial: {
          publicKey: { hint: "anything" },
          tlogEntries: [
            {
              logIndex: "1",
              logId: { keyId: base64(logId) },
              kindVersion: { kind: "hashedrekord", version: "0.0.2" },
              integratedTime: "0",
              inclusionProof: {
                logIndex: "1",
                rootHash: base64(root),
                treeSize: "2",
                hashes: [base64(sibling)],
                checkpoint: { envelope: `${note}\n\u2014 ${origin} ${base64(hinted)}\n` },
              },
              canonicalizedBody: base64(body),
            },
          ],
          timestampVerificationData: {
            rfc3161Timestamps: [{ signedTimestamp: base64(lab.timestamp(signature, authority)) }],
          },
        },
        ...content,
      };
    },
  };
}
