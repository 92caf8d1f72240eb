import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Slot } from "../../src/model/primitives.ts";
import { processStatus } from "../../src/agent/os/identity.ts";
import { environmentOf, processTable, uidsOf } from "../../src/agent/os/process-table.ts";
import type { SinkMessage } from "../../src/ports/host-agent-tests.ts";
import {
  aProcess,
  aSpec,
  deployed,
  fence,
  getJson,
  type Packed,
  slotOf,
  storeServer,
  until,
  untilState,
} from "../support/agent-harness.ts";
import { AgentUnderTest } from "../support/agent-process.ts";

/** Sends what it is told to where its configuration says, with Node's own clients. */
const source = `
import { createServer, request } from "node:http";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { readFileSync, readdirSync } from "node:fs";
const dir = process.env.TIDELOCK_CONFIG_DIR;
const config = dir
  ? Object.fromEntries(readdirSync(dir).map((key) => [key, readFileSync(dir + "/" + key, "utf8")]))
  : process.env;
// As a real client: a reply may come in parts, and two of them in one; only its last line has a space.
async function mail(text) {
  const { hostname, port } = new URL(config.SMTP_URL);
  const socket = connect(port, hostname);
  // The sink may be killed while an old connection is still being closed.
  socket.on("error", () => undefined);
  const lines = ["EHLO shop", "MAIL FROM:<shop@example.com>", "RCPT TO:<jane@example.com>", "DATA", text + "\\r\\n.", "QUIT"];
  for await (const reply of createInterface({ input: socket })) {
    if (!/^\\d{3} /.test(reply)) continue;
    const line = lines.shift();
    if (line === undefined) break;
    socket.write(line + "\\r\\n");
  }
  socket.end();
}
createServer(async (incoming, response) => {
  const { pathname, searchParams } = new URL(incoming.url, "http://x");
  const text = searchParams.get("text");
  if (pathname === "/config") return response.end(JSON.stringify(config));
  if (pathname === "/mail") await mail(text).catch(() => undefined);
  if (pathname === "/call") request(config.HOOK + "/hook?" + text, { method: "POST", headers: { authorization: "Bearer live-token" } }, (r) => r.resume()).end("body " + text);
  if (pathname === "/job") { const [host, port] = config.QUEUE.split(":"); connect(port, host).end("job " + text); }
  response.end("{}");
}).listen(Number(process.env.PORT), "127.0.0.1");
`;
const entries = { SMTP_URL: "{sink.mail}", HOOK: "{sink.http}", QUEUE: "{sink.tcp}", PLAIN: "x" };

let agent: AgentUnderTest;
let artifact: Packed;
beforeAll(async () => {
  agent = await AgentUnderTest.start();
  artifact = await storeServer(agent.dataDir, source);
});
afterAll(async () => {
  await agent.end();
});

async function start(slot: Slot, generation: string, delivery: "files" | "variables" = "files") {
  await deployed(
    agent.client,
    artifact,
    aSpec(artifact, {
      slot,
      generation,
      bindings: "isolated",
      processes: { web: aProcess() },
      environment: { delivery, entries },
    }),
  );
  const seen = await untilState(agent.client, slot, "ready");
  return seen.instances[0]?.port ?? 0;
}

const read = (slot: Slot, after = 0) => agent.client.call("sink.read", { slot, after, limit: 100 });

async function arrives(slot: Slot, text: string): Promise<SinkMessage> {
  return until(`${text} arrives`, async () => {
    const { messages } = await read(slot);
    return messages.find((message) => message.text.includes(text)) ?? null;
  });
}

function sinkProcesses(): readonly number[] {
  return processTable()
    .map(({ pid }) => pid)
    .filter((pid) => environmentOf(pid)?.get("TIDELOCK_INSTANCE")?.startsWith("sink-"));
}

test("a colour under test sends mails, calls and jobs to its sinks, and they are kept", async () => {
  const slot = slotOf("sends");
  const port = await start(slot, "g1");
  expect(await getJson(port, "/config")).toMatchObject({
    SMTP_URL: expect.stringMatching(/^smtp:\/\/127\.0\.0\.1:\d+$/) as string,
    HOOK: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
    QUEUE: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
    PLAIN: "x",
  });
  await getJson(port, "/mail?text=mark-mail");
  await getJson(port, "/call?text=mark-call");
  await getJson(port, "/job?text=mark-job");
  expect(await arrives(slot, "mark-mail")).toMatchObject({
    sink: "mail",
    summary: "mail from <shop@example.com> to <jane@example.com>",
  });
  const call = await arrives(slot, "mark-call");
  expect(call).toMatchObject({ sink: "http", summary: "POST /hook?mark-call" });
  expect(call.text).not.toContain("live-token");
  expect(await arrives(slot, "mark-job")).toMatchObject({ sink: "tcp", text: "job mark-job" });
});

test("variables get the addresses as well", async () => {
  const port = await start(slotOf("variables"), "g1", "variables");
  expect(await getJson(port, "/config")).toMatchObject({
    SMTP_URL: expect.stringMatching(/^smtp:\/\/127\.0\.0\.1:\d+$/) as string,
  });
});

test("a live deployment is offered no sink", async () => {
  const slot = slotOf("live-one");
  const environment = { delivery: "files" as const, entries };
  await deployed(agent.client, artifact, aSpec(artifact, { slot, environment }));
  const { instances } = await untilState(agent.client, slot, "ready");
  const config = await getJson(instances[0]?.port ?? 0, "/config");
  expect(config).toMatchObject({ SMTP_URL: "{sink.mail}" });
  expect(await read(slot)).toMatchObject({ sinks: [], messages: [] });
});

