import { createServer } from "node:http";
import { randomUUID } from "node:crypto";
import { isCartId, newCartId, openCarts } from "./carts.js";
import { findItem, items } from "./catalogue.js";
import { HttpError, cookies, readFields, send, sendJson } from "./http.js";
import { shopPage, style } from "./pages.js";

/** The web process: `GET /`, `/items`, `/cart`, `/healthz`, `/version`, and `POST /cart/items`. */
export function createApp(settings) {
  const carts = openCarts(settings.stateDir);
  const state = { stopping: false };

  const routes = {
    "GET /": async (request, response) => {
      const cart = await carts.read(cartOf(request).id);
      const page = shopPage({ settings, items, cart });
      send(response, 200, "text/html; charset=utf-8", page);
    },
    "GET /style.css": (_, response) => send(response, 200, "text/css; charset=utf-8", style),
    "GET /items": (_, response) => sendJson(response, 200, { items }),
    "GET /cart": async (request, response) =>
      sendJson(response, 200, await carts.read(cartOf(request).id)),
    "POST /cart/items": (request, response) => addToCart(carts, request, response),
    "GET /healthz": (_, response) => {
      const status = state.stopping ? "stopping" : "ok";
      sendJson(response, state.stopping ? 503 : 200, { status });
    },
    "GET /version": (_, response) => {
      const { version, colour, environment } = settings;
      sendJson(response, 200, { service: "shop", version, colour, environment, pid: process.pid });
    },
    "GET /.well-known/tidelock-identity": (_, response) => {
      if (settings.nonce === null)
        throw new HttpError(404, "no identity was given to this process");
      sendJson(response, 200, { nonce: settings.nonce });
    },
  };

  const server = createServer(async (request, response) => {
    try {
      const { pathname } = new URL(request.url, "http://shop");
      const method = request.method === "HEAD" ? "GET" : request.method;
      const route = routes[`${method} ${pathname}`];
      if (!route) throw notThere(routes, pathname);
      await route(request, response);
    } catch (error) {
      answerError(response, error);
    }
  });
  return { server, state };
}

function notThere(routes, path) {
  const known = Object.keys(routes).some((route) => route.endsWith(` ${path}`));
  return known ? new HttpError(405, "not with this method") : new HttpError(404, "no such page");
}

function answerError(response, error) {
  const status = error.status ?? 500;
  if (status === 500) console.error(error);
  if (response.headersSent) return response.destroy();
  sendJson(response, status, { error: status === 500 ? "something broke here" : error.message });
}

/** The caller's cart; a caller without one gets an id that nothing is stored under yet. */
function cartOf(request) {
  const id = cookies(request).get("cart");
  return isCartId(id) ? { id, fresh: false } : { id: newCartId(), fresh: true };
}

async function addToCart(carts, request, response) {
  const { form, fields } = await readFields(request);
  const count = Number(fields.count ?? 1);
  if (!findItem(fields.item)) throw new HttpError(422, "there is no such item");
  if (!Number.isInteger(count) || count < 1 || count > 99) {
    throw new HttpError(422, "count is a whole number from 1 to 99");
  }
  const id = String(fields.request ?? randomUUID()).slice(0, 64);
  const { id: cartId } = cartOf(request);
  const cart = await carts.put(cartId, { item: fields.item, count, request: id });
  if (cart === null) throw new HttpError(409, "this cart is full");
  const headers = {
    "set-cookie": `cart=${cartId}; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=86400`,
  };
  if (form) return send(response, 303, "text/plain", "", { ...headers, location: "/" });
  return sendJson(response, 201, { ...cart, request: id }, headers);
}
