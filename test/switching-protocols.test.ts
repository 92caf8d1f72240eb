import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { probe as askReady } from "../src/agent/processes/readiness.ts";
import { answersNonce } from "../src/agent/slots/native-identity.ts";
import { send as sendAsUser } from "../src/cli/lab/users.ts";
import { send } from "../src/egress/send.ts";
import { probe } from "../src/engine/slots/probe.ts";

/** A service that writes this to whoever asks it anything. */
async function serve(answer: string, then: (socket: Socket) => void = () => {}) {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => socket.write(answer, () => then(socket)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const head = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
const answers: readonly (readonly [string, string])[] = [
  ["101 with nothing behind it", head],
  ["101 and bytes of another protocol", `${head}\u0000\u0001bytes of another protocol`],
  ["101 with a length and a body", `${head.slice(0, -2)}Content-Length: 4\r\n\r\nbody`],
];

describe.each(answers)("a service that answers %s", (_name, answer) => {
  it("fails the watch's look", async () => {
    await using service = await serve(answer);
    const seen = await probe(service.url, { status: 200, timeoutMs: 10_000 });
    expect(seen).toEqual({ ok: false, why: `${service.url} answers 101 instead of 200` });
  });

  it("is not ready", async () => {
    await using service = await serve(answer);
    const ready = { kind: "http", path: "/", status: 200 } as Parameters<typeof askReady>[0];
    expect(await askReady(ready, "127.0.0.1", service.port)).toBe("GET / answers 101, not 200");
  });

  it("does not say who it is", async () => {
    await using service = await serve(answer);
    expect(await answersNonce("127.0.0.1", service.port, "nonce")).toBeNull();
  });

  it("gives what is sent to it no answer", async () => {
    await using service = await serve(answer);
    const sent = send({ url: `${service.url}/` }, { allow: [service.url] });
    await expect(sent).rejects.toThrow("it answers 101");
  });

  it("fails a user of a lab", async () => {
    await using service = await serve(answer);
    const sent = sendAsUser({ url: service.url, method: "GET" } as Parameters<
      typeof sendAsUser
    >[0]);
    await expect(sent).rejects.toThrow("the service answers 101");
  });
});

describe("a service that never comes to its answer", () => {
  it.each(["", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1 200 OK\r\n"])(
    "fails the watch's look in time, having said %j",
    async (said) => {
      await using service = await serve(said);
      const seen = await probe(service.url, { status: 200, timeoutMs: 300 });
      expect(seen.ok).toBe(false);
    },
  );

  it("is not waited for when it hangs up", async () => {
    await using service = await serve("", (socket) => socket.destroy());
    const seen = await probe(service.url, { status: 200, timeoutMs: 10_000 });
    expect(seen.ok).toBe(false);
    expect(await answersNonce("127.0.0.1", service.port, "nonce")).toBeNull();
    await expect(send({ url: `${service.url}/` }, { allow: [service.url] })).rejects.toThrow(
      "reset",
    );
  });
});
