import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { classifyAddress, embeddedIPv4, sameAddress } from "./address.ts";
import { readDestination } from "./destination.ts";
import { type EgressRules, pinAddresses } from "./resolve.ts";
import { send } from "./send.ts";

const octet = fc.integer({ min: 0, max: 255 });
const quad = fc.tuple(octet, octet, octet, octet);
type Quad = readonly [number, number, number, number];

/** Ways of writing one IPv4 address that browsers and C libraries take. */
const notations: readonly ((quad: Quad) => string)[] = [
  ([a, b, c, d]) => `${a}.${b}.${c}.${d}`,
  ([a, b, c, d]) => `${a}.${b}.${c}.${d}.`,
  ([a, b, c, d]) => `0x${a.toString(16)}.0X${b.toString(16)}.${c}.0${d.toString(8)}`,
  ([a, b, c, d]) => `${((a * 256 + b) * 256 + c) * 256 + d}`,
  ([a, b, c, d]) => `0x${(((a * 256 + b) * 256 + c) * 256 + d).toString(16)}`,
  ([a, b, c, d]) => `${a}.${b}.${c * 256 + d}`,
  ([a, b, c, d]) => `${a}.${(b * 256 + c) * 256 + d}`,
  ([a, b, c, d]) => `%3${`${a}`[0]}${`${a}`.slice(1)}.${b}.${c}.${d}`,
];

const mapped = ([a, b, c, d]: Quad) => `::ffff:${a}.${b}.${c}.${d}`;
const mappedHex = ([a, b, c, d]: Quad) =>
  `0:0:0:0:0:FFFF:${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
const translated = ([a, b, c, d]: Quad) => `64:ff9b::${a}.${b}.${c}.${d}`;

const never = async () => {
  throw new Error("nobody may be asked for this name");
};

describe("an address", () => {
  it("is the same one in every notation", () => {
    fc.assert(
      fc.property(quad, fc.constantFrom(...notations), (address, write) => {
        const { host } = readDestination(`http://${write(address)}:80/`);
        expect(host).toBe(address.join("."));
      }),
    );
  });

  it("is what the IPv4 address inside it is", () => {
    fc.assert(
      fc.property(quad, fc.constantFrom(mapped, mappedHex, translated), (address, write) => {
        const plain = address.join(".");
        expect(embeddedIPv4(write(address))).toBe(plain);
        expect(classifyAddress(write(address))).toBe(classifyAddress(plain));
        expect(sameAddress(write(address), plain)).toBe(true);
      }),
    );
  });

  it("is public nowhere in the special-purpose networks", () => {
    const networks: readonly (readonly [fc.Arbitrary<Quad>, string])[] = [
      [fc.tuple(fc.constant(127), octet, octet, octet), "loopback"],
      [fc.tuple(fc.constant(10), octet, octet, octet), "private"],
      [fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet), "private"],
      [fc.tuple(fc.constant(192), fc.constant(168), octet, octet), "private"],
      [fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 99 }), octet, octet), "private"],
      [fc.tuple(fc.constant(0), octet, octet, octet), "unspecified"],
      [fc.tuple(fc.integer({ min: 224, max: 239 }), octet, octet, octet), "multicast"],
      [fc.tuple(fc.integer({ min: 240, max: 255 }), octet, octet, octet), "reserved"],
    ];
    for (const [addresses, kind] of networks) {
      fc.assert(
        fc.property(addresses, (one) => {
          expect(classifyAddress(one.join("."))).toBe(kind);
        }),
      );
    }
  });

  it.each([
    ["169.254.169.254", "metadata"],
    ["::ffff:169.254.169.254", "metadata"],
    ["fd00:ec2::254", "metadata"],
    ["fd00:ec2::23", "metadata"],
    ["fd20:ce::254", "metadata"],
    ["100.100.100.200", "metadata"],
    ["169.254.1.1", "link-local"],
    ["fe80::1%eth0", "link-local"],
    ["::1", "loopback"],
    ["::", "unspecified"],
    ["::127.0.0.1", "loopback"],
    ["fc00::1", "private"],
    ["2002:7f00:1::", "reserved"],
    ["2001:0:7f00:1::", "reserved"],
    ["4000::1", "reserved"],
    ["not an address", "reserved"],
    ["8.8.8.8", "public"],
    ["2606:4700::1111", "public"],
  ])("%s is %s", (address, kind) => {
    expect(classifyAddress(address)).toBe(kind);
  });
});

