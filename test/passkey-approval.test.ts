import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { verifyAuthenticationResponse } from "@simplewebauthn/server";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyPack } from "../src/audit/verify-pack.ts";
import { encodeBase64, utf8 } from "../src/evidence/bytes.ts";
import { statementPayloadType } from "../src/evidence/dsse.ts";
import { encodeStatement } from "../src/evidence/statement.ts";
import { approvalChallenge, approvalStatement } from "../src/identity/approval/statement.ts";
import type { Assertion, NewCredential } from "../src/model/webauthn.ts";
import { encodeBase64url, readNewCredential } from "../src/identity/webauthn/enrolment.ts";
import { passkeyText } from "../src/identity/webauthn/passkey-text.ts";
import type { ApprovalAnswer } from "../src/model/approval.ts";
import type { ControlPlane } from "../src/ports/control-plane.ts";
import { askedApproval } from "./support/approvals-lab.ts";
import { documents, ended, EngineBench, makeRelease, operator } from "./support/engine-bench.ts";
import { isRoot, needsTool } from "./support/optional.ts";

/** A real browser with Chromium's virtual authenticator: what it makes and signs, from enrolment to the offline verifier. */

const browserTool = needsTool("chromium");

/** One page on localhost, which browsers take for a secure context. */
async function servePage(): Promise<{ server: Server; origin: string }> {
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "text/html").end("<!doctype html><title>approve</title>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, origin: `http://localhost:${(server.address() as AddressInfo).port}` };
}

/** In the page: bytes from and to base64url. */
const helpers = `
  const bytes = (text) => Uint8Array.from(
    atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
  const url = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
`;

async function create(page: Page, challenge: string): Promise<NewCredential> {
  return page.evaluate(`(async () => {
    ${helpers}
    const { response } = await navigator.credentials.create({ publicKey: {
      challenge: bytes(${JSON.stringify(challenge)}),
      rp: { id: "localhost", name: "Tidelock" },
      user: { id: new Uint8Array([1]), name: "maria", displayName: "maria" },
      pubKeyCredParams: [{ type: "public-key", alg: -7 }],
      authenticatorSelection: { userVerification: "required" },
    } });
    return {
      authenticatorData: url(response.getAuthenticatorData()),
      clientDataJSON: url(response.clientDataJSON),
    };
  })()`);
}

async function get(page: Page, challenge: string, credentialId: string): Promise<Assertion> {
  return page.evaluate(`(async () => {
    ${helpers}
    const { rawId, response } = await navigator.credentials.get({ publicKey: {
      challenge: bytes(${JSON.stringify(challenge)}),
      rpId: "localhost",
      userVerification: "required",
      allowCredentials: [{ type: "public-key", id: bytes(${JSON.stringify(credentialId)}) }],
    } });
    return {
      credentialId: url(rawId),
      authenticatorData: url(response.authenticatorData),
      clientDataJSON: url(response.clientDataJSON),
      signature: url(response.signature),
    };
  })()`);
}

describe.skipIf(browserTool.missing)("a passkey in a real browser", () => {
  let browser: Browser;
  let page: Page;
  let bench: EngineBench;
  let plane: ControlPlane;
  let served: Awaited<ReturnType<typeof servePage>>;

  beforeAll(async () => {
    served = await servePage();
    browser = await chromium.launch({
      executablePath: browserTool.path,
      args: isRoot ? ["--no-sandbox"] : [],
    });
    page = await browser.newPage();
    await page.goto(served.origin);
    const devTools = await page.context().newCDPSession(page);
    await devTools.send("WebAuthn.enable");
    await devTools.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    bench = await EngineBench.create();
    const worker = bench.worker();
    await worker.engine.log.open("1.0.0");
    plane = worker.controlPlane;
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await bench?.close();
    served?.server.close();
  });

  it("is enrolled, approves a promotion, and verifies offline, by us and by an independent library", async () => {
    const { origin } = served;
    const fresh = crypto.getRandomValues(new Uint8Array(32));
    const made = await create(page, encodeBase64url(fresh));
    const read = readNewCredential(made, { challenge: fresh, rpId: "localhost", origin });
    if (!read.ok) throw new Error(read.problem);
    const { credential } = read.value;
    const name = "maria@shop.example";
    const { person } = await plane.people.add(operator, {
      name,
      key: passkeyText(credential),
      also: [],
    });
    const right = { right: "approve:sre", service: null, environment: null };
    await plane.people.grant(operator, { name, ...right });

    await plane.applyDocuments(
      operator,
      "t.yaml",
      documents({ dev: "      approvals: [{ role: sre }]" }),
    );
    await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
    const release = { service: "shop", environment: "dev", release: "1.0.0" };
    const { id } = await plane.promote(operator, release);
    const view = await askedApproval(plane, id);
    const answer: ApprovalAnswer = {
      purpose: "approve",
      person,
      role: "sre",
      reason: "",
      notBefore: null,
      expires: null,
    };
    const payload = encodeStatement(approvalStatement(view, answer));
    const challenge = approvalChallenge(payload);
    const webauthn = await get(page, encodeBase64url(challenge), credential.credentialId);
    const signed = (of: Uint8Array, assertion: Assertion) =>
      utf8(
        JSON.stringify({
          payloadType: statementPayloadType,
          payload: encodeBase64(of),
          webauthn: assertion,
        }),
      );

    // What a page signs in under is another challenge, and approves nothing.
    const signIn = await get(page, encodeBase64url(fresh), credential.credentialId);
    await expect(plane.approvals.answer(view.id, signed(payload, signIn))).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringContaining("challenge"),
    });
    const rejecting = encodeStatement(
      approvalStatement(view, { ...answer, purpose: "reject", reason: "no" }),
    );
    await expect(
      plane.approvals.answer(view.id, signed(rejecting, webauthn)),
    ).rejects.toMatchObject({
      code: "invalid-input",
    });

    const taken = await plane.approvals.answer(view.id, signed(payload, webauthn));
    expect(taken.answers).toMatchObject([
      { method: "webauthn", asserted: { algorithm: "ES256" }, person, purpose: "approve" },
    ]);
    expect((await ended(plane, id)).state).toBe("complete");

    const { zip } = await plane.exportPack(operator, {
      kind: "release",
      service: "shop",
      release: "1.0.0",
      seen: [],
    });
    const { report } = verifyPack(zip, null);
    expect(report.problems).toEqual([]);
    expect(report.checks.find((one) => one.id === "approvals")).toMatchObject({ count: 1 });

    const { verified } = await verifyAuthenticationResponse({
      response: {
        id: webauthn.credentialId,
        rawId: webauthn.credentialId,
        type: "public-key",
        clientExtensionResults: {},
        response: webauthn,
      },
      expectedChallenge: encodeBase64url(challenge),
      expectedOrigin: origin,
      expectedRPID: "localhost",
      requireUserVerification: true,
      credential: {
        id: credential.credentialId,
        publicKey: new Uint8Array(Buffer.from(credential.coseKey, "base64url")),
        counter: 0,
      },
    });
    expect(verified).toBe(true);
  }, 60_000);
});
