import type { Engine } from "../../engine.ts";
import { opened, sealed } from "./sealing.ts";

/**
 * The id token of a sign-in, which the provider wants to see again when somebody signs out there. It says who somebody is
 * and nothing that lets them in; kept encrypted, for one session, and no longer than that.
 */
const use = "tidelock provider hint 1";
/** A token with hundreds of groups is left out: then the provider asks whether one means it. Characters. */
const maxLength = 16_000;

export async function sealedHint(
  engine: Engine,
  session: string,
  token: string,
): Promise<string | null> {
  if (token.length > maxLength) return null;
  return (await sealed(engine, use, session, Buffer.from(token))).toString("base64");
}

/** Null: there is none, or the row was changed. */
export async function openedHint(
  engine: Engine,
  session: string,
  hint: string | null,
): Promise<string | null> {
  if (hint === null) return null;
  const bytes = await opened(engine, use, session, Buffer.from(hint, "base64")).catch(() => null);
  return bytes === null ? null : bytes.toString();
}
