import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { checkContext, serve } from "../../../test/support/check-context.ts";
import { treeOf } from "../../../test/support/tree-context.ts";
import { judgeReport } from "../../engine/judging/judge-report.ts";
import { parsers } from "../../findings/parsers/index.ts";
import type { CheckReport } from "../../model/verdict.ts";
import type { CheckContext } from "../../ports/check.ts";
import { runCheck } from "../run.ts";
import { attackSpecs } from "./index.ts";
import { AttackSpecsConfiguration } from "./schema.ts";

const shopped: string[] = [];

function shop() {
  return serve((request, response) => {
    shopped.push(`${request.method} ${request.url}`);
    const path = request.url ?? "";
    if (path === "/orders" && request.method === "POST") {
      response.setHeader("set-cookie", "basket=b1; HttpOnly; SameSite=Lax");
      response.writeHead(201).end(JSON.stringify({ id: 41, owner: { name: "ann" }, tags: [] }));
    } else if (path === "/orders/41") {
      const own = request.headers["x-user"] === "ann";
      response.writeHead(own ? 200 : 403).end(own ? "lantern" : "not yours");
    } else if (path === "/away") response.writeHead(302, { location: "//evil.invalid/x" }).end();
    else if (path === "/old") response.writeHead(301, { location: "/new?a=1" }).end();
    else if (path === "/slow-pattern") response.end(`${"a".repeat(60)}!`);
    else if (path === "/long") response.end("x".repeat(4_000));
    else response.end(`<h1>shop</h1> ${"\u001b[31m"}`);
  });
}

async function play(
  text: string,
  more: Record<string, unknown> = {},
  change: Partial<CheckContext> = {},
): Promise<CheckReport> {
  await using server = await shop();
  shopped.length = 0;
  const demand = {
    name: "stories",
    timeout: 20_000,
    with: { specs: [{ name: "a.feature", text }], ...more },
  };
  const context = checkContext({ instances: [server.origin], ...change });
  return await runCheck(attackSpecs, context, demand);
}

const story = (steps: string, tags = "") => `Feature: Shop\n${tags}\nScenario: One\n${steps}\n`;

describe("a written attack", () => {
  it("is a chain whose later steps use what earlier ones were answered", async () => {
    const report = await play(
      `
Feature: Orders
  Background:
    Given I send the header "X-User" as "{{who}}"

  Scenario: An order opens for its owner alone
    When I send POST to "/orders" with the JSON:
      """
      { "item": "lantern {{random}}" }
      """
    Then the status is 201
    And the JSON "owner.name" is "ann"
    And the JSON "tags" is:
      """
      []
      """
    And the JSON "owner.password" is absent
    And the cookie "basket" has the flag "HttpOnly"
    And every cookie has the flag "SameSite=Lax"
    When I remember the JSON "id" as "order"
    And I request "/orders/{{order}}"
    Then the status is 200
    And the body contains "lantern"
    When I act as "somebody else"
    And I send the header "X-User" as "ben"
    And I request "/orders/{{order}}"
    Then the request is refused
    And the body does not contain "lantern"
    When I request "/old"
    Then the answer redirects to "/new?a=1"
    And the answer does not redirect to another host
    When I follow the redirect
    Then the body matches /^<h1>\\w+</
    And the answer takes at most 5000 ms
`,
      { values: { who: "ann" } },
    );
    expect(report.results).toEqual([
      { name: "Orders: An order opens for its owner alone", verdict: "pass", message: "" },
    ]);
    expect(report.exercised).toMatchObject({ requests: 5, scenarios: 1, routes: 4 });
    expect(report.exercised.assertions).toBeGreaterThan(12);
  });

  it("fails where the release has the hole, and says file, line, step and what was seen", async () => {
    const report = await play(story(`When I request "/"\nThen the body contains "basket"`));
    expect(report.verdict).toBe("fail");
    expect(report.summary).toContain(
      'a.feature:5: the body contains "basket": the body lacks "basket"',
    );
    expect(JSON.stringify(report)).not.toContain("\u001b");
  });

  it("fails on a redirect to another host, and does not follow it", async () => {
    const failed = await play(
      story(`When I request "/away"\nThen the answer does not redirect to another host`),
    );
    expect(failed.verdict).toBe("fail");
    const followed = await play(
      story(`When I request "/away"\nAnd I follow the redirect\nThen the status is 200`),
    );
    expect(followed.verdict).toBe("error");
    expect(followed.summary).toContain("leads to another host");
  });

  it("plays every row of an outline, and reads keywords of other languages, BOM and CRLF", async () => {
    const report = await play(
      '\uFEFF# language: de\r\nFunktionalität: Laden\r\n\r\n  Szenariogrundriss: <path>\r\n    Wenn I request "<path>"\r\n    Dann the status is 200\r\n\r\n    Beispiele:\r\n      | path |\r\n      | / |\r\n      | /b |\r\n',
    );
    expect(report.verdict).toBe("pass");
    expect(report.exercised).toMatchObject({ scenarios: 2, requests: 2 });
  });

  it("is a finding with its own name, read out of Cucumber's report", async () => {
    const report = await play(
      story(`When I request "/"\nThen the status is 404`, "@cwe-284 @medium"),
    );
    const parsed = parsers.get("cucumber-json")?.parse(report.raw?.text ?? "");
    expect(parsed).toMatchObject({ complete: true, exercised: { scenarios: 1 } });
    expect(parsed?.observations).toMatchObject([
      { title: "Shop: One", severity: "medium", cwe: [284], place: { kind: "resource" } },
    ]);
    // The tag makes a finding milder, never the verdict.
    const judged = await judgeReport(report, { failOn: "critical", warnOn: "critical" });
    expect(judged.verdict).toBe("fail");
  });
});

