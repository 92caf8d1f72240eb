import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestIssuer } from "../support/issuer.ts";
import { walk } from "../support/identity-provider.ts";
import { SignInLab } from "../support/sign-in-lab.ts";

/** Answers of a provider that are somebody else's, old, forged, or lead elsewhere. */

let lab: SignInLab;
let evil: TestIssuer;
beforeAll(async () => {
  evil = await TestIssuer.start();
  lab = await SignInLab.create({ company: {}, second: {}, evil: { issuer: evil.url } }, [evil.url]);
  await lab.access.server();
  for (const [name, subject] of [
    ["maria@shop.example", "maria"],
    ["eve@shop.example", "eve"],
  ]) {
    await lab.access.person(String(name));
    await lab.access.ask(lab.access.bootstrap, "POST", "/api/v1/people/identities", {
      name,
      provider: "company",
      subject,
    });
  }
}, 60_000);
afterAll(async () => {
  await lab.close();
  await evil.close();
});

const as = (sub: string) => (lab.provider.signsIn = { sub });

describe("an answer of the provider", () => {
  it("signs in when nothing is wrong with it: what the others are without their trick", async () => {
    as("maria");
    const browser = lab.browser();
    expect((await browser.signIn()).status).toBe(303);
    expect((await browser.who())["id"]).toBe("maria@shop.example");
  });

  it("counts once, at whichever server", async () => {
    as("maria");
    const browser = lab.browser();
    const answer = await browser.answer();
    const cookie = browser.ours.header;
    expect((await browser.get(answer)).status).toBe(303);
    const replay = await lab.browser().get(answer, 1, { cookie });
    expect(replay.status).toBe(401);
  });

  it("counts once, brought to two servers at the same moment", async () => {
    as("maria");
    const browser = lab.browser();
    const answer = await browser.answer();
    const cookie = browser.ours.header;
    const both = await Promise.all(
      [0, 1].map((server) => lab.browser().get(answer, server, { cookie })),
    );
    expect(both.filter(({ status }) => status === 303)).toHaveLength(1);
  });

  it("in another browser signs nobody in: no session is slipped under somebody (login CSRF)", async () => {
    as("eve");
    const answer = await lab.browser().answer();
    const victim = lab.browser();
    expect((await victim.get(answer)).status).toBe(401);
    // Also not while the victim is about to sign in themselves.
    await victim.start();
    expect((await victim.get(answer)).status).toBe(401);
    expect(victim.signedIn).toBe(false);
  });

  it("with somebody else's code, under an own state, is refused (code injection, PKCE)", async () => {
    as("maria");
    const stolen = new URL(await lab.browser().answer(), "http://localhost");
    as("eve");
    const browser = lab.browser();
    const own = new URL(await browser.answer(), "http://localhost");
    own.searchParams.set("code", stolen.searchParams.get("code") ?? "");
    expect((await browser.get(`${own.pathname}${own.search}`)).status).toBe(401);
    expect(browser.signedIn).toBe(false);
  });

  it("without a state, with another, or with two, is refused", async () => {
    for (const change of [
      (query: URLSearchParams) => query.delete("state"),
      (query: URLSearchParams) => query.set("state", "made-up"),
      (query: URLSearchParams) => query.append("state", "made-up"),
      (query: URLSearchParams) => query.delete("code"),
      (query: URLSearchParams) => query.append("code", "made-up"),
    ]) {
      as("maria");
      const browser = lab.browser();
      const answer = new URL(await browser.answer(), "http://localhost");
      change(answer.searchParams);
      expect((await browser.get(`${answer.pathname}${answer.search}`)).status).toBe(401);
    }
  });

  it("says by its issuer whose it is, and another's is refused (mix-up, RFC 9207)", async () => {
    as("maria");
    for (const iss of [evil.url, null]) {
      const browser = lab.browser();
      const answer = new URL(await browser.answer(), "http://localhost");
      expect(answer.searchParams.get("iss")).toBe(lab.provider.url);
      if (iss === null) answer.searchParams.delete("iss");
      else answer.searchParams.set("iss", iss);
      expect((await browser.get(`${answer.pathname}${answer.search}`)).status).toBe(401);
    }
    // And one that came for a provider does not count as another's, though both are the same machine's.
    const browser = lab.browser();
    const answer = await browser.answer("company");
    expect((await browser.get(answer.replace("/oidc/company/", "/oidc/second/"))).status).toBe(401);
  });

  it("that says that somebody refused, or sends markup along, is shown as text", async () => {
    const browser = lab.browser();
    const state = new URL(await browser.start()).searchParams.get("state") ?? "";
    const back = `/api/v1/sign-in/oidc/company/return?state=${state}&error=access_denied&error_description=${encodeURIComponent("<script>alert(1)</script>")}`;
    const { status, text } = await browser.get(back);
    expect([status, text.includes("<script")]).toEqual([401, false]);
  });

  it("counts ten minutes, and only as our server has sealed it", async () => {
    as("maria");
    const browser = lab.browser();
    const answer = await browser.answer();
    const [name = "", value = ""] = browser.ours.header.split("=");
    const bent = `${name}=${value.slice(0, -4)}AAAA`;
    expect((await lab.browser().get(answer, 0, { cookie: bent })).status).toBe(401);
    expect((await lab.browser().get(answer, 0, { cookie: `${name}=x` })).status).toBe(401);
    expect(
      (await lab.browser().get(answer, 0, { cookie: `${name}=${value}; ${name}=${value}` })).status,
    ).toBe(401);
  });
});

