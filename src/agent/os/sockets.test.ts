import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "vitest";
import { ownerInFamily } from "./sockets.ts";

const listens = `require("node:net").createServer().listen(+process.argv[1], process.argv[2], () => console.log("up"))`;

async function ownsBeside(mine: string, theirs: string | null): Promise<boolean> {
  const first = createServer().listen(0, theirs ?? "127.0.0.1");
  await once(first, "listening");
  const { port } = first.address() as AddressInfo;
  if (theirs === null) await new Promise((resolve) => first.close(resolve));
  const child = spawn(process.execPath, ["-e", listens, String(port), mine], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await once(child.stdout, "data");
    return ownerInFamily(child.pid ?? -1, port) !== null;
  } finally {
    child.kill("SIGKILL");
    first.close();
  }
}

test("a port belongs to who gets the connections to 127.0.0.1, whoever listens beside", async (context) => {
  if (process.platform !== "linux") context.skip("only Linux shows who holds a socket");
  expect(await ownsBeside("127.0.0.1", null)).toBe(true);
  expect(await ownsBeside("0.0.0.0", null)).toBe(true);
  expect(await ownsBeside("::", null)).toBe(true);
  expect(await ownsBeside("::1", null)).toBe(false);
  // The service took ::1 alone, and another program answers what the router sends to 127.0.0.1.
  expect(await ownsBeside("::1", "127.0.0.1")).toBe(false);
  expect(await ownsBeside("127.0.0.1", "::1")).toBe(true);
});
