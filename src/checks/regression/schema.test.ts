import { expect, it } from "vitest";
import { RegressionConfiguration, SuiteFile } from "./schema.ts";

const requests = (name: string) => [{ path: "/", headers: { [name]: "DELETE" } }];

it.each(["X-HTTP-Method-Override", "x-http-method", "X-Method-Override", "x-http-methodoverride"])(
  "refuses %s, by which a reading request would write on the live colour",
  (name) => {
    expect(RegressionConfiguration.safeParse({ requests: requests(name) }).success).toBe(false);
    expect(SuiteFile.safeParse({ requests: requests(name) }).success).toBe(false);
    expect(SuiteFile.safeParse({ requests: requests("x-method") }).success).toBe(false);
  },
);

it("takes a test account's own headers", () => {
  const given = {
    requests: [{ path: "/", headers: { authorization: "Bearer x", "x-tenant": "1" } }],
  };
  expect(SuiteFile.safeParse(given).success).toBe(true);
});