describe("what is no pass", () => {
  it.each([
    [
      "an unknown step",
      `When I dance on "/"\nThen the status is 200`,
      "error",
      'a.feature:4: there is no step "I dance on',
    ],
    [
      "a step that lacks its text",
      `When I send POST to "/" with the JSON:\nThen the status is 200`,
      "error",
      "needs a text below it",
    ],
    [
      "a step with a table too many",
      `When I request "/"\n| a |\n| b |\nThen the status is 200`,
      "error",
      "takes nothing below it",
    ],
    ["no expectation", `When I request "/"`, "inconclusive", "it expects nothing"],
    [
      "an unknown value",
      `When I request "/{{nope}}"\nThen the status is 200`,
      "error",
      "there is no value {{nope}}; there are host",
    ],
    [
      "a path that is another host",
      `When I request "//evil.invalid/"\nThen the status is 200`,
      "error",
      "is no path of the tested service",
    ],
    [
      "an address",
      `When I request "http://evil.invalid/"\nThen the status is 200`,
      "error",
      "is no path of the tested service",
    ],
    [
      "a header that splits",
      `Given I send the header "A" as "b\r\nC: d"\nWhen I request "/"\nThen the status is 200`,
      "error",
      "",
    ],
    [
      "a header of the client",
      `Given I send the header "Host" as "other"\nWhen I request "/"\nThen the status is 200`,
      "error",
      "is no header that can be set",
    ],
    [
      "a pattern that never ends",
      `When I request "/slow-pattern"\nThen the body matches /^(a+)+$/`,
      "error",
      "takes too long",
    ],
    [
      "a pattern that is none",
      `When I request "/"\nThen the body matches /(/`,
      "error",
      "is no pattern",
    ],
    [
      "an expectation before any request",
      `Then the status is 200`,
      "error",
      "no request was sent yet",
    ],
    [
      "a program that the demand does not name",
      `When I launch a "generic" attack with:\n"""\nls -a\n"""\nThen it should pass`,
      "error",
      "does not let scenarios start ls",
    ],
    [
      "a part of the service that nobody described",
      `When I request the protected page\nThen the protected page is shown`,
      "inconclusive",
      "`with.app.protected` does not say how",
    ],
  ])("%s", async (_name, steps, verdict, message) => {
    const report = await play(story(steps));
    expect(report.verdict).toBe(verdict);
    expect(`${report.summary} ${JSON.stringify(report.results)}`).toContain(message);
  });

  it("nothing is sent when one step of many files is not understood, and the nearest is named", async () => {
    const report = await play(
      `${story(`When I request "/"\nThen the status is 200`)}\nScenario: Two\nThen the statos is 200\n`,
    );
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain('the nearest is "the status is {int}"');
    expect(shopped).toEqual([]);
  });

  it("a body that is longer than what was read", async () => {
    const report = await play(
      story(`When I request "/long"\nThen the body does not contain "secret"`),
      {
        limits: { bodyBytes: 1_024 },
      },
    );
    expect(report.verdict).toBe("inconclusive");
  });

  it.each([
    ["a file without a scenario", "Feature: Nothing\n"],
    ["an empty file", "\n\n"],
    ["a scenario without a step", story("")],
  ])("%s", async (_name, text) => {
    expect((await play(text)).verdict).toBe("inconclusive");
  });

  it.each(["@skip", "@wip", "@Ignore"])(
    "a story that asks to be passed over by %s",
    async (tag) => {
      const steps = `When I request "/"\nThen the status is 200`;
      const report = await play(`${story(steps)}\n${tag}\nScenario: Two\n${steps}\n`);
      expect(report.verdict).toBe("inconclusive");
      expect(report.suppressions).toMatchObject([{ path: "a.feature", text: tag }]);
      const judged = await judgeReport(report, {});
      expect(judged.verdict).toBe("inconclusive");
      const left = await play(`${story(steps)}\n${tag}\nScenario: Two\n${steps}\n`, {
        except: [tag],
      });
      expect(left.verdict).toBe("pass");
      expect(left.summary).toContain("1 left out by the demand");
    },
  );

  it("a demand that leaves everything out", async () => {
    const report = await play(story(`When I request "/"\nThen the status is 200`), {
      only: ["@none"],
    });
    expect(report.verdict).toBe("inconclusive");
  });

  it("no instance, and one that does not answer", async () => {
    const steps = story(`When I request "/"\nThen the status is 200`);
    expect((await play(steps, {}, { instances: [] })).verdict).toBe("inconclusive");
    const gone = await play(steps, {}, { instances: ["http://127.0.0.1:9"] });
    expect(gone).toMatchObject({ verdict: "error", exercised: { scenarios: 0 } });
  });
});