test("sinks outlive the agent, and one that is killed comes back where it was, with what it kept", async () => {
  const slot = slotOf("survives");
  const port = await start(slot, "g1");
  await getJson(port, "/mail?text=before-the-kill");
  await arrives(slot, "before-the-kill");
  const before = await read(slot);
  await agent.kill();
  // Nobody owns them at this moment.
  await getJson(port, "/mail?text=without-an-agent");
  await agent.startAgain();
  await arrives(slot, "without-an-agent");
  const pid = sinkProcesses().find((one) => listensOn(one, before.sinks[0]?.port ?? 0));
  process.kill(pid ?? 0, "SIGKILL");
  await until("that process is gone", () => processStatus(pid ?? 0) === null);
  await until("the sink is back", () => connects(before.sinks[0]?.port ?? 0));
  // Its record is written a moment after its ports are open.
  await until("the agent knows it", async () => (await read(slot)).running);
  expect((await read(slot)).sinks).toEqual(before.sinks);
  // What was still going down may have taken the first one: a sender of mails tries again.
  await until("a mail after the kill arrives", async () => {
    await getJson(port, "/mail?text=after-the-kill");
    return (await read(slot)).messages.some(({ text }) => text.includes("after-the-kill"));
  });
  await arrives(slot, "before-the-kill");
});

test("a sink that is killed is started again once, and stays", async () => {
  const slot = slotOf("turns");
  const port = await start(slot, "g1");
  const smtp = (await read(slot)).sinks[0]?.port ?? 0;
  const pid = sinkProcesses().find((one) => listensOn(one, smtp)) ?? 0;
  process.kill(pid, "SIGKILL");
  await until("that process is gone", () => processStatus(pid) === null);
  await until("the agent knows another one", async () => (await read(slot)).running);
  const next = sinkProcesses().filter((one) => listensOn(one, smtp));
  // Longer than the watch needs to look again, several times.
  await sleep(1_500);
  expect(sinkProcesses().filter((one) => listensOn(one, smtp))).toEqual(next);
  await until("it is open", () => connects(smtp));
  await getJson(port, "/mail?text=after-it-came-back");
  await arrives(slot, "after-it-came-back");
});

test("the sinks end with their deployment", async () => {
  const slot = slotOf("ends");
  await start(slot, "g1");
  const { sinks } = await read(slot);
  await start(slot, "g2");
  await until("the first one's sinks are gone", async () => !(await connects(sinks[0]?.port ?? 0)));
  const now = await read(slot);
  expect(now.generation).toBe("g2");
  await agent.client.call("slot.destroy", { fence: fence(1, slot), operation: "end", slot });
  expect(await connects(now.sinks[0]?.port ?? 0)).toBe(false);
});

test("what receives runs as a user of its own", async (context) => {
  if (process.getuid?.() !== 0) context.skip("only root can run it as another user");
  await start(slotOf("who"), "g1");
  const users = sinkProcesses().map((pid) => uidsOf(pid)?.[0]);
  expect(users.length).toBeGreaterThan(0);
  for (const user of users) expect(user).toBeGreaterThanOrEqual(60_716);
});

test("the mail sink takes no smuggled line ends, no endless lines and no mail of gigabytes", async () => {
  const slot = slotOf("strict");
  await start(slot, "g1");
  const port = (await read(slot)).sinks.find(({ kind }) => kind === "mail")?.port ?? 0;
  const hello = "EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n";
  expect(await talk(port, `${hello}one\r\n.\nMAIL FROM:<evil@x>\r\n`)).toMatch(/^500 /m);
  expect(await talk(port, `EHLO ${"x".repeat(10_000)}\r\n`)).toMatch(/^500 /m);
  expect(await talk(port, `${hello}${`${"y".repeat(900)}\r\n`.repeat(5_000)}.\r\n`)).toMatch(
    /^552 /m,
  );
  expect(await talk(port, "MAIL FROM:<a@x>\r\nDATA\r\nQUIT\r\n")).toMatch(/^503 /m);
  expect(await talk(port, "EHLO x\r\nAUTH PLAIN AGEAYg==\r\nQUIT\r\n")).toMatch(/^235 /m);
  const kept = await read(slot);
  expect(kept.messages).toEqual([]);
  expect(kept.running).toBe(true);
});

test("the agent finds a live credential in what a colour was really given, and never shows it", async () => {
  const slot = slotOf("searched");
  await deployed(
    agent.client,
    artifact,
    aSpec(artifact, {
      slot,
      bindings: "isolated",
      environment: {
        delivery: "files",
        entries: { DATABASE_URL: "postgres://shop:p%40ss-word@db/shop", HARMLESS: "x" },
      },
    }),
  );
  await untilState(agent.client, slot, "ready");
  const values = { DB_PASSWORD: "p@ss-word", OTHER: "not-here-at-all" };
  const seen = await agent.client.call("slot.search", { slot, values });
  expect(seen.found).toEqual([{ name: "DB_PASSWORD", place: "file DATABASE_URL" }]);
  expect(seen.places).toBeGreaterThan(3);
  expect(JSON.stringify(seen)).not.toContain("ss-word");
});

function listensOn(pid: number, port: number): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`:${port}`);
}

async function connects(port: number): Promise<boolean> {
  const socket = createConnection({ port, host: "127.0.0.1" });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Says everything at once and answers what came back until the other side is done, or for a second. */
async function talk(port: number, text: string): Promise<string> {
  const socket = createConnection({ port, host: "127.0.0.1" });
  let heard = "";
  socket.on("data", (data: Buffer) => (heard += data.toString()));
  socket.on("error", () => undefined);
  socket.write(text);
  await until("an end", () => socket.closed || socket.readableEnded, 3_000).catch(() => undefined);
  socket.destroy();
  return heard;
}
