import { request } from "node:http";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type FakeServer, startFakeServer } from "../../../test/fixtures/fake-server.ts";
import { parsePath } from "../../ledger/tiles.ts";

let server: FakeServer;
beforeEach(async () => {
  server = await startFakeServer();
  // Gives entries to whoever asks, in whatever spelling: so it is the server alone that keeps them.
  server.controlPlane.ledger.file = async (path) =>
    Buffer.from(/entries/i.test(path) ? "what was recorded" : "hashes");
});
afterEach(() => server.close());

/** Without `fetch`, which tidies paths up. */
function get(path: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: server.port, path }, (response) => {
      let body = "";
      response.on("data", (part: Buffer) => (body += part.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on("error", reject).end();
  });
}

it.each([
  "/ledger/tile/entries/000",
  "/ledger/tile/%65ntries/000",
  "/ledger/tile/entries%2F000",
  "/ledger/tile//entries/000",
  "/ledger/tile/./entries/000",
  "/ledger/tile/%2e/entries/000",
  "/ledger//tile/entries/000",
  "/ledger/tile/Entries/000",
  "/ledger/tile/ENTRIES/000",
  "/LEDGER/tile/entries/000",
  "/ledger/tile/entries",
  "/ledger/tile/entries/",
  "/ledger/tile/entries;x/000",
  "/ledger/tile/%2565ntries/000",
  "/ledger/tile/entries%5c000",
  "/ledger/tile/%00entries/000",
])("gives no entries without a token at %s", async (path) => {
  const { status, body } = await get(path);
  expect(body).not.toContain("recorded");
  expect([400, 401, 404]).toContain(status);
});

it("reads no path of a tile that is not the one right spelling of one that there is", () => {
  for (const path of [
    "tile/0/x1",
    "tile/0/1",
    "tile/0/x000/001",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/007",
    "tile/0/../entries/000",
    "tile/64/000",
    "tile/00/000",
    "tile/0/x999/x999/x999/x999/x999/999",
    "tile/0/99999999999999999999",
    "tile//entries/000",
  ]) {
    expect(parsePath(path), path).toBeNull();
  }
});
