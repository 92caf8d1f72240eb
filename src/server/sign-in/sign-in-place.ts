import type { FastifyRequest } from "fastify";
import type { SignInPlace } from "../../ports/account-control.ts";
import { clientOf } from "../network/client.ts";

/** Network and program, not the whole address: enough to see that many share one token. */
export function placeOf(request: FastifyRequest): string {
  const agent = request.headers["user-agent"] ?? "";
  const program = /^[A-Za-z0-9._-]{1,40}/.exec(agent)?.[0] ?? "unknown";
  return `${clientOf(request).network} ${program}`;
}

/** The same for a list of one's own devices: words that somebody knows their browser by. */
export function signInPlace(request: FastifyRequest): SignInPlace {
  return {
    place: clientOf(request).network,
    program: programOf(request.headers["user-agent"] ?? ""),
  };
}

const browsers = [
  ["Firefox", /Firefox\/(\d+)/],
  ["Edge", /Edg\/(\d+)/],
  ["Opera", /OPR\/(\d+)/],
  ["Chrome", /Chrome\/(\d+)/],
  ["Safari", /Version\/(\d+).*Safari\//],
] as const;
const systems = [
  ["Android", /Android/],
  ["iOS", /iPhone|iPad/],
  ["Windows", /Windows/],
  ["macOS", /Mac OS X/],
  ["Linux", /Linux/],
] as const;

function programOf(agent: string): string {
  const [browser] = browsers.flatMap(([name, pattern]) => {
    const version = pattern.exec(agent)?.[1];
    return version === undefined ? [] : [`${name} ${version}`];
  });
  const system = systems.find(([, pattern]) => pattern.test(agent))?.[0];
  if (browser !== undefined) return system === undefined ? browser : `${browser} on ${system}`;
  return /^[A-Za-z0-9._/-]{1,40}/.exec(agent)?.[0] ?? "unknown";
}
