import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Configuration } from "../model/configuration.ts";
import { bindingGaps, bindingsGround, looksLikeEndpoint, unprovenChecks } from "./binding-gaps.ts";

const configuration = (change: Partial<Configuration>): Configuration =>
  Configuration.parse({
    kind: "Configuration",
    formatVersion: 1,
    service: "shop",
    environment: "production",
    ...change,
  });
const secret = (name: string) => ({ provider: "local", name });
const keys = (change: Partial<Configuration>) =>
  bindingGaps(configuration(change)).map(({ key, what }) => `${key}:${what}`);

describe("what a colour under test shares with the live one", () => {
  it("names secrets and endpoints that are left in place, and nothing else", () => {
    expect(
      keys({
        values: {
          GREETING: "hello",
          SMTP_URL: "smtp://mail.shop.example",
          REPORT_TO: "a@b.example",
        },
        secrets: { DB_PASSWORD: secret("db"), MAIL_PASSWORD: secret("mail") },
        isolated: { values: { MAIL_PASSWORD: "none" }, secrets: {} },
      }),
    ).toEqual(["DB_PASSWORD:secret", "REPORT_TO:endpoint", "SMTP_URL:endpoint"]);
  });

  it("is content when every one of them is replaced", () => {
    expect(
      keys({
        values: { SMTP_URL: "smtp://mail.shop.example" },
        secrets: { DB_PASSWORD: secret("db") },
        isolated: {
          values: { SMTP_URL: "{sink.mail}" },
          secrets: { DB_PASSWORD: secret("db-clone") },
        },
      }),
    ).toEqual([]);
  });

  it("is not deceived by a replacement that is the same thing again", () => {
    expect(
      keys({
        values: { QUEUE: "queue.internal:5672" },
        secrets: { DB_PASSWORD: secret("db") },
        isolated: {
          values: { QUEUE: "queue.internal:5672" },
          secrets: { DB_PASSWORD: secret("db"), OTHER: { ...secret("db"), version: "1" } },
        },
      }),
    ).toEqual(["DB_PASSWORD:secret", "OTHER:secret", "QUEUE:endpoint"]);
  });

  it("is not deceived by the same address behind a relay for faults", () => {
    const values = { QUEUE: "queue.internal:5672", SHOP_URL: "http://shop.internal:80/" };
    const through = {
      QUEUE: "{fault.queue=queue.internal:5672}",
      SHOP_URL: "http://{fault.shop=clone:80}/",
    };
    expect(keys({ values, isolated: { values: through, secrets: {} } })).toEqual([
      "QUEUE:endpoint",
    ]);
  });

  it("is content where a secret stands in for an address", () => {
    const isolated = { values: {}, secrets: { DB_HOST: secret("clone") } };
    expect(keys({ values: { DB_HOST: "db" }, isolated })).toEqual([]);
  });

  it("leaves out what its owner says is harmless on both sides", () => {
    expect(keys({ values: { DOCS_URL: "https://docs.example" }, shared: ["DOCS_URL"] })).toEqual(
      [],
    );
  });

  it("counts everything where checks run with the live bindings", () => {
    const one = configuration({
      secrets: { DB: secret("db") },
      isolated: { values: { DB: "none" }, secrets: {} },
    });
    expect(bindingGaps(one, "live")).toEqual([{ key: "DB", what: "secret" }]);
  });

  it("never lets a secret out that is neither replaced nor shared", () => {
    const name = fc.stringMatching(/^[A-Z]{1,6}$/);
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { maxLength: 8 }),
        fc.array(name),
        fc.array(name),
        (all, replaced, shared) => {
          const gaps = keys({
            secrets: Object.fromEntries(all.map((key) => [key, secret(key)])),
            isolated: {
              values: Object.fromEntries(replaced.map((key) => [key, "x"])),
              secrets: {},
            },
            shared,
          });
          const left = all.filter((key) => !replaced.includes(key) && !shared.includes(key));
          expect(gaps).toEqual(left.sort().map((key) => `${key}:secret`));
        },
      ),
    );
  });
});

