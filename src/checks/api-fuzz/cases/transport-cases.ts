import type { FuzzOperation } from "../describe/operation.ts";
import { write, type Writing } from "./draft.ts";
import type { PlannedCase } from "./planned.ts";

/** Addresses, headers and methods that are not as they should be; values are as they should be. */
export function transportCases(operation: FuzzOperation): readonly PlannedCase[] {
  const of = (place: string, what: string, writing: Writing): PlannedCase => ({
    family: "transport",
    place,
    what,
    request: (draft) => write(draft, writing),
  });
  const path = (what: string, change: (path: string) => string) =>
    of("path", what, {
      path: (whole) =>
        change(whole.split("?")[0] ?? whole) + whole.slice((whole.split("?")[0] ?? whole).length),
    });
  const header = (what: string, headers: Record<string, string>) =>
    of(`header.${Object.keys(headers)[0] ?? ""}`, what, { headers });
  const cases = [
    path("a slash at its end", (whole) => `${whole}/`),
    path("two slashes at its beginning", (whole) => `/${whole}`),
    path("a zero at its end", (whole) => `${whole}%00`),
    path("bytes that are no UTF-8", (whole) => `${whole}/%ff%fe%c0%80`),
    path("a percent sign that encodes nothing", (whole) => `${whole}/%zz`),
    path("encoded dots and slashes", (whole) => `${whole}/%2e%2e%2f%2e%2e%2fetc`),
    path("parameters of the path", (whole) => `${whole};tidelock=1`),
    path("6000 characters more", (whole) => `${whole}/${"p".repeat(6_000)}`),
    of("query", "a query of nothing", { query: "&&=&=&" }),
    of("query", "500 parameters", {
      query: Array.from({ length: 500 }, (_, n) => `t${n}=${n}`).join("&"),
    }),
    of("query", "names that objects have", { query: "__proto__[a]=1&constructor[prototype][a]=1" }),
    header("an answer of a type that does not exist", { accept: "tidelock/none" }),
    header("a list of types that is none", { accept: ";;q=,,/" }),
    header("a language that is none", { "accept-language": `${"x-".repeat(300)};q=2` }),
    header("an encoding that is none", { "accept-encoding": "tidelock;q=nan" }),
    header("a range without an end", { range: "bytes=99999999999999999999-" }),
    header("a range backwards", { range: "bytes=9-1,,-" }),
    header("a date that is none", { "if-modified-since": "yesterday" }),
    header("a forwarded address that is none", { "x-forwarded-for": "999.1.1.1, ::::, \u00ff" }),
    header("cookies that are none", { cookie: '=; ;a; b=%00; c="' }),
    header("8000 characters", { "x-tidelock-long": "h".repeat(8_000) }),
  ];
  return operation.method === "DELETE" || operation.method === "GET"
    ? [...cases, of("method", "a method that does not exist", { method: "TIDELOCK" })]
    : [...cases, of("method", "TRACE", { method: "TRACE" })];
}
