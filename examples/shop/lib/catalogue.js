/** Prices are in cents. */
export const items = [
  {
    id: "lantern",
    name: "Storm lantern",
    text: "Burns nine hours and minds no wind.",
    price: 4900,
  },
  { id: "mug", name: "Enamel mug", text: "Falls often, breaks never.", price: 1450 },
  { id: "rope", name: "Hemp rope, 20 m", text: "Holds what it is tied to.", price: 2900 },
  {
    id: "compass",
    name: "Pocket compass",
    text: "Knows where north is, and little else.",
    price: 3600,
  },
  { id: "blanket", name: "Wool blanket", text: "For long nights at the lock.", price: 6900 },
  { id: "whistle", name: "Brass whistle", text: "Two notes, heard across the water.", price: 1900 },
];

export function findItem(id) {
  return items.find((item) => item.id === id) ?? null;
}

export function euros(cents) {
  return `${(cents / 100).toFixed(2)} €`;
}
