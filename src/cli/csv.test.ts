import fc from "fast-check";
import { expect, it } from "vitest";
import { csvLine, readCsv } from "./csv.ts";

it("reads back what it has written, whatever the cells hold", () => {
  const cells = fc
    .array(fc.string(), { minLength: 2, maxLength: 5 })
    .filter((row) => row.some((one) => one !== ""));
  fc.assert(
    fc.property(fc.array(cells, { minLength: 1 }), (rows) => {
      expect(readCsv(`${rows.map(csvLine).join("\n")}\n`)).toEqual(
        rows.map((row) => row.map((one) => one.replace(/^'(?=[=+\-@\t\r])/, ""))),
      );
    }),
  );
});

it("reads plain cells, a byte order mark and other line ends", () => {
  expect(readCsv('\uFEFFa,b\r\n"c ""d""",\r\n')).toEqual([
    ["a", "b"],
    ['c "d"', ""],
  ]);
  expect(() => readCsv('a"b,c')).toThrow(/row 1/);
});
