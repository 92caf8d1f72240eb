import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createApp } from "../lib/app.js";
import { items } from "../lib/catalogue.js";
import { readSettings } from "../lib/settings.js";

let address;
let server;
const stateDir = mkdtempSync(join(tmpdir(), "shop-"));

before(async () => {
  ({ server } = createApp({ ...readSettings({}), stateDir }));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${server.address().port}`;
});

after(() => {
  server.close();
  server.closeAllConnections();
  rmSync(stateDir, { recursive: true, force: true });
});

const post = (body, headers = {}) =>
  fetch(`${address}/cart/items`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

test("every item has a name and a price", () => {
  for (const item of items) assert.ok(item.name && Number.isInteger(item.price) && item.price > 0);
});

test("the page lists every item, with headers that keep it to itself", async () => {
  const response = await fetch(address);
  const text = await response.text();
  for (const item of items) assert.ok(text.includes(item.name));
  assert.match(response.headers.get("content-security-policy"), /default-src 'none'/);
});

test("a repeated request counts once", async () => {
  const first = await post({ item: "mug", request: "r-1" });
  const cookie = first.headers.get("set-cookie").split(";")[0];
  await post({ item: "mug", request: "r-1" }, { cookie });
  const cart = await (await fetch(`${address}/cart`, { headers: { cookie } })).json();
  assert.deepEqual(cart.entries, [{ item: "mug", count: 1, price: 1450 }]);
});

test("wrong input gets an answer that says what is wrong", async () => {
  assert.equal((await post({ item: "anchor" })).status, 422);
  assert.equal((await post({ item: "mug", count: 0 })).status, 422);
  assert.equal((await post({ item: "mug" }, { "content-type": "text/plain" })).status, 415);
  assert.equal((await fetch(`${address}/nowhere`)).status, 404);
  assert.equal((await fetch(`${address}/cart`, { method: "DELETE" })).status, 405);
});
