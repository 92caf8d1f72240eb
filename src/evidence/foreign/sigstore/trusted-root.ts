import { TrustedRoot } from "@sigstore/protobuf-specs";
import { bad, good, type Result } from "../../result.ts";

/**
 * A Sigstore trusted root. Each of its instances must say from when on it is trusted: `@sigstore/verify`
 * takes a missing start for "always", which lets a key vouch for times before it existed.
 */
export function readTrustedRoot(value: Readonly<Record<string, unknown>>): Result<TrustedRoot> {
  let root: TrustedRoot;
  try {
    root = TrustedRoot.fromJSON(value);
  } catch {
    return bad("this is not a Sigstore trusted root");
  }
  if (root.certificateAuthorities.length + root.tlogs.length === 0) {
    return bad("the trusted root trusts nobody");
  }
  const open = [
    ...[...root.tlogs, ...root.ctlogs].map(({ baseUrl, publicKey }) => ({
      name: baseUrl,
      start: publicKey?.validFor?.start,
    })),
    ...[...root.certificateAuthorities, ...root.timestampAuthorities].map(({ uri, validFor }) => ({
      name: uri,
      start: validFor?.start,
    })),
  ].find(({ start }) => start === undefined || Number.isNaN(start.getTime()));
  return open === undefined
    ? good(root)
    : bad(`the trusted root does not say from when on ${open.name} is trusted`);
}