describe("a provider that lies", () => {
  it("sends us nowhere that the server's owner lets nobody ask", async () => {
    let asked = 0;
    const inside = createServer((_request, response) => {
      asked += 1;
      response.end("{}");
    });
    await new Promise<void>((resolve) => inside.listen(0, "127.0.0.1", resolve));
    evil.discovery = {
      authorization_endpoint: `${evil.url}/authorize`,
      token_endpoint: `http://127.0.0.1:${(inside.address() as AddressInfo).port}/token`,
      response_types_supported: ["code"],
    };
    const browser = lab.browser();
    const state = new URL(await browser.start("evil")).searchParams.get("state") ?? "";
    const back = `/api/v1/sign-in/oidc/evil/return?code=any&state=${state}`;
    expect([(await browser.get(back)).status, asked]).toEqual([401, 0]);
    inside.close();
  });

  it("gets no person of another issuer by the same subject", async () => {
    const served = await TestIssuer.start();
    let nonce = "";
    let claims: Record<string, unknown> = {};
    let kid = "one";
    served.answers.set("/token", async () => ({
      access_token: "x",
      token_type: "Bearer",
      id_token: await served.sign({ aud: "tidelock", nonce, sub: "maria", ...claims }, { kid }),
    }));
    served.discovery = {
      authorization_endpoint: `${served.url}/authorize`,
      token_endpoint: `${served.url}/token`,
      response_types_supported: ["code"],
    };
    await served.addKey("curve", "ES256");
    await served.addKey("unpublished", "RS256", false);
    const own = await SignInLab.create({ own: { issuer: served.url } }, [served.url]);
    await own.access.person("maria@shop.example");
    const attempt = async (link = false) => {
      const browser = own.browser();
      const sent = new URL(await browser.start("own"));
      nonce = claims["nonce"] === undefined ? (sent.searchParams.get("nonce") ?? "") : "";
      const back = new URLSearchParams({
        code: "any",
        state: sent.searchParams.get("state") ?? "",
      });
      const { status } = await browser.get(`/api/v1/sign-in/oidc/own/return?${back}`);
      return link ? status : [status, browser.signedIn];
    };
    // Nobody linked this issuer's `maria`, though another's is somebody.
    expect(await attempt()).toEqual([401, false]);
    const wish = { name: "maria@shop.example", provider: "own", subject: "maria" };
    await own.access.ask(own.access.bootstrap, "POST", "/api/v1/people/identities", wish);
    expect(await attempt()).toEqual([303, true]);
    const now = Math.floor(Date.now() / 1000);
    for (const wrong of [
      { nonce: "another" },
      { nonce: undefined },
      { aud: "somebody-else" },
      { aud: ["tidelock", "somebody-else"] },
      { iss: evil.url },
      { exp: now - 120, iat: now - 400 },
      { iat: undefined },
      { sub: undefined },
      { sub: 7 },
    ]) {
      claims = wrong;
      expect([wrong, await attempt()]).toEqual([wrong, [401, false]]);
    }
    claims = {};
    for (const other of ["curve", "unpublished"]) {
      kid = other;
      expect([other, await attempt()]).toEqual([other, [401, false]]);
    }
    await own.close();
    await served.close();
  });
});

describe("a link to the sign-in", () => {
  it("leads back to this server alone, whatever it says (open redirect)", async () => {
    as("maria");
    for (const to of [
      "https://evil.example/",
      "//evil.example/",
      "/\\evil.example",
      "\\\\evil.example",
      "/\t/evil.example",
      "javascript:alert(1)",
      "/%0d%0aset-cookie:x=1\r\nx: 1",
      "/api/v1/sign-in/oidc/company",
      "",
    ]) {
      const { status, location } = await lab.browser().signIn("company", to);
      expect([to, status, location.startsWith("/") && !/^\/[/\\]/.test(location)]).toEqual([
        to,
        303,
        true,
      ]);
      expect(new URL(location, "http://localhost").origin).toBe("http://localhost");
    }
  });

  it("names the redirect address to the character, and the provider refuses another", async () => {
    const sent = new URL(await lab.browser().start());
    expect(Object.fromEntries(sent.searchParams)).toMatchObject({
      redirect_uri: "http://localhost/api/v1/sign-in/oidc/company/return",
      response_type: "code",
      code_challenge_method: "S256",
      scope: "openid",
    });
    sent.searchParams.set(
      "redirect_uri",
      "http://localhost/api/v1/sign-in/oidc/company/return/../x",
    );
    await expect(walk(sent.href, lab.browser().theirs)).rejects.toThrow("400");
  });
});