describe("a demand that promises to read only", () => {
  it.each([
    [
      "a story without the tag",
      "",
      `When I request "/"\nThen the status is 200`,
      "is not declared @passive",
    ],
    [
      "a write",
      "@passive",
      `When I send POST to "/"\nThen the status is 200`,
      "does more than read",
    ],
    [
      "a sign-in",
      "@passive",
      `Given "user" is signed in\nThen the status is 200`,
      "does more than read",
    ],
    [
      "a program",
      "@passive",
      `Given "nmap" is installed\nThen it should pass`,
      "does more than read",
    ],
    [
      "two tags at once",
      "@passive @intrusive",
      `When I request "/"\nThen the status is 200`,
      "is not declared",
    ],
  ])("is refused with %s, before anything is sent", async (_name, tags, steps, message) => {
    const report = await play(story(steps, tags), { touch: "passive" });
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain(message);
    expect(shopped).toEqual([]);
  });

  it("is kept by what reads", async () => {
    const steps = `When I request "/"\nThen the status is 200\nWhen I send OPTIONS to "/"\nThen the status is 200`;
    expect((await play(story(steps, "@passive"), { touch: "passive" })).verdict).toBe("pass");
    const touch = attackSpecs.touch as (one: AttackSpecsConfiguration) => string;
    const specs = [{ pack: "headers" }];
    expect(touch(AttackSpecsConfiguration.parse({ specs, touch: "passive" }))).toBe("passive");
    expect(touch(AttackSpecsConfiguration.parse({ specs }))).toBe("intrusive");
  });
});

