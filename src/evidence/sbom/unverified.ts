import { z } from "zod";
import { decodeBase64 } from "../bytes.ts";
import { Envelope } from "../dsse.ts";
import { readJson } from "../read-json.ts";
import { bad, type Result } from "../result.ts";
import { readStatement } from "../statement.ts";
import type { Sbom } from "./component.ts";
import { readSbom, sbomOfStatement } from "./read.ts";

const Bundle = z.looseObject({ dsseEnvelope: Envelope });

/**
 * The SBOM in a document, an envelope or a bundle, whoever signed it: for an index that only ever finds more to look at.
 * Nothing is allowed by it.
 */
export function unverifiedSbom(bytes: Uint8Array): Result<Sbom> {
  const bundle = readJson(bytes, Bundle, "the bundle");
  const envelope = bundle.ok
    ? { ok: true as const, value: bundle.value.dsseEnvelope }
    : readJson(bytes, Envelope, "the envelope");
  if (!envelope.ok) return readSbom(bytes);
  const payload = decodeBase64(envelope.value.payload);
  if (payload === null) return bad("its payload is not base64");
  const statement = readStatement(payload);
  return statement.ok ? sbomOfStatement(statement.value) : statement;
}
