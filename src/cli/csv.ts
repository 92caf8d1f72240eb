/** A cell that begins like a formula is text all the same: people open these in spreadsheets. */
export function csvLine(cells: readonly string[]): string {
  return cells
    .map((cell) => `"${(/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell).replaceAll('"', '""')}"`)
    .join(",");
}

/** Rows of cells, quoted or not (RFC 4180); the `'` before what looks like a formula is taken off again. */
export function readCsv(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  const body = text.replace(/^\uFEFF/, "");
  while (cell.lastIndex < body.length) {
    const found = cell.exec(body);
    if (!found) throw new Error(`row ${rows.length + 1} is not comma-separated values`);
    const [, quoted, plain = "", end] = found;
    row.push((quoted?.replaceAll('""', '"') ?? plain).replace(/^'(?=[=+\-@\t\r])/, ""));
    if (end === ",") continue;
    if (row.some((one) => one !== "")) rows.push(row);
    row = [];
  }
  return rows;
}
