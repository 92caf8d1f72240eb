import { expect, it } from "vitest";
import { Bindings, Configuration } from "./configuration.ts";
import { faultPointsIn, fillFaults, withoutFaults } from "./faults.ts";
import { fillSinks } from "./sinks.ts";

const dependencies = { bakery: { host: "127.0.0.1", port: 4001 } };

it("puts the relay's address in the place of a dependency's, whole or in parts", () => {
  const value = "http://{fault.bakery=10.0.0.7:80}/a {fault.bakery.port=10.0.0.7:80}";
  expect(faultPointsIn([value])).toEqual({
    dependencies: [{ name: "bakery", host: "10.0.0.7", port: 80 }],
    disk: null,
  });
  expect(fillFaults(value, { dependencies, disk: null })).toBe("http://127.0.0.1:4001/a 4001");
  expect(withoutFaults(value)).toBe("http://10.0.0.7:80/a 80");
});

it("takes a sink behind it, an IPv6 address, and a disk's size", () => {
  const sunk = fillSinks("{fault.mail={sink.mail.host}:{sink.mail.port}}", {
    mail: { host: "127.0.0.1", port: 2525 },
  });
  expect(faultPointsIn([sunk, "{fault.six=[::1]:80}", "{fault.disk=64m}"])).toEqual({
    dependencies: [
      { name: "mail", host: "127.0.0.1", port: 2525 },
      { name: "six", host: "::1", port: 80 },
    ],
    disk: 64 * 1024 * 1024,
  });
});

it("says so when one name stands for two things", () => {
  expect(faultPointsIn(["{fault.a=x:1}", "{fault.a=x:2}"])).toMatch(/two addresses/);
  expect(faultPointsIn(["{fault.disk=1m}", "{fault.disk=2m}"])).toMatch(/two sizes/);
});

it.each([
  "{fault.bakery}",
  "{fault.bakery=}",
  "{fault.bakery=here}",
  "{fault.bakery=x:0}",
  "{fault.bakery=x:70000}",
  "{fault.Bakery=x:1}",
  "{fault.bakery.path=x:1}",
  "{fault.disk=64}",
  "{fault.disk=9999m}",
  "{fault.bakery={sink.mail}}",
  "{fault.a=x:1} {fault.b",
])("refuses %s in an isolated configuration", (value) => {
  expect(Bindings.safeParse({ values: { KEY: value } }).success).toBe(false);
});

it("refuses every fault in what users' colour is given", () => {
  const configuration = {
    kind: "Configuration",
    formatVersion: 1,
    service: "shop",
    environment: "production",
    values: { KEY: "{fault.bakery=x:1}" },
  };
  expect(Configuration.safeParse(configuration).success).toBe(false);
  expect(Configuration.safeParse({ ...configuration, values: { KEY: "x:1" } }).success).toBe(true);
});
