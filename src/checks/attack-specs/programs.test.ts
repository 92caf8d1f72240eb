import { describe, expect, it } from "vitest";
import { serve } from "../../../test/support/check-context.ts";
import { needsTool } from "../../../test/support/optional.ts";
import { checkTree, ToolAgent } from "../../../test/support/tool-agent.ts";
import type { CheckReport } from "../../model/verdict.ts";
import { parseXml } from "../../findings/parsers/xml.ts";
import { otherHost, splitCommand } from "./command-line.ts";
import { attackSpecs } from "./index.ts";
import { selects } from "./select.ts";

async function attack(
  program: string,
  steps: string,
  more: Record<string, unknown> = {},
): Promise<{ report: CheckReport; agent: ToolAgent }> {
  await using server = await serve((_request, response) => response.end("hello"));
  await using agent = await ToolAgent.with({});
  await agent.program("probe", `#!/bin/sh\n${program}\n`);
  const text = `Feature: Programs\nScenario: One\nGiven "probe" is installed\nAnd the following profile:\n| name | value |\n| hostname | example.com |\n${steps}\n`;
  const configuration = {
    specs: [{ name: "a.attack", text }],
    tools: ["probe", "nmap", "gone"],
    values: { hostname: "{{host}}" },
    ...more,
  };
  const report = await checkTree(attackSpecs, agent, configuration, {
    instances: [server.origin],
  });
  return { report, agent };
}

const launch = (line: string) => `When I launch a "generic" attack with:\n"""\n${line}\n"""\n`;

describe("a program that a story starts", () => {
  it("gets words and no shell, in an empty folder, and its digest is recorded", async () => {
    const { report } = await attack(
      'for word; do echo "[$word]"; done; ls; echo "pass=$SECRET" >&2',
      `${launch(`probe --to <hostname> "two words" 'a;b' <hostname>:1`)}Then the output should contain:\n"""\n[--to]\n[127.0.0.1]\n[two words]\n[a;b]\n[127.0.0.1:1]\n"""\nAnd it should pass\nAnd the stderr should match /^pass=$/\nAnd the stdout should not contain "pass="`,
    );
    expect(report.results).toMatchObject([{ verdict: "pass", message: "" }]);
    expect(report.data?.["program probe"]).toMatch(/\/bin\/probe sha256:[0-9a-f]{64}$/);
    expect(report.exercised).toMatchObject({ scenarios: 1, assertions: 4 });
  });

  it.each([
    [
      "ends with 1",
      "echo no; exit 1",
      `Then the output should not contain "22/tcp"`,
      "error",
      "ended with 1, so what its output lacks means nothing",
    ],
    ["says nothing", "exit 0", `Then the output should not match /22/`, "error", "said nothing"],
    ["kills itself", "kill -9 $$", `Then it should fail`, "error", "was ended by SIGKILL"],
    ["ends with 1, and should not", "exit 1", `Then it should pass`, "fail", "ended with 1"],
    [
      "says something else",
      "echo shut",
      `Then the output should match /open/`,
      "fail",
      'it does not: \\"shut',
    ],
    ["writes gigabytes", "yes", `Then the output should not contain "z"`, "error", "longer than"],
    ["hangs", "sleep 60", `Then it should pass`, "error", "did not end within"],
  ])(
    "%s",
    async (_name, program, then, verdict, message) => {
      const limits = { toolMs: 2_500 };
      const { report } = await attack(program, `${launch("probe <hostname>")}${then}`, { limits });
      expect(report.verdict).toBe(verdict);
      expect(JSON.stringify(report.results)).toContain(message);
    },
    30_000,
  );

  it.each([
    ["another host", "probe http://evil.example/", "which is not what is tested"],
    ["another network", "probe 10.0.0.0/8", "which is not what is tested"],
    ["a pipe", "probe <hostname> | sh", "there is no shell, so `|`"],
    ["a variable", "probe $HOME", "there is no shell, so `$H`"],
    ["a substitution", 'probe "$(id)"', "there is no shell"],
    ["a redirection", "probe > /etc/passwd", "there is no shell, so `>`"],
    ["a second line", "probe a\nprobe b", "a second line is not understood"],
    ["a shell", "sh -c probe", "would start what it is told to"],
    ["a path", "/bin/ls", "is named without a path"],
    ["what the demand does not name", "ls", "does not let scenarios start ls"],
    ["a password", "probe --user a:{{ann.password}}", "does not go into a command line"],
    ["an unknown value", "probe <nope>", "<nope> stands for nothing"],
    ["an open quote", "probe 'a", "is opened and not closed"],
  ])("is not started with %s", async (_name, line, message) => {
    const { report, agent } = await attack("echo ran", `${launch(line)}Then it should pass`, {
      identities: [{ name: "ann", password: "Correct-horse" }],
    });
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain(message);
    expect(agent.started).toEqual([]);
    expect(JSON.stringify(report)).not.toContain("Correct-horse");
  });

  it("is missing where it is not installed", async () => {
    const { report } = await attack("", `${launch("gone <hostname>")}Then it should pass`);
    expect(report.verdict).toBe("missing");
  });
});