describe("stories of the release", () => {
  const text = story(`When I request "/"\nThen the status is 200`);
  const sha256 = createHash("sha256").update(text).digest("hex");
  const fromTree = async (source: object, files: Parameters<typeof treeOf>[0]) =>
    play("", { specs: [source] }, await treeOf(files));

  it("are found by globs, and their digests are in the report", async () => {
    const report = await fromTree(
      { tree: "specs/**/*.feature" },
      { "specs/a.feature": text, "specs/b/c.feature": text, "x.feature": "no" },
    );
    expect(report.verdict).toBe("pass");
    expect(report.data).toMatchObject({
      "spec specs/a.feature (tree)": `sha256:${sha256}`,
      "spec specs/b/c.feature (tree)": `sha256:${sha256}`,
    });
  });

  it("are those that the demand pins, or none", async () => {
    const source = { tree: "specs/a.feature", sha256 };
    expect((await fromTree(source, { "specs/a.feature": text })).verdict).toBe("pass");
    const other = await fromTree(source, { "specs/a.feature": `${text} ` });
    expect(other.verdict).toBe("error");
    expect(other.summary).toContain("another specification");
  });

  it.each([
    ["none at all", { "a.txt": "x" }, "has no such specification"],
    ["a link", { "specs/a.feature": { link: "b.feature" } }, "has no such specification"],
    ["one of a quarter of a megabyte", { "specs/a.feature": "#".repeat(300_000) }, "at most"],
    [
      "binary garbage",
      { "specs/a.feature": Buffer.from([0xff, 0xfe, 0x00, 0xd8]) },
      "is not UTF-8",
    ],
    ["what is no Gherkin", { "specs/a.feature": "hello\nworld" }, "specs/a.feature:1"],
    [
      "an unknown language",
      { "specs/a.feature": "# language: xx\nFeature: a\n" },
      "cannot be read",
    ],
    [
      "a scenario of a thousand steps",
      { "specs/a.feature": story(`When I request "/"\n`.repeat(1_000)) },
      "1000 steps",
    ],
    [
      "an outline that multiplies",
      {
        "specs/a.feature": `Feature: a\nScenario Outline: b\n${`When I request "<p>"\n`.repeat(100)}Examples:\n| p |\n${"| / |\n".repeat(20_000)}`,
      },
      "its outlines come to",
    ],
    [
      "a table as wide as the file",
      {
        "specs/a.feature": `Feature: a\nScenario Outline: b\nWhen I request "/"\nExamples:\n|${" a |".repeat(15_000)}\n|${" / |".repeat(15_000)}\n|${" / |".repeat(15_000)}`,
      },
      "its outlines come to",
    ],
    [
      "more stories than there may be",
      { "specs/a.feature": `Feature: a\n${`Scenario: b\nThen the status is 200\n`.repeat(600)}` },
      "500 at most",
    ],
  ])("are refused in good time: %s", async (_name, files, message) => {
    const began = performance.now();
    const report = await fromTree({ tree: "specs/a.feature" }, files);
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain(message);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(shopped).toEqual([]);
  });
});

describe("the TLS steps", () => {
  it("say that there is none, where there is none", async () => {
    const report = await play("", { specs: [{ pack: "tls" }] });
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain("has no TLS");
  });
});

describe("the configuration", () => {
  it.each([
    ["no story", { specs: [] }],
    ["a pack that is none", { specs: [{ pack: "magic" }] }],
    ["a digest of many files", { specs: [{ tree: "*.feature", sha256: "a".repeat(64) }] }],
    ["a program with a path", { specs: [{ pack: "cors" }], tools: ["/bin/sh"] }],
    ["a secret without a name", { specs: [{ pack: "cors" }], values: { a: { secret: "a b" } } }],
  ])("refuses %s", (_name, configuration) => {
    expect(AttackSpecsConfiguration.safeParse(configuration).success).toBe(false);
  });
});
