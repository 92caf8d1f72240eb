import { describe, expect, it } from "vitest";
import { checkPassword, hashPassword } from "./password-hash.ts";

describe("a kept password", () => {
  it("is a PHC string of argon2id at OWASP's cost, salted, and checks", async () => {
    const [one, other] = await Promise.all([
      hashPassword("a quiet harbour"),
      hashPassword("a quiet harbour"),
    ]);
    expect(one).toMatch(
      /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/,
    );
    expect(one).not.toBe(other);
    expect(await checkPassword("a quiet harbour", one)).toEqual({ right: true, outdated: false });
    expect((await checkPassword("a quiet harbous", one)).right).toBe(false);
  });

  it("of another program is understood, and known to be outdated", async () => {
    // argon2 -id -t 2 -k 65536 -p 1, password `password`, salt `somesalt`: the reference implementation's test.c.
    const kept =
      "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    expect(await checkPassword("password", kept)).toEqual({ right: true, outdated: true });
  });

  it("is nobody's where there is none, and where it is none", async () => {
    for (const kept of [null, "", "$2b$12$abc", "$argon2id$v=19$m=0,t=0,p=0$c29tZXNhbHQ$x"]) {
      expect((await checkPassword("a quiet harbour", kept)).right).toBe(false);
    }
  });

  it("is computed for a few at once, and a flood is told to come again", async () => {
    const answers = await Promise.allSettled(
      Array.from({ length: 90 }, () => checkPassword("x", null)),
    );
    const refused = answers.filter(({ status }) => status === "rejected");
    expect(refused.length).toBe(24);
    expect(refused[0]).toMatchObject({ reason: { code: "too-many-requests", retryable: true } });
  }, 60_000);
});
