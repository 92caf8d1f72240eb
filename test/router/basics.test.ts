import { once } from "node:events";
import { createServer, request, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mint } from "../../src/agent/router/tester.ts";
import { type ControlRefusal, freePort, lane, RouterProcess } from "./support/router-process.ts";

/** Two real services, told apart by what they answer. */
const router = new RouterProcess();
const servers: Server[] = [];
let port = 0;
let blue = 0;
let green = 0;

async function service(name: string): Promise<number> {
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const seen = { name, method: incoming.method, url: incoming.url, headers: incoming.headers };
      response.end(JSON.stringify({ ...seen, body: Buffer.concat(chunks).toString() }));
    });
  }).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  text: string;
}

async function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const outgoing = request({
    host: "127.0.0.1",
    port,
    path,
    method: options.method ?? "GET",
    headers: options.headers ?? {},
  });
  outgoing.end(options.body);
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of incoming.setEncoding("utf8")) text += chunk as string;
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, text };
}

function seen(answer: Answer): {
  name: string;
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
} {
  return JSON.parse(answer.text) as ReturnType<typeof seen>;
}

beforeAll(async () => {
  port = await freePort();
  blue = await service("blue");
  green = await service("green");
  await router.start([lane(`127.0.0.1:${port}`, { blue: [blue] })]);
});

afterAll(async () => {
  await router.end();
  for (const server of servers) server.close();
});

test("a request reaches the live colour, with what we know of the client and nothing it claimed", async () => {
  const answer = await ask("/cart?x=1", {
    method: "POST",
    body: "hello",
    headers: { "x-forwarded-for": "9.9.9.9", X_Forwarded_For: "8.8.8.8", forwarded: "for=7.7.7.7" },
  });
  const { name, method, url, body, headers } = seen(answer);
  expect({ name, method, url, body }).toEqual({
    name: "blue",
    method: "POST",
    url: "/cart?x=1",
    body: "hello",
  });
  expect(headers["x-forwarded-for"]).toBe("127.0.0.1");
  expect(headers["x_forwarded_for"]).toBeUndefined();
  expect(headers["forwarded"]).toBeUndefined();
  expect(headers["host"]).toBe(`127.0.0.1:${port}`);
});

test("a tester's credential gets 503, never the live version, while the idle colour is empty", async () => {
  const { header, value } = mint(router.testerPrivateKey, "shop/production", 60_000);
  const answer = await ask("/", { headers: { [header]: value } });
  expect(answer.status).toBe(503);
  expect(answer.headers["retry-after"]).toBe("1");
  expect(answer.headers["x-tidelock-error"]).toBe("no-release");
  expect(answer.text).toContain("the green colour has no release");
});

test("a load switches new requests at once and read tells when", async () => {
  const listen = `127.0.0.1:${port}`;
  await router.load([lane(listen, { blue: [blue], green: [green] })]);
  const { header, value } = mint(router.testerPrivateKey, "shop/production", 60_000);
  const tested = seen(await ask("/", { headers: { [header]: value } }));
  expect(tested.name).toBe("green");
  expect(tested.headers[header]).toBeUndefined();
  expect(seen(await ask("/")).name).toBe("blue");

  const weights = { blue: 0, green: 100 };
  const answer = await router.load([
    lane(listen, { blue: [blue], green: [green], route: { weights } }),
  ]);
  expect(answer.generation).toBe(router.generation);
  expect(seen(await ask("/")).name).toBe("green");
  const effective = await router.lane("shop/production");
  expect(effective.weights).toEqual(weights);
  const change = effective.lastSwitch;
  if (!change?.firstNew || !change.lastOld) throw new Error("no times");
  expect(change.lastOld).toBeLessThan(change.at);
  expect(change.firstNew).toBeGreaterThan(change.at);
});

test("a bad state file is refused whole and the old state stays in effect", async () => {
  router.writeRaw('{"formatVersion":1,"lanes":"none"}');
  const refusal = await router.control({ method: "load" }).catch((error: unknown) => error);
  expect((refusal as ControlRefusal).error.code).toBe("invalid-input");
  expect((await ask("/")).status).toBe(200);
});

test("the access log names colour, release, status, bytes and time, and no query", async () => {
  await ask("/secret?token=hunter2");
  const lines = await router.accessLines(7);
  const line = lines.find(({ path }) => path === "/cart");
  expect(line).toMatchObject({
    lane: "shop/production",
    colour: "blue",
    release: "shop@1",
    status: 200,
    method: "POST",
    client: "127.0.0.1",
  });
  expect(lines.some(({ path }) => path === "/secret")).toBe(true);
  expect(JSON.stringify(lines)).not.toContain("hunter2");
});