it("knows an endpoint when it sees one", () => {
  for (const [key, value] of [
    ["A", "postgres://u:p@db/shop"],
    ["A", "mailto:ops@shop.example"],
    ["A", "kafka-1:9092,kafka-2:9092"],
    ["A", "[::1]:6379"],
    ["DB_HOST", "db"],
    ["A", "ops@shop.example"],
  ] as const) {
    expect(looksLikeEndpoint(key, value), value).toBe(true);
  }
  // Nothing can be sent to no place, whatever it is called.
  expect(looksLikeEndpoint("DB_HOST", "")).toBe(false);
  expect(looksLikeEndpoint("DB_HOST", "  ")).toBe(false);
  for (const value of ["", "hello", "10", "true", "12:30 noon", "/var/lib/x", "a, b", "v1.2.3"]) {
    expect(looksLikeEndpoint("A", value), value).toBe(false);
  }
});

describe("the rule", () => {
  const gaps = [{ key: "DB", what: "secret" as const }];
  it("refuses in the strict preset, and only says so in the baseline", () => {
    expect(bindingsGround("strict", { intrusive: ["dast"], gaps })).toMatchObject([
      { outcome: "deny", message: expect.stringContaining("DB (secret)") as string },
    ]);
    expect(bindingsGround("baseline", { intrusive: ["dast"], gaps })).toMatchObject([
      { outcome: "allow", message: expect.stringContaining("DB (secret)") as string },
    ]);
  });
  it("asks that intrusive checks wait for a proof of isolation, by whatever path", () => {
    const checks = [
      { name: "proof", uses: "isolation" },
      { name: "fuzz", uses: "command", needs: ["proof"] },
      { name: "dast", uses: "dast", needs: ["fuzz"] },
      { name: "alone", uses: "dast" },
      { name: "circle", uses: "dast", needs: ["circle"] },
    ];
    const intrusive = checks.map(({ name }) => name);
    const unproven = unprovenChecks(checks, intrusive);
    expect(unproven).toEqual(["alone", "circle"]);
    expect(bindingsGround("strict", { intrusive, gaps: [], unproven })).toMatchObject([
      { outcome: "allow", rule: "bindings" },
      { outcome: "deny", rule: "isolation-proof" },
    ]);
    expect(
      bindingsGround("baseline", { intrusive, gaps: [], unproven }).map(({ outcome }) => outcome),
    ).toEqual(["allow", "allow"]);
  });
  it("has nothing to say where no intrusive check is demanded", () => {
    expect(bindingsGround("strict", { intrusive: [], gaps })).toEqual([]);
  });
  it("allows where nothing is left in place", () => {
    expect(bindingsGround("strict", { intrusive: ["dast"], gaps: [] })).toMatchObject([
      { outcome: "allow" },
    ]);
  });

  it("says of the configuration what it found and what to do about it", () => {
    const two = [...gaps, { key: "MAIL_URL", what: "endpoint" as const }];
    const message =
      "intrusive checks (dast, fuzz) would run with DB (secret), MAIL_URL (endpoint) of the live side; " +
      "replace them with `tidelock config set --isolated` or `--isolated-secret`, or say `--shared` of those that can do no harm";
    for (const [preset, outcome] of [
      ["strict", "deny"],
      ["baseline", "allow"],
    ] as const) {
      expect(bindingsGround(preset, { intrusive: ["fuzz", "dast"], gaps: two })).toEqual([
        { outcome, rule: "bindings", message },
      ]);
      expect(bindingsGround(preset, { intrusive: ["dast"], gaps: [] })).toEqual([
        {
          outcome: "allow",
          rule: "bindings",
          message:
            "by its configuration the colour under test holds no secret and no address of the live side; the check `isolation` proves it",
        },
      ]);
      const unproven = ["dast", "fuzz"];
      expect(bindingsGround(preset, { intrusive: unproven, gaps: [], unproven })[1]).toEqual({
        outcome,
        rule: "isolation-proof",
        message:
          "intrusive checks (dast, fuzz) do not wait for a proof that the colour under test is isolated: let them need a check that uses `isolation`",
      });
    }
  });

  it("asks a check that needs several whether one of them proves it, and none that is not there", () => {
    const checks = [
      { name: "a", uses: "http" },
      { name: "proof", uses: "isolation" },
      { name: "one", uses: "dast", needs: ["a", "proof"] },
      { name: "none", uses: "dast", needs: ["gone"] },
    ];
    expect(unprovenChecks(checks, ["one", "none", "gone"])).toEqual(["gone", "none"]);
  });
});
