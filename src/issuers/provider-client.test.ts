import { afterEach, expect, it, vi } from "vitest";
import { TestIssuer } from "../../test/support/issuer.ts";
import { IdentityProvider } from "../model/identity-provider.ts";
import { ProviderClient } from "./provider-client.ts";

afterEach(() => vi.restoreAllMocks());

it("sends nobody to a provider that was there a while ago and is down now, and asks no more often than it must", async () => {
  const issuer = await TestIssuer.start();
  issuer.discovery = { authorization_endpoint: `${issuer.url}/authorize` };
  const settings = IdentityProvider.parse({
    id: "company",
    name: "The Company",
    issuer: issuer.url,
    clientId: "tidelock",
  });
  const back = "http://localhost/api/v1/sign-in/oidc/company/return";
  const client = new ProviderClient({ settings, secret: null }, back, { origins: [issuer.url] });
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  for (let n = 0; n < 20; n += 1) {
    expect((await client.begin(false)).url).toContain(`${issuer.url}/authorize?`);
  }
  expect(issuer.requests).toHaveLength(1);
  await issuer.close();
  now += 60_000;
  await expect(client.begin(false)).rejects.toThrow();
});
