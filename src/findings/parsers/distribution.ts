/** Package manager and vendor of each distribution, as package URLs write them (purl-spec, types apk, deb, rpm). */
const distributions: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["alpine", ["apk", "alpine"]],
  ["amzn", ["rpm", "amzn"]],
  ["amazon", ["rpm", "amzn"]],
  ["centos", ["rpm", "centos"]],
  ["debian", ["deb", "debian"]],
  ["fedora", ["rpm", "fedora"]],
  ["ol", ["rpm", "ol"]],
  ["oracle", ["rpm", "ol"]],
  ["rhel", ["rpm", "redhat"]],
  ["ubuntu", ["deb", "ubuntu"]],
  ["wolfi", ["apk", "wolfi"]],
]);

/** Of a namespace like `debian:9` or `alpine:v3.15`; undefined for one that is no distribution that is known. */
export function distributionOf(
  namespace: string,
): { readonly type: string; readonly vendor: string; readonly distro: string } | undefined {
  const [, word = "", version = ""] = /^([a-z]+)(?::v?(.{0,40}))?$/i.exec(namespace.trim()) ?? [];
  const [type, vendor] = distributions.get(word.toLowerCase()) ?? [];
  if (type === undefined || vendor === undefined) return undefined;
  return { type, vendor, distro: version === "" ? "" : `${word.toLowerCase()}-${version}` };
}
