import { euros, findItem } from "./catalogue.js";

const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text) => String(text).replace(/[&<>"']/g, (character) => escapes[character]);

function card(item) {
  return `<li><h2>${escape(item.name)}</h2><p>${escape(item.text)}</p>
<form method="post" action="/cart/items"><input type="hidden" name="item" value="${escape(item.id)}">
<strong>${euros(item.price)}</strong> <button>Add to cart</button></form></li>`;
}

function cartList(cart) {
  if (cart.entries.length === 0) return "<p>Nothing in it yet.</p>";
  const rows = cart.entries.map(
    (entry) =>
      `<tr><td>${entry.count} × ${escape(findItem(entry.item).name)}</td><td>${euros(entry.price)}</td></tr>`,
  );
  return `<table>${rows.join("")}<tr><th>Total</th><th>${euros(cart.total)}</th></tr></table>`;
}

export function shopPage({ settings, items, cart }) {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>The Lock Shop</title><link rel="stylesheet" href="/style.css"></head>
<body class="${escape(settings.colour)}"><header><h1>The Lock Shop</h1><p>${escape(settings.greeting)}</p></header>
<main><ul>${items.map(card).join("")}</ul><aside><h2>Your cart</h2>${cartList(cart)}</aside></main>
<footer>shop ${escape(settings.version)}, ${escape(settings.environment)}, ${escape(settings.colour)}</footer></body></html>
`;
}

export const style = `:root { color-scheme: light dark; --accent: #555; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; }
body.blue { --accent: #1d5fd0; } body.green { --accent: #14804a; }
header { border-bottom: 4px solid var(--accent); }
main { display: flex; flex-wrap: wrap; gap: 2rem; }
ul { flex: 3 1 20rem; list-style: none; padding: 0; display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); }
li { border: 1px solid #8884; border-radius: .5rem; padding: 0 1rem 1rem; }
aside { flex: 1 1 14rem; } td, th { padding: .2rem .6rem .2rem 0; text-align: left; }
button { background: var(--accent); border: 0; border-radius: .3rem; color: #fff; padding: .4rem .8rem; }
footer { border-top: 1px solid #8884; margin-top: 2rem; opacity: .8; }
`;
