import { expect, test } from "vitest";
import { ConfigurationKey } from "./configuration.ts";
import { Name } from "./primitives.ts";

test("no name and no configuration key is one that every JavaScript object answers to", () => {
  for (const word of Object.getOwnPropertyNames(Object.prototype)) {
    expect(Name.safeParse(word).success, word).toBe(false);
    expect(ConfigurationKey.safeParse(word).success, word).toBe(false);
  }
  expect(Name.parse("constructors")).toBe("constructors");
  expect(ConfigurationKey.parse("CONSTRUCTOR")).toBe("CONSTRUCTOR");
});
