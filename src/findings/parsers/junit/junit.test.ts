import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { junit } from "./index.ts";

const samples = `${import.meta.dirname}/../../../../test/fixtures/findings/junit`;
const read = (file: string) => readText(junit, readFileSync(`${samples}/${file}`, "utf8"));

describe("JUnit", () => {
  it.each([
    ["junit-report-nested-testsuites.xml", 1],
    ["junit-report-1463.xml", 0],
    ["junit-report-errror-details.xml", 1],
    ["junit-report-empty-testcasename.xml", 1],
  ])("finds in %s what failed", (file, expected) => {
    expect(read(file).observations).toHaveLength(expected);
  });

  it("finds a suite that broke around its tests, however deep", () => {
    expect(read("junit-report-nested-testsuites.xml").observations[0]).toMatchObject({
      rule: "test.3rdlevel",
      kind: "test",
      message: expect.stringContaining("IllegalStateException"),
    });
  });

  it("says what was skipped, in the words of several runners", () => {
    const report = readText(
      junit,
      `<testsuite name="s" tests="5"><testcase classname="a" name="one"><skipped message="later"/></testcase>
       <testcase classname="a" name="two" status="notrun"/><testcase classname="a" name="three" status="run" result="suppressed"/>
       <testcase classname="a" name="four"><disabled/></testcase><testcase classname="a" name="five"/></testsuite>`,
    );
    expect(report).toMatchObject({
      complete: false,
      missing: "4 tests were skipped, the first: a#one",
      exercised: { assertions: 1 },
    });
  });

  it("takes a test that failed each time as one hit, and one that passed when tried again as a lesser one", () => {
    const report = readText(
      junit,
      `<testsuite name="s" tests="2" failures="1"><testcase classname="a" name="one"><failure type="E">x</failure>
       <rerunFailure type="E">x</rerunFailure></testcase>
       <testcase classname="a" name="two"><flakyFailure type="E" message="m"/></testcase></testsuite>`,
    );
    expect(report).toMatchObject({
      complete: true,
      observations: [
        { rule: "a#one", severity: "high" },
        { rule: "a#two", severity: "low", title: "a#two passed only when tried again" },
      ],
    });
  });

  it("is not complete when it counts more than it shows, or holds nothing", () => {
    expect(
      readText(junit, `<testsuites><testsuite tests="9" failures="2"/></testsuites>`),
    ).toMatchObject({
      complete: false,
      missing: expect.stringMatching(/no test.*2 failed tests and shows 0.*9 tests and shows 0/),
    });
    expect(readText(junit, `<testsuites/>`).complete).toBe(false);
  });
});
