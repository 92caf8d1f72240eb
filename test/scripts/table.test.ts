import { expect, it } from "vitest";
import { table } from "../../scripts/demo/table.ts";

it("is as wide as its widest cells, with numbers to the right", () => {
  const rows = [
    ["development", "1.5 s"],
    ["production", "12.5 s"],
  ];
  expect(table(["where", "time"], rows)).toBe(
    [
      "where          time",
      "-----------  ------",
      "development   1.5 s",
      "production   12.5 s",
    ].join("\n"),
  );
});
