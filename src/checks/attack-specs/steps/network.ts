import {
  connect as connectTls,
  type ConnectionOptions,
  type PeerCertificate,
  type SecureVersion,
  type TLSSocket,
} from "node:tls";
import { isIP } from "node:net";
import { readDestination } from "../../../egress/destination.ts";
import { pinAddresses } from "../../../egress/resolve.ts";
import { broken, Ended } from "../outcome.ts";
import { stepsOf } from "../step.ts";
import type { World } from "../world.ts";

const { steps, expects } = stepsOf("TLS and ports");
export const network = steps;

const versions: Readonly<Record<string, SecureVersion>> = {
  "1.0": "TLSv1",
  "1.1": "TLSv1.1",
  "1.2": "TLSv1.2",
  "1.3": "TLSv1.3",
};

interface Handshake {
  readonly protocol: string;
  readonly cipher: string;
  readonly authorized: boolean;
  readonly reason: string;
  readonly certificate: PeerCertificate;
}

expects(
  "the certificate is trusted",
  "by a well-known authority or one of `ca`, for this name, and valid now",
  async (world) => {
    const { authorized, reason } = await handshake(world);
    world.expect(authorized, `it is not: ${reason}`);
  },
);
expects(
  "the certificate is valid for at least {int} day(s)",
  "from now",
  async (world, [days = "0"]) => {
    const { certificate } = await handshake(world);
    const left = (Date.parse(certificate.valid_to) - Date.now()) / 86_400_000;
    world.expect(left >= Number(days), `it ends on ${certificate.valid_to}`);
  },
);
expects(
  "the key of the certificate has at least {int} bits",
  "of RSA; elliptic curves count as 128 times their strength (P-256: 3072)",
  async (world, [least = "0"]) => {
    const { certificate } = await handshake(world);
    const bits = certificate.bits ?? 0;
    const curve = certificate.asn1Curve ?? certificate.nistCurve;
    const worth = curve === undefined ? bits : bits >= 384 ? 7_680 : bits >= 255 ? 3_072 : 2_048;
    world.expect(worth >= Number(least), `it has ${bits}`);
  },
);
for (const [offered, word] of [
  [true, "offered"],
  [false, "refused"],
] as const) {
  expects(`TLS {string} is ${word}`, "`1.0`, `1.1`, `1.2` or `1.3`", async (world, [text = ""]) => {
    const version = versions[text.replace(/^TLSv?/i, "").trim()];
    if (version === undefined)
      broken(
        `${text} is none of ${Object.keys(versions).join(", ")}; older ones no OpenSSL of today speaks`,
      );
    await sure(world);
    const done = await attempt(world, { minVersion: version, maxVersion: version });
    world.expect(
      (done !== null) === offered,
      done === null ? "it is refused" : `it is offered, with ${done.cipher}`,
    );
  });
  expects(
    `the cipher {string} is ${word}`,
    "an OpenSSL name of TLS 1.2 and before, or a list such as `NULL:EXPORT:RC4:3DES`",
    async (world, [text = ""]) => {
      if (!/^[\w:+!@=-]{1,200}$/.test(text)) broken(`${text} is no name of a cipher`);
      await sure(world);
      const done = await attempt(world, {
        minVersion: "TLSv1",
        maxVersion: "TLSv1.2",
        ciphers: `${text}:@SECLEVEL=0`,
      });
      world.expect(
        (done !== null) === offered,
        done === null ? "it is refused" : `it is offered: ${done.cipher} in ${done.protocol}`,
      );
    },
  );
}

for (const [open, word] of [
  [true, "open"],
  [false, "closed"],
] as const) {
  expects(
    `the port {int} is ${word}`,
    "whether a process of the tested colour listens there, as the host agent sees it",
    async (world, [text = ""]) => {
      const { listening } = await portsOf(world);
      const found = listening.some(({ port }) => port === Number(text));
      world.expect(
        found === open,
        found ? "it is open" : "nothing of the tested colour listens there",
      );
    },
  );
}
expects("only declared ports are open", "those that the instances were given", async (world) => {
  const { listening, own } = await portsOf(world);
  const stray = listening.filter(({ port }) => !own.includes(port)).map(({ port }) => port);
  world.expect(
    stray.length === 0,
    `${[...new Set(stray)].join(", ")} is open, and nobody declared it`,
  );
});

async function portsOf(world: World) {
  const { slot, agent } = world.run.context;
  if (slot === null) broken("nothing is deployed whose ports could be looked at");
  const seen = await agent.call("slot.ports", { slot });
  if (!seen.visible) broken("this system does not show who listens where (no /proc)");
  return seen;
}

/** That something is refused shows nothing where nothing is accepted. */
async function sure(world: World): Promise<void> {
  await handshake(world);
}

async function handshake(world: World): Promise<Handshake> {
  // Whatever is spoken: that it is too old is for the other steps to say.
  const done = await attempt(world, { minVersion: "TLSv1" });
  return done ?? broken("there is no TLS here: no handshake succeeds");
}

/** Null when the other side, or OpenSSL, refuses. An address that nobody answers at is an error. */
async function attempt(world: World, options: ConnectionOptions): Promise<Handshake | null> {
  const { target, configuration, seen, context } = world.run;
  const { hostname, port, protocol } = new URL(target.origin);
  if (protocol !== "https:")
    broken(`${target.origin} has no TLS; \`through: route\` tests the router's`);
  context.signal.throwIfAborted();
  if (seen.requests >= configuration.limits.requests) broken("with.limits.requests are used up");
  seen.requests += 1;
  const host = hostname.replace(/^\[|\]$/g, "");
  // The address is judged and pinned, as for every other request.
  const rules = { allow: [target.origin], onlyAllowed: true };
  const [address = host] = await pinAddresses(readDestination(target.origin), rules);
  return new Promise((resolve, reject) => {
    let socket: TLSSocket;
    const end = (result: Handshake | null) => {
      socket.destroy();
      resolve(result);
    };
    const refuse = (error: Error & { code?: string }) => {
      const gone = ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND"].includes(
        error.code ?? "",
      );
      if (gone) reject(new Ended("error", `nothing listens at ${target.origin}`));
      else end(null);
    };
    try {
      socket = connectTls({
        host: address,
        port: port === "" ? 443 : Number(port),
        ...(isIP(host) === 0 ? { servername: host } : {}),
        rejectUnauthorized: false,
        ...(configuration.ca === undefined ? {} : { ca: configuration.ca }),
        // OpenSSL takes old protocols at its lowest level only.
        ...(options.minVersion === undefined ? {} : { ciphers: "DEFAULT:@SECLEVEL=0" }),
        ...options,
      });
    } catch {
      // OpenSSL knows no such cipher: nobody can be made to offer it.
      resolve(null);
      return;
    }
    socket.setTimeout(configuration.limits.timeoutMs, () => {
      socket.destroy();
      reject(
        new Ended(
          "error",
          `no handshake with ${target.origin} within ${configuration.limits.timeoutMs} ms`,
        ),
      );
    });
    socket.once("error", refuse);
    socket.once("close", () => end(null));
    socket.once("secureConnect", () => {
      end({
        protocol: socket.getProtocol() ?? "unknown",
        cipher: socket.getCipher()?.name ?? "unknown",
        authorized: socket.authorized,
        reason: String(socket.authorizationError ?? ""),
        certificate: socket.getPeerCertificate(),
      });
    });
  });
}
