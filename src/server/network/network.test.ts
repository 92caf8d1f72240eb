import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLoopback, networkOf, plainAddress } from "./address.ts";
import { addressesToBind } from "./bind.ts";
import { trustedProxies } from "./proxies.ts";

describe("addresses", () => {
  it("have one form, whatever dress they come in", () => {
    expect(plainAddress("::ffff:10.0.0.1")).toBe("10.0.0.1");
    expect(plainAddress("::FFFF:7f00:1")).toBe("127.0.0.1");
    expect(plainAddress("[::1]")).toBe("::1");
    expect(plainAddress("0:0:0:0:0:0:0:1")).toBe("::1");
    expect(plainAddress("fe80::1%eth0")).toBe("fe80::1");
    for (const none of ["", undefined, "localhost", "10.0.0", "10.0.0.1:80", "unknown", "0x7f.1"]) {
      expect(plainAddress(none)).toBeNull();
    }
  });

  it("say which of them stay on this machine", () => {
    for (const own of ["127.0.0.1", "127.9.9.9", "::1"]) expect(isLoopback(own)).toBe(true);
    for (const other of ["0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "fe80::1", null]) {
      expect(isLoopback(other)).toBe(false);
    }
  });

  it("are counted by their network: an IPv6 subscriber cannot be many", () => {
    expect(networkOf("10.1.2.3")).toBe("10.1.2.0/24");
    expect(networkOf("2001:db8:1:2::3")).toBe("2001:db8:1::/48");
    expect(networkOf("2001:db8::3")).toBe("2001:db8:0::/48");
    expect(networkOf("::1")).toBe("127.0.0.0/24");
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const address = plainAddress(text);
        if (address?.includes(":") && address !== "::1")
          expect(networkOf(address)).toMatch(/^([0-9a-f]{1,4}:){3}:\/48$/);
      }),
    );
  });
});

describe("trusted proxies", () => {
  it("are those that were named, in either dress", () => {
    const { trusts } = trustedProxies(["10.0.0.0/24", "2001:db8::7"]);
    for (const yes of ["10.0.0.9", "::ffff:10.0.0.9", "2001:db8::7"])
      expect(trusts(yes)).toBe(true);
    for (const no of ["10.0.1.9", "2001:db8::8", "", "x", undefined])
      expect(trusts(no)).toBe(false);
  });

  it("cannot be everybody, by mistake or in two halves", () => {
    for (const wide of [
      "0.0.0.0/0",
      "::/0",
      "0.0.0.0/1",
      "128.0.0.0/1",
      "8000::/1",
      "10.0.0.0/33",
      "x",
      "proxy.example",
      "",
    ]) {
      expect(() => trustedProxies([wide])).toThrow(/names no proxies/);
    }
  });
});

describe("listening beyond this machine", () => {
  const bare = { certificate: false, proxies: [] };
  const ask = (listen: string, protection: { certificate: boolean; proxies: string[] } = bare) =>
    addressesToBind([listen], protection);

  it("is refused with the reason and what to do, however the address is written", async () => {
    for (const open of [
      "0.0.0.0",
      "::",
      "10.0.0.5",
      "::ffff:10.0.0.5",
      "::ffff:0.0.0.0",
      "0",
      "fe80::1%lo",
      "[::]",
      "0:0::0",
    ]) {
      await expect(ask(open), open).rejects.toMatchObject({
        code: "forbidden",
        message: expect.stringContaining("other machines"),
        hint: expect.stringMatching(/--tls-cert.*--trusted-proxy/),
      });
    }
  });

  it("is no such thing on loopback, by number or by name", async () => {
    expect(await ask("127.0.0.1")).toEqual(["127.0.0.1"]);
    expect(await ask("127.1")).toEqual(["127.0.0.1"]);
    expect(await ask("::1")).toEqual(["::1"]);
    expect(await ask("localhost")).toContain("127.0.0.1");
    expect(await addressesToBind([], bare)).toEqual([]);
  });

  it("is taken with a certificate, or behind a proxy that is named", async () => {
    expect(await ask("0.0.0.0", { certificate: true, proxies: [] })).toEqual(["0.0.0.0"]);
    expect(await ask("::", { certificate: false, proxies: ["10.0.0.7"] })).toEqual(["::"]);
  });

  it("says what is no address", async () => {
    for (const wrong of ["http://x", "*", "a b", "nowhere.invalid"]) {
      await expect(ask(wrong), wrong).rejects.toMatchObject({ code: "invalid-input" });
    }
  });
});
