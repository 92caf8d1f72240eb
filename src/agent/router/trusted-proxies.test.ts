import { expect, test } from "vitest";
import { compileTrustedProxies, plainAddress } from "./trusted-proxies.ts";

test("addresses and ranges of both families are trusted, nothing else", () => {
  const trusts = compileTrustedProxies(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1"]);
  const trusted = ["10.1.2.3", "192.0.2.7", "2001:db8:1::1", "::1"];
  const others = ["11.0.0.1", "192.0.2.8", "2001:db9::1", "::2", "", "10.0.0.0/8", "unknown"];
  for (const address of trusted) expect(trusts(address), address).toBe(true);
  for (const address of others) expect(trusts(address), address).toBe(false);
});

test("an empty list trusts nobody", () => {
  expect(compileTrustedProxies([])("127.0.0.1")).toBe(false);
});

test.each(["10.0.0.0/33", "10.0.0.0/x", "10.0.0/8", "::/129", "proxy.example", "10.0.0.0/8/8", ""])(
  "%j is refused",
  (entry) => {
    expect(() => compileTrustedProxies([entry])).toThrow("is not an IP address or CIDR range");
  },
);

test("an IPv4 peer of a dual-stack socket is an IPv4 address", () => {
  expect(plainAddress("::ffff:10.0.0.1")).toBe("10.0.0.1");
  expect(plainAddress("2001:db8::1")).toBe("2001:db8::1");
  expect(plainAddress(undefined)).toBe("unknown");
});