describe.skipIf(needsTool("nmap").missing)("nmap, in Gauntlt's words", () => {
  const scan = `When I launch an "nmap" attack with:\n"""\nnmap -Pn -p {{port}},1 -oX foo.xml <hostname>\n"""\n`;
  const xml = (port: string) =>
    `the file "foo.xml" should contain XML:\n| css |\n| ports port[protocol="tcp"][portid="${port}"] state[state="open"] |\n`;

  it("finds the tested port, and fails when another should be open", async () => {
    const good = await attack("", `${scan}Then ${xml("{{port}}")}`);
    expect(good.report.verdict).toBe("pass");
    const open = await attack(
      "",
      `When I launch a "nmap" attack with:\n"""\nnmap -Pn -p {{port}},1 <hostname>\n"""\nThen the output should match /{{port}}.tcp\\s+open/\nAnd the output should not match /^1.tcp\\s+open/`,
    );
    expect(open.report.results).toMatchObject([{ verdict: "pass" }]);
    const bad = await attack("", `${scan}Then ${xml("1")}`);
    expect(bad.report.verdict).toBe("fail");
  }, 60_000);

  it("is an error where it reached nothing, whatever was expected", async () => {
    const line = "nmap -sn --exclude <hostname> <hostname>";
    const { report } = await attack(
      "",
      `When I launch a "nmap" attack with:\n"""\n${line}\n"""\nThen the output should match /open/`,
    );
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain("nmap reached nothing");
  }, 60_000);
});

describe("a command line", () => {
  it("is split by its quotes", () => {
    expect(splitCommand(`curl -w "%{http_code}" 'a "b"' c\\ d "e\\"f" "" <x>-1`)).toEqual([
      "curl",
      "-w",
      "%{http_code}",
      'a "b"',
      "c d",
      'e"f',
      "",
      "<x>-1",
    ]);
  });

  it.each([
    [["curl", "http://127.0.0.1:8/x"], null],
    [["curl", "http://a@evil.example/"], "evil.example"],
    [["curl", "--url=http://evil.example"], "evil.example"],
    [["nmap", "192.168.1.0/24"], "192.168.1.0/24"],
    [["nmap", "scanme.nmap.org"], "scanme.nmap.org"],
    [["nmap", "-oX", "foo.xml", "127.0.0.1"], null],
    [["nmap", "127.0.0.1/24"], "127.0.0.1/24"],
    [["curl", "::1"], "::1"],
    [["curl", "--proxy", "socks5://other:1"], "other"],
  ])("%j names another host: %s", (words, host) => {
    expect(otherHost(words, ["127.0.0.1"])).toBe(host);
  });
});

it("a selector is found at any depth, in time that grows with the document", () => {
  const deep = parseXml(`${"<a>".repeat(190)}<b c="d"/>${"</a>".repeat(190)}`);
  const many = Array.from({ length: 19 }, () => "a").join(" ");
  expect(selects(deep, `${many} b[c="d"]`)).toBe(true);
  expect(selects(deep, `${many} b[c="e"]`)).toBe(false);
  expect(selects(deep, "b > a")).toBeNull();
  expect(selects(deep, "")).toBeNull();
});
