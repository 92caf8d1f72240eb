/** Who may read an order: whoever placed it. */
export function mayRead(who, row) {
  return row.customer === who;
}
