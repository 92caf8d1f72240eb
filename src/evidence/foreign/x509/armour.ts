import { decodeBase64, decodeUtf8 } from "../../bytes.ts";
import { children, oidText, readDer, tags } from "./der.ts";

const signedData = "1.2.840.113549.1.7.2";

/** DER of a CMS SignedData, taken out of PEM if need be; null when these bytes are something else. */
export function signedDataBytes(bytes: Uint8Array): Uint8Array | null {
  const start = decodeUtf8(bytes.subarray(0, 64))?.trimStart() ?? "";
  if (/^-----BEGIN (CMS|PKCS7)-----/.test(start)) {
    const text = decodeUtf8(bytes) ?? "";
    const body = /-----BEGIN (?:CMS|PKCS7)-----([^-]+)-----END/.exec(text)?.[1] ?? "";
    return decodeBase64(body.replace(/\s/g, ""));
  }
  if (bytes[0] !== tags.sequence) return null;
  try {
    return oidText(children(readDer(bytes))[0]) === signedData ? bytes : null;
  } catch {
    return null;
  }
}

export function isSignedData(bytes: Uint8Array): boolean {
  return signedDataBytes(bytes) !== null;
}
