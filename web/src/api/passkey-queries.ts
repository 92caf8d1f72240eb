import { queryOptions } from "@tanstack/react-query";
import type { PasskeyOffer, PasskeyView } from "../../../src/api/routes/passkeys.ts";
import type { PasskeyUse } from "../../../src/model/webauthn.ts";
import { challengeFor } from "../passkeys/challenge.ts";
import { fromBase64url } from "../passkeys/base64url.ts";
import { assertWith, createWith, touchMs } from "../passkeys/browser.ts";
import { call } from "./call.ts";

export const passkeysQuery = queryOptions({
  queryKey: ["passkeys"],
  queryFn: ({ signal }) =>
    call<{ readonly items: readonly PasskeyView[] }>("/api/v1/passkeys", { signal }),
  retry: false,
});

/** Algorithms that the server verifies, by what it likes best: ES256, EdDSA, RS256. */
const algorithms = [-7, -8, -257] as const;

/** Makes a passkey here and enrols it. One for approvals is never offered for a sign-in, as far as the authenticator can. */
export async function enrolPasskey(
  use: PasskeyUse,
  name: string,
): Promise<{ readonly passkey: PasskeyView; readonly waitsFor?: string }> {
  const offer = await call<PasskeyOffer>("/api/v1/passkeys/challenges", {
    method: "POST",
    body: { use },
  });
  const made = await createWith({
    challenge: challengeFor(offer.challenge, `enrol-${use}`),
    rp: { id: offer.rpId, name: "Tidelock" },
    user: {
      id: fromBase64url(offer.userHandle),
      name: offer.userName,
      displayName: offer.userName,
    },
    pubKeyCredParams: algorithms.map((alg) => ({ type: "public-key", alg })),
    authenticatorSelection: {
      userVerification: "required",
      residentKey: use === "sign-in" ? "required" : "discouraged",
    },
    attestation: "none",
    timeout: touchMs,
    excludeCredentials: offer.exclude.map((id) => ({ type: "public-key", id: fromBase64url(id) })),
  });
  return call("/api/v1/passkeys", { method: "POST", body: { use, name, made } });
}

export async function removePasskey(id: string): Promise<void> {
  await call(`/api/v1/passkeys/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/** Signs in with whichever passkey somebody has here, without a name. Answers the name. */
export async function signInWithPasskey(): Promise<string> {
  const { challenge, rpId } = await call<{ readonly challenge: string; readonly rpId: string }>(
    "/api/v1/sign-in/passkey/challenges",
    { method: "POST" },
  );
  const given = await assertWith({
    challenge: challengeFor(challenge, "sign-in"),
    rpId,
    userVerification: "required",
    timeout: touchMs,
    allowCredentials: [],
  });
  const { name } = await call<{ readonly name: string }>("/api/v1/sign-in/passkey", {
    method: "POST",
    body: given,
  });
  return name;
}
