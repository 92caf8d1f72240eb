import { generateKeyPair, SignJWT } from "jose";
import { expect, it } from "vitest";
import { tokenText } from "./token-text.ts";

it("shows who was refused what their own token says, without names of people and without the signature", async () => {
  const { privateKey } = await generateKeyPair("ES256");
  const token = await new SignJWT({
    iss: "https://issuer.example",
    aud: "https://github.com/shop-org",
    sub: "repo:shop-org/shop",
    repository_id: "424242",
    ref: "refs/heads/feature",
    event_name: "push",
    actor: "maria",
    iat: 1_700_000_000,
    exp: 1_700_000_600,
  })
    .setProtectedHeader({ alg: "ES256" })
    .sign(privateKey);
  const lines = tokenText(token);
  expect(lines).toEqual(
    expect.arrayContaining([
      "  aud: https://github.com/shop-org",
      "  repository_id: 424242",
      "  ref: refs/heads/feature",
      "  exp: 2023-11-14T22:23:20.000Z",
    ]),
  );
  expect(lines.join()).not.toContain("maria");
  expect(lines.join()).not.toContain(token.split(".")[2]);
});

it("says nothing of what is no token", () => {
  expect(tokenText("tidelock_not-one")).toEqual([]);
});
