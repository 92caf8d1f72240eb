import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactor } from "./redact.ts";

describe("a redactor", () => {
  it("blanks a secret in every spelling it knows", () => {
    const { clean } = redactor(['p"ss wörd']);
    const forms = [
      'p"ss wörd',
      encodeURIComponent('p"ss wörd'),
      JSON.stringify('p"ss wörd'),
      Buffer.from('p"ss wörd').toString("base64"),
      Buffer.from('p"ss wörd').toString("base64url"),
    ];
    for (const form of forms) expect(clean(`x ${form} y`)).toContain("[redacted]");
  });

  it("blanks each line of a secret of several lines, wherever it was torn apart", () => {
    const key = "-----BEGIN KEY-----\nMC4CAQAwBQYDK2Vw\nBCIEIAAAAAAAAAAA\n-----END KEY-----";
    const text = "stack trace:\n  BCIEIAAAAAAAAAAA\nend";
    expect(redactor([key]).clean(text)).toBe("stack trace:\n  [redacted]\nend");
  });

  it("blanks the beginning of a secret at the end of a text that was cut", () => {
    const { clean, cleanCut } = redactor(["hunter22"]);
    expect(clean("it is hunter")).toBe("it is hunter");
    expect(cleanCut("it is hunter")).toBe("it is [redacted]");
    expect(cleanCut("it is h")).toBe("it is h");
  });

  it("leaves no secret in any text, and other texts alone", () => {
    const secret = fc.string({ minLength: 8, maxLength: 40 });
    fc.assert(
      fc.property(fc.string(), secret, fc.string(), (before, value, after) => {
        fc.pre(!"[redacted]".includes(value));
        expect(redactor([value]).clean(`${before}${value}${after}`)).not.toContain(value);
        expect(redactor([]).clean(before)).toBe(before);
      }),
    );
  });
});
