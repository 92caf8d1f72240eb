import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cellOf, exportCsv } from "./csv.ts";
import { about, finding } from "./sample-finding.ts";

describe("CSV", () => {
  it.each([
    ["=1+1", "'=1+1"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@a", "'@a"],
    ["\t=a", "'\t=a"],
    ["\r=a", `"'\r=a"`],
    [" =a", "' =a"],
    ["=a,b", `"'=a,b"`],
    ["＝a", "'＝a"],
    ["|a", "'|a"],
    ['a"b', '"a""b"'],
    ["a\nb", '"a\nb"'],
    ["plain", "plain"],
    ["a=1", "a=1"],
    ["", ""],
  ])("%j is %j", (value, cell) => {
    expect(cellOf(value)).toBe(cell);
  });

  it("never leaves a cell that a spreadsheet calculates, and is read back whole", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (value) => {
        const cell = cellOf(value);
        const inside = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
        expect(inside).not.toMatch(/^\s*[=+\-@]/);
        const clean = value.replaceAll("\0", "").toWellFormed();
        expect([clean, `'${clean}`]).toContain(inside);
      }),
    );
  });

  it("has a row a finding, lines that end in CRLF, and numbers as numbers", async () => {
    async function* one() {
      yield finding({ title: '=HYPERLINK("http://evil")' });
    }
    let text = "";
    for await (const part of exportCsv(one(), about)) text += part;
    const [head, row, rest] = text.split("\r\n");
    expect(head).toContain("id,service,environment,status,severity");
    expect(row).toContain(`"'=HYPERLINK(""http://evil"")"`);
    expect(row).toContain(",0.01,");
    expect(rest).toBe("");
  });
});
