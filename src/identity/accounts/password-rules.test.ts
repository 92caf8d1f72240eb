import { describe, expect, it } from "vitest";
import { passwordProblem, plainPassword } from "./password-rules.ts";

const name = "maria.lopez@shop.example";

describe("a password", () => {
  it("is taken when it is long enough, whatever it is made of", () => {
    for (const good of [
      "a quiet harbour at dawn",
      "korrektes pferd ohne stapel",
      "ユーザーは港で静かに待っていた",
      "x7f!kQ2m#Zp9",
    ]) {
      expect([good, passwordProblem(good, name)]).toEqual([good, null]);
    }
  });

  it("is refused when it is short, endless, repeated, tried by everybody, or made of the name", () => {
    for (const bad of [
      "short",
      "elevenchars",
      "x".repeat(300),
      "aaaaaaaaaaaaaaaa",
      "ababababababab",
      "123456789012",
      "Password 1234",
      "correct horse battery staple",
      "correcthorsebatterystaple1!",
      "maria.lopez@shop.example",
      "maria-lopez-99",
      "tidelock-2026!",
      "administrator1",
    ]) {
      expect([bad, passwordProblem(bad, name) === null]).toEqual([bad, false]);
    }
  });

  it("is never in what is said of it", () => {
    expect(passwordProblem("maria-lopez-99", name)).not.toContain("99");
  });

  it("is the same however a keyboard makes it", () => {
    expect(plainPassword("cafe\u0301 am hafen")).toBe(plainPassword("caf\u00E9 am hafen"));
  });
});