describe("where something may be sent", () => {
  it.each([
    "http://user@example.com/",
    "http://:secret@example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "javascript:alert(1)",
    "//example.com/",
    "http://",
    "http://exa mple.com/",
    "http://example.com../",
  ])("is never %s", (url) => {
    expect(() => readDestination(url)).toThrow(/nothing is sent to/);
  });

  it("shows no password of an address that it refuses", () => {
    expect(() => readDestination("http://joe:hunter2@example.com/")).toThrow(/^((?!hunter2).)*$/s);
  });

  it("is not this machine, a private network or a metadata service, in no notation", async () => {
    const inside = [
      "127.0.0.1",
      "0x7f.1",
      "2130706433",
      "017700000001",
      "127.1.",
      "[::1]",
      "[::ffff:127.0.0.1]",
      "[::ffff:7f00:1]",
      "[0:0:0:0:0:ffff:7f00:1]",
      "localhost",
      "LOCALHOST.",
      "a.localhost",
      "10.1.2.3",
      "192.168.0.1",
      "169.254.169.254",
      "[fe80::1]",
      "[fd00:ec2::254]",
      "[64:ff9b::10.0.0.1]",
      "0.0.0.0",
    ];
    for (const host of inside) {
      const destination = readDestination(`http://${host}:8080/`);
      await expect(pinAddresses(destination, { resolver: never }), host).rejects.toMatchObject({
        code: "forbidden",
      });
    }
  });

  it("is a place that its owner allowed, however it is written, at that port and scheme only", async () => {
    const rules = { allow: ["http://127.0.0.1:8080"], resolver: never };
    const ask = async (url: string) => pinAddresses(readDestination(url), rules);
    expect(await ask("http://0x7f.1:8080/hook")).toEqual(["127.0.0.1"]);
    await expect(ask("http://127.0.0.1:8081/")).rejects.toMatchObject({ code: "forbidden" });
    await expect(ask("https://127.0.0.1:8080/")).rejects.toMatchObject({ code: "forbidden" });
  });

  it("is not this machine by its public address", async () => {
    const rules = { ownAddresses: ["::ffff:203.0.114.7"], resolver: async () => ["203.0.114.7"] };
    const destination = readDestination("https://tidelock.example:7443/");
    await expect(pinAddresses(destination, rules)).rejects.toThrow(/this machine itself/);
  });

  it("is no name of which one address is forbidden", async () => {
    const rules = { resolver: async () => ["8.8.8.8", "10.0.0.1"], ownAddresses: [] };
    const destination = readDestination("http://two.example/");
    await expect(pinAddresses(destination, rules)).rejects.toThrow(/a private network/);
  });

  it("is no metadata service and no port of Tidelock where a pipeline's author allows it", async () => {
    const ask = async (origin: string, address: string) =>
      pinAddresses(readDestination(origin), {
        allow: [origin],
        onlyAllowed: true,
        authored: { ownPorts: [7070] },
        ownAddresses: ["203.0.114.7"],
        resolver: async () => [address],
      });
    const refused = ["169.254.169.254", "169.254.1.1", "fe80::1", "fd00:ec2::254", "0.0.0.0"];
    for (const address of refused) {
      await expect(ask("http://name.example:80", address)).rejects.toMatchObject({
        code: "forbidden",
      });
    }
    for (const address of ["127.0.0.2", "::1", "203.0.114.7"]) {
      await expect(ask("http://name.example:7070", address)).rejects.toThrow(
        /Tidelock itself listens there/,
      );
      expect(await ask("http://name.example:8025", address)).toEqual([address]);
    }
    expect(await ask("http://mail.internal:7070", "10.0.0.9")).toEqual(["10.0.0.9"]);
  });

  it("is nothing but the declared origin for a check", async () => {
    const rules = { allow: ["http://shop.example"], onlyAllowed: true, resolver: never };
    const destination = readDestination("http://cdn.example/");
    await expect(pinAddresses(destination, rules)).rejects.toThrow(/not the declared origin/);
  });
});

describe("sending", () => {
  it("connects to what was judged when the name changes its mind", async () => {
    await using good = await listen((_request, response) => response.end("good"));
    let asked = 0;
    // 127.0.0.1 stands for a public address: what matters is that nobody asks a second time.
    const resolver = async () => {
      asked += 1;
      return asked === 1 ? ["127.0.0.1"] : ["169.254.169.254"];
    };
    const origin = `http://rebind.example:${good.port}`;
    const answer = await send({ url: `${origin}/` }, { allow: [origin], resolver });
    expect(answer.body.toString()).toBe("good");
    expect(asked).toBe(1);
    await expect(send({ url: `${origin}/` }, { resolver })).rejects.toMatchObject({
      code: "forbidden",
    });
  });

  it("follows a redirect on its host only, when asked", async () => {
    await using canary = await listen((_request, response) => response.end("never"));
    await using server = await listen((request, response) => {
      const to = { "/a": "/b", "/off": canary.origin, "/dots": "//127.0.0.2:1/" }[
        request.url ?? ""
      ];
      if (to === undefined) response.end("here");
      else response.writeHead(302, { location: to }).end();
    });
    const rules: EgressRules = { allow: [server.origin, canary.origin] };
    const ask = async (path: string, redirects?: number) =>
      send({ url: server.origin + path, ...(redirects === undefined ? {} : { redirects }) }, rules);
    expect((await ask("/a")).status).toBe(302);
    expect((await ask("/a", 1)).body.toString()).toBe("here");
    expect((await ask("/off", 3)).status).toBe(302);
    expect((await ask("/dots", 3)).status).toBe(302);
    expect(canary.requests()).toBe(0);
  });

  it("waits for no name server longer than for the whole", async () => {
    const url = "http://slow.example/";
    const resolver = () => new Promise<never>(() => undefined);
    const rules = { allow: ["http://slow.example"], resolver };
    const began = performance.now();
    await expect(send({ url, timeoutMs: 50 }, rules)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("no name server answered for slow.example within"),
    });
    await expect(pinAddresses(readDestination(url), { ...rules, resolveMs: 20 })).rejects.toThrow(
      /within 20 ms/,
    );
    expect(performance.now() - began).toBeLessThan(4_000);
  });

  it("is bounded in size and in time", async () => {
    await using server = await listen((request, response) => {
      if (request.url === "/slow") response.write("a");
      else response.end("x".repeat(100_000));
    });
    const rules = { allow: [server.origin] };
    const cut = await send({ url: `${server.origin}/`, maxBodyBytes: 1_000 }, rules);
    expect([cut.truncated, cut.body.length]).toEqual([true, 1_000]);
    await expect(send({ url: `${server.origin}/slow`, timeoutMs: 100 }, rules)).rejects.toThrow(
      /within \d+ ms/,
    );
  });
});

async function listen(handler: Parameters<typeof createServer>[1] & object) {
  let count = 0;
  const server = createServer((request, response) => {
    count += 1;
    return handler(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    requests: () => count,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
