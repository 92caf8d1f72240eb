import { describe, expect, it } from "vitest";
import { makeCertificate } from "../../../test/support/certificate.ts";
import { checkContext, serveTls } from "../../../test/support/check-context.ts";
import { needsTool } from "../../../test/support/optional.ts";
import type { CheckReport } from "../../model/verdict.ts";
import { runCheck } from "../run.ts";
import { attackSpecs } from "./index.ts";

const openssl = needsTool("openssl");

async function play(options: object, days = 90, trusted = true): Promise<CheckReport> {
  const { certificate, key } = makeCertificate(openssl.path, days);
  await using server = await serveTls(
    { cert: certificate, key, ...options },
    (_request, response) => response.end("hello"),
  );
  const context = checkContext({
    instances: [],
    route: server.origin,
    tester: { header: "x-tidelock-tester", value: "signed-credential" },
  });
  const demand = {
    name: "tls",
    timeout: 20_000,
    with: {
      specs: [{ pack: "tls" }],
      touch: "passive",
      through: "route",
      ...(trusted ? { ca: certificate } : {}),
    },
  };
  return await runCheck(attackSpecs, context, demand);
}

const failed = (report: CheckReport) =>
  report.results.filter(({ verdict }) => verdict !== "pass").map(({ name }) => name);

describe.skipIf(openssl.missing)("the supplied stories about TLS", () => {
  it("find nothing where today's TLS is spoken with a certificate that can be trusted", async () => {
    const report = await play({});
    expect(report.results.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
    expect(report.verdict).toBe("pass");
    expect(report.exercised.scenarios).toBe(10);
  });

  it.each([
    [
      "nobody vouches for it",
      {},
      90,
      false,
      "The certificate can be trusted, and will be for a while",
    ],
    ["it ends soon", {}, 7, true, "The certificate can be trusted, and will be for a while"],
    [
      "TLS 1.1",
      { minVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" },
      90,
      true,
      "TLS 1.1 is not spoken any more",
    ],
    [
      "TLS 1.0",
      { minVersion: "TLSv1", ciphers: "DEFAULT:@SECLEVEL=0" },
      90,
      true,
      "TLS 1.0 is not spoken any more",
    ],
    ["no TLS 1.3", { maxVersion: "TLSv1.2" }, 90, true, "TLS 1.2 or 1.3 is spoken"],
    [
      "a cipher without encryption",
      { maxVersion: "TLSv1.2", ciphers: "ALL:eNULL:@SECLEVEL=0" },
      90,
      true,
      "Weak ciphers are refused (NULL)",
    ],
    [
      "a cipher without a certificate",
      { maxVersion: "TLSv1.2", ciphers: "ALL:aNULL:@SECLEVEL=0" },
      90,
      true,
      "Weak ciphers are refused (aNULL)",
    ],
  ])("see %s", async (_name, options, days, trusted, scenario) => {
    const report = await play(options, days, trusted);
    expect(report.verdict).toBe("fail");
    expect(failed(report)).toContain(`TLS: ${scenario}`);
  });
});
