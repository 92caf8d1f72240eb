/** Where a failed sign-in came from, as coarse as the ledger keeps it for good. */
export type NetworkKind = "this-machine" | "private" | "internet";

/**
 * Of a network as sessions name it: `10.1.2.0/24`, `2001:db8:1::/48`. Loopback (RFC 1122, RFC 4291), private and link-local
 * (RFC 1918, RFC 3927, RFC 4193, RFC 6598); whatever else it says counts as the internet.
 */
export function networkKind(network: string): NetworkKind {
  if (/^127\.|^0:0:0::\/48$/.test(network)) return "this-machine";
  if (/^(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.)/.test(network)) return "private";
  if (/^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(network)) return "private";
  return /^(f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]):/.test(network) ? "private" : "internet";
}
