import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Engine } from "../../engine.ts";
import { keyedDigest } from "./sealing.ts";

/** Browsers that somebody has signed in with before are counted by themselves: a stranger holds none of them up. */

/** `<id>.<mac>`: this browser has signed in as this person before (OWASP, device cookies). */
export async function newDevice(engine: Engine, person: string): Promise<string> {
  const id = randomBytes(12).toString("hex");
  return `${id}.${await deviceMac(engine, person, id)}`;
}

function deviceMac(engine: Engine, person: string, id: string): Promise<string> {
  return keyedDigest(engine, "tidelock known device 1", `${person} ${id}`);
}

export async function deviceOf(
  engine: Engine,
  person: string,
  known: string,
): Promise<string | null> {
  const [, id = "", mac = ""] = /^([0-9a-f]{24})\.([0-9a-f]{64})$/.exec(known) ?? [];
  if (id === "") return null;
  const right = Buffer.from(await deviceMac(engine, person, id));
  return timingSafeEqual(right, Buffer.from(mac)) ? id : null;
}
