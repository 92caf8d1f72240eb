import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";
import type { z } from "zod";
import type { ProposalView } from "../../src/api/views/finding.ts";
import { encodeEnvelope } from "../../src/evidence/dsse.ts";
import { consentStatement } from "../../src/evidence/predicates/finding-consent.ts";
import { type ScanReport, scanReportStatement } from "../../src/evidence/predicates/scan-report.ts";
import { signStatement, type Statement } from "../../src/evidence/statement.ts";
import type { Proposed } from "../../src/model/finding-act.ts";
import type { Digest } from "../../src/model/primitives.ts";
import type { ControlPlane } from "../../src/ports/control-plane.ts";
import { keepAttestation } from "../../src/store/queries/attestations.ts";
import type { Db } from "../../src/store/schema.ts";
import { operator } from "./engine-bench.ts";

/** People and producers with keys of their own, for tests of findings. */

export interface Somebody {
  readonly person: string;
  readonly key: KeyObject;
}

/** Enrols somebody; `judges`: with the right to judge findings everywhere. */
export async function enrol(
  plane: ControlPlane,
  name: string,
  { judges = true, also = [] as string[], by = operator } = {},
): Promise<Somebody> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = publicKey.export({ type: "spki", format: "pem" }) as string;
  const { person } = await plane.people.add(by, { name, key, also });
  if (judges) {
    const right = "findings.judge";
    await plane.people.grant(by, { name, right, service: null, environment: null });
  }
  return { person, key: privateKey };
}

export async function envelopeBy(key: KeyObject, statement: Statement): Promise<Uint8Array> {
  const signer = {
    name: "somebody",
    publicKey: new Uint8Array(),
    sign: async (message: Uint8Array) => sign(null, message, key),
  };
  return encodeEnvelope(await signStatement(signer, statement));
}

export function consentBy(
  who: Somebody,
  { proposed }: Pick<ProposalView, "proposed">,
  change: Partial<Proposed> = {},
): Promise<Uint8Array> {
  return envelopeBy(who.key, consentStatement({ ...proposed, ...change }, who.person));
}

export const sha256Of = (bytes: Uint8Array): Digest =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** Somebody states what a report is, about a release; keeping the statement is not trusting it. */
export async function stateReport(
  db: Db,
  report: Uint8Array,
  by: KeyObject,
  about: { readonly release: Digest } & Omit<z.input<typeof ScanReport>, "report">,
): Promise<void> {
  const { release, ...rest } = about;
  const statement = scanReportStatement(
    { name: rest.service, id: release },
    { report: sha256Of(report), ...rest },
  );
  const bytes = await envelopeBy(by, statement);
  await db.transaction().execute((tx) =>
    keepAttestation(tx, {
      release,
      digest: sha256Of(bytes),
      format: "dsse",
      predicate_type: statement.predicateType,
      origin: "given",
      size: bytes.length,
      content: Buffer.from(bytes),
      added_by: "operator",
    }),
  );
}

/** `findings` of an environment's document: `ci` is trusted with reports of these tools. */
export function trustIn(key: KeyObject, tools: readonly string[]): string {
  const pem = JSON.stringify(createPublicKey(key).export({ type: "spki", format: "pem" }));
  return `  findings:
    producers: { ci: { type: key, keys: [${pem}] } }
    reports: [{ by: [ci], tools: ${JSON.stringify(tools)} }]
    vex: [{ by: [ci] }]`;
}
