import { expect } from "vitest";
import type { TestIssuer } from "./issuer.ts";
import type { Browser, SignInLab } from "./sign-in-lab.ts";

/** Somebody signs in at the provider `made`, whose keys the test has: with whatever claims. */
export async function signInMade(
  lab: SignInLab,
  made: TestIssuer,
  claims: Readonly<Record<string, unknown>> & { readonly sub: string },
  kid = "one",
): Promise<Browser> {
  made.discovery = {
    authorization_endpoint: `${made.url}/authorize`,
    token_endpoint: `${made.url}/token`,
  };
  const browser = lab.browser();
  const there = new URL(await browser.start("made"));
  made.answers.set("/token", async () => ({
    access_token: "a",
    token_type: "bearer",
    id_token: await made.sign(
      {
        aud: "tidelock",
        nonce: there.searchParams.get("nonce"),
        auth_time: Math.floor(Date.now() / 1000),
        ...claims,
      },
      { kid },
    ),
  }));
  const back = `/api/v1/sign-in/oidc/made/return?code=c&state=${there.searchParams.get("state")}`;
  const done = await browser.get(back);
  expect([done.status, done.text]).toEqual([303, ""]);
  return browser;
}
