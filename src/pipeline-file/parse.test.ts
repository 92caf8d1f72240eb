import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Problem, TidelockError } from "../model/errors.ts";
import type { CheckKind } from "./where-users-are.ts";
import { describeProblems } from "./describe.ts";
import { parseDocuments } from "./parse.ts";

const good = `
apiVersion: tidelock.dev/v1
kind: Pipeline
metadata:
  name: shop
spec:
  processes:
    web:
      command: ["node", "server.js"]
      ready: {kind: http, path: /healthz}
    worker:
      command: ["node", "worker.js"]
      port: none
      router: none
      ready: {kind: alive, for: 3s}
  environments:
    - name: testing
      soak: 5m
      checks:
        - name: smoke
          uses: http
          with: {requests: [{path: /}]}
    - name: production
      gate: strict
      replicas: {web: 3}
      watch: {for: 1m, path: /healthz}
---
apiVersion: tidelock.dev/v1
kind: Environment
metadata: {name: production}
spec:
  tier: production
  router:
    type: embedded
    listen: {shop: "127.0.0.1:8080"}
`;

function problemsOf(text: string, file = "tidelock.yaml"): readonly Problem[] {
  try {
    parseDocuments(file, text);
  } catch (error) {
    if (error instanceof TidelockError && error.problems !== undefined) {
      expect(error.code).toBe("invalid-input");
      expect(error.fault).toBe("operator");
      return error.problems;
    }
    throw error;
  }
  return [];
}

/** `good` with one line changed. */
function changed(from: string, to: string): readonly Problem[] {
  expect(good).toContain(from);
  return problemsOf(good.replace(from, to));
}

describe("a good file", () => {
  it("gives both kinds of documents, with defaults and durations in milliseconds", () => {
    const { pipelines, environments } = parseDocuments("tidelock.yaml", good);
    expect(pipelines).toHaveLength(1);
    const [testing, production] = pipelines[0]?.spec.environments ?? [];
    expect(testing?.soak).toBe(300_000);
    expect(testing?.checks[0]?.timeout).toBe(300_000);
    expect(production?.watch).toEqual({
      for: 60_000,
      interval: 1_000,
      failures: 3,
      path: "/healthz",
      status: 200,
    });
    expect(pipelines[0]?.spec.processes["worker"]?.ready).toEqual({ kind: "alive", for: 3_000 });
    expect(environments[0]?.spec.floor.gate).toBe("baseline");
  });

  it("reads the same with a byte order mark, CRLF line ends and tabs between words", () => {
    const other = `\uFEFF${good.replaceAll("\n", "\r\n").replace("gate: strict", "gate:\tstrict\t# why")}`;
    expect(parseDocuments("t", other)).toEqual(parseDocuments("t", good));
  });

  it("may end in an empty document", () => {
    expect(parseDocuments("t", `${good}\n---\n# nothing\n`).pipelines).toHaveLength(1);
  });
});

describe("a wrong key", () => {
  it("is found with line and column, and the nearest known key is named", () => {
    expect(changed("      gate: strict", "      gaet: strict")).toEqual([
      {
        where: "tidelock.yaml:24:7",
        message: "`spec.environments[1].gaet` is not a known key",
        hint: "did you mean `gate`?",
      },
    ]);
  });

  it("is understood in another spelling", () => {
    const [problem] = changed("soak: 5m", "rollback_window: 5m");
    expect(problem?.hint).toBe("did you mean `rollbackWindow`?");
  });

  it("that belongs elsewhere is sent there", () => {
    const [problem] = changed(
      "metadata:\n  name: shop",
      "metadata:\n  name: shop\n  rollbackWindow: 1h",
    );
    expect(problem?.hint).toBe("`rollbackWindow` belongs under `spec.environments[]`");
  });

  it("like no other gets the list of known ones", () => {
    const [problem] = changed("kind: Pipeline", "kind: Pipeline\nxyzzy: 1");
    expect(problem?.hint).toBe("known keys here: apiVersion, kind, metadata, spec");
  });

  it("follows the kind that a part says it has", () => {
    const [problem] = changed("{kind: alive, for: 3s}", "{kind: alive, path: /}");
    expect(problem?.message).toContain("`spec.processes.worker.ready.path` is not a known key");
    expect(problem?.hint).toContain("belongs under");
  });

  it("that stands twice is found, and the first place is named", () => {
    const [problem, ...rest] = changed(
      "      gate: strict",
      "      gate: strict\n      gate: baseline",
    );
    expect(rest).toEqual([]);
    expect(problem?.where).toBe("tidelock.yaml:25:7");
    expect(problem?.hint).toContain("tidelock.yaml:24:7");
  });
});

describe("a wrong value", () => {
  const cases: readonly [string, string, string, string, string | undefined][] = [
    [
      "soak: 5m",
      "soak: 5",
      "`spec.environments[0].soak` must be text, not 5",
      "18:13",
      "write a whole number and a unit: 500ms, 30s, 5m, 2h, 7d",
    ],
    [
      "soak: 5m",
      "soak: 5 minutes",
      '`spec.environments[0].soak` does not fit: "5 minutes"',
      "18:13",
      "write a whole number and a unit: 500ms, 30s, 5m, 2h, 7d",
    ],
    [
      "gate: strict",
      "gate: strikt",
      '`spec.environments[1].gate` cannot be "strikt"',
      "24:13",
      "did you mean `strict`? (one of baseline, strict)",
    ],
    [
      "replicas: {web: 3}",
      "replicas: {web: 0}",
      "`spec.environments[1].replicas.web` must be at least 1, not 0",
      "25:23",
      undefined,
    ],
    [
      "replicas: {web: 3}",
      'replicas: {web: "3"}',
      '`spec.environments[1].replicas.web` must be a number, not "3"',
      "25:23",
      "leave the quotes out: 3",
    ],
    [
      '["node", "server.js"]',
      "node server.js",
      '`spec.processes.web.command` must be a list, not "node server.js"',
      "9:16",
      'write a list: ["node","server.js"]',
    ],
    [
      '["node", "server.js"]',
      "[]",
      "`spec.processes.web.command` must have at least 1 entry, not an empty list",
      "9:16",
      undefined,
    ],
    [
      "tier: production",
      "tier: prod",
      '`spec.tier` cannot be "prod"',
      "32:9",
      "one of development, testing, staging, production",
    ],
    [
      "{kind: alive, for: 3s}",
      "{kind: alife}",
      '`spec.processes.worker.ready.kind` cannot be "alife"',
      "15:21",
      "did you mean `alive`? (one of http, tcp, alive)",
    ],
    [
      "kind: Environment",
      "kind: Enviroment",
      '`kind` cannot be "Enviroment"',
      "29:7",
      "did you mean `Environment`? (one of Pipeline, Environment)",
    ],
    [
      "path: /healthz}\n    worker",
      "path: healthz}\n    worker",
      '`spec.processes.web.ready.path` does not fit: "healthz"',
      "10:33",
      "start it with `/`",
    ],
    [
      "name: shop",
      "name: Shop_1",
      '`metadata.name` does not fit: "Shop_1"',
      "5:9",
      "use lower-case letters, digits and dashes, starting with a letter",
    ],
    [
      "  name: shop",
      "  name: 12",
      "`metadata.name` must be text, not 12",
      "5:9",
      'put it in quotes: "12"',
    ],
    [
      "    worker:",
      "    Worker 1:",
      "`spec.processes.Worker 1`: `Worker 1` cannot be a name here",
      "11:5",
      "use lower-case letters, digits and dashes, starting with a letter",
    ],
    [
      "      gate: strict",
      "      auto: yes",
      '`spec.environments[1].auto` must be true or false, not "yes"',
      "24:13",
      "write true or false, without quotes",
    ],
    [
      "  tier: production",
      "  # no tier",
      "`spec.tier` is missing",
      "33:3",
      "add one of development, testing, staging, production",
    ],
    [
      "kind: Environment",
      "# no kind",
      "`kind` is missing",
      "28:1",
      "add one of Pipeline, Environment",
    ],
    [
      '    listen: {shop: "127.0.0.1:8080"}',
      "    listen:",
      "`spec.router.listen` must be a mapping (`key: value` lines), not empty",
      "35:12",
      undefined,
    ],
  ];
  it.each(cases)("%j -> %j says %s", (from, to, message, where, hint) => {
    expect(changed(from, to)).toEqual([
      { where: `tidelock.yaml:${where}`, message, ...(hint === undefined ? {} : { hint }) },
    ]);
  });

  it("is reported together with all others, in the order of the file", () => {
    const text = good
      .replace("kind: Environment", "kind: Enviroment")
      .replace("gate: strict", "gate: strikt")
      .replace("metadata:\n  name: shop", "metadata:\n  nmae: shop");
    const problems = problemsOf(text);
    expect(problems.map((problem) => problem.message)).toEqual([
      "`metadata.name` is missing",
      "`metadata.nmae` is not a known key",
      '`spec.environments[1].gate` cannot be "strikt"',
      '`kind` cannot be "Enviroment"',
    ]);
  });
});

describe("what checks need of each other", () => {
  const refused = (more: string): readonly { where: string; message: string }[] => {
    try {
      parseDocuments("t", good.replace("uses: http", `uses: http\n          ${more}`));
      return [];
    } catch (error) {
      return error instanceof TidelockError ? (error.problems ?? []) : [];
    }
  };

  it.each([
    ["needs: [smoke]", "smoke needs smoke, which needs smoke"],
    ["outOfBand: true", "smoke cannot be out of band"],
    ["minimum: {requests: 0}", "minimum.requests"],
    ["minimum: {hits: 3}", "minimum.hits"],
  ])("%s", (more, message) => {
    const found = refused(more);
    expect(found[0]?.message).toContain(message);
    expect(found[0]?.where).toMatch(/^t:2\d:\d+$/);
  });
});

describe("checks, when their adapters are known", () => {
  const checks = new Map<string, CheckKind>([
    [
      "command",
      { schema: z.strictObject({ command: z.array(z.string()) }), touch: () => "intrusive" },
    ],
    [
      "http",
      {
        schema: z.strictObject({ requests: z.array(z.strictObject({ path: z.string() })) }),
        touch: "passive",
      },
    ],
  ]);
  const problems = (from: string, to: string) => {
    try {
      parseDocuments("t", good.replace(from, to), { checks });
      return [];
    } catch (error) {
      return error instanceof TidelockError ? error.problems : [];
    }
  };

  it("are held against the adapter's own schema", () => {
    expect(problems("", "")).toEqual([]);
    expect(problems("[{path: /}]", "[{pth: /}]")).toEqual([
      {
        where: "t:22:29",
        message: "`spec.environments[0].checks[0].with.requests[0].path` is missing",
        hint: "add text",
      },
      {
        where: "t:22:30",
        message: "`spec.environments[0].checks[0].with.requests[0].pth` is not a known key",
        hint: "did you mean `path`?",
      },
    ]);
  });

  const intrusive = "uses: command\n          with: {command: [attack]}";
  const passive = "uses: http\n          with: {requests: [{path: /}]}";

  it("that hurt are refused where users are, at their place in the file", () => {
    expect(problems(passive, `${intrusive}\n          phase: live`)).toMatchObject([
      { where: "t:23:18", message: expect.stringContaining("smoke is intrusive") },
    ]);
    expect(problems("", "")).toEqual([]);
    expect(problems(passive, `${intrusive}\n      strategy: recreate`)).toMatchObject([
      { message: expect.stringContaining("there is no idle colour") },
    ]);
    expect(problems(passive, intrusive)).toEqual([]);
    const floor = `  tier: production\n  floor: {checks: [{name: a, uses: command, phase: live, with: {command: [x]}}]}`;
    expect(problems("  tier: production", floor)).toMatchObject([
      { message: expect.stringContaining("would let it meet users") },
    ]);
  });

  it("of the floor as well", () => {
    const floor = "  tier: production\n  floor: {checks: [{name: a, uses: http}]}";
    expect(problems("  tier: production", floor)).toEqual([
      {
        where: "t:33:20",
        message: "`spec.floor.checks[0].with.requests` is missing",
        hint: "add a list",
      },
    ]);
  });

  it("that nobody knows are named with the nearest", () => {
    expect(problems("uses: http", "uses: htpt")).toEqual([
      {
        where: "t:21:17",
        message: "there is no check adapter `htpt`",
        hint: "did you mean `http`? (one of command, http)",
      },
    ]);
  });
});

describe("names that do not fit together", () => {
  const second = (name: string, extra = "") => `    - name: ${name}\n${extra}`;
  const cases: readonly [string, string, string][] = [
    [
      "two pipelines of one name",
      `${good}\n---${good.split("---")[0]}`,
      "there are two Pipeline documents named shop",
    ],
    [
      "two environments of one name",
      `${good}\n---${good.split("---")[1]?.replace("8080", "8081")}`,
      "there are two Environment documents named production",
    ],
    [
      "an environment listed twice",
      good.replace("    - name: production", "    - name: testing"),
      "testing is listed twice",
    ],
    [
      "an unknown name in after",
      good.replace("      gate: strict", "      after: [tasting]"),
      "production comes after tasting, which is not in this pipeline",
    ],
    [
      "an environment after itself",
      good.replace("      gate: strict", "      after: [production]"),
      "these environments wait for each other: production → production",
    ],
    [
      "a circle through the default order",
      good.replace("      soak: 5m", "      after: [production]"),
      "these environments wait for each other: testing → production → testing",
    ],
    [
      "a circle of three",
      good
        .replace(
          "      soak: 5m",
          `      after: [c]\n${second("b", "      after: [testing]\n")}${second("c", "      after: [b]\n")}`,
        )
        .replace(
          "      checks:\n        - name: smoke\n          uses: http\n          with: {requests: [{path: /}]}\n",
          "",
        ),
      "these environments wait for each other: testing → c → b → testing",
    ],
    [
      "replicas of an unknown process",
      good.replace("{web: 3}", "{wbe: 3}"),
      "production sets replicas of wbe, which is no process of this service",
    ],
    [
      "two routed processes",
      good.replace(
        "      port: none\n      router: none\n      ready: {kind: alive, for: 3s}\n",
        "",
      ),
      "worker and web both have `router: http`; at most one may",
    ],
    [
      "a routed process without a port",
      good.replace("      ready: {kind: http, path: /healthz}", "      port: none"),
      "web has `router: http` but `port: none`",
    ],
    [
      "an http probe of a process without a port",
      good.replace("      ready: {kind: alive, for: 3s}\n", ""),
      "worker has no port, so `ready: http` can never answer",
    ],
    [
      "a port argument that is nowhere",
      good.replace("      ready: {kind: http, path: /healthz}", "      port: argument"),
      "web has `port: argument` but no `{port}` in it",
    ],
    [
      "a check name used twice",
      good.replace(
        "        - name: smoke",
        "        - {name: smoke, uses: http}\n        - name: smoke",
      ),
      "the check name smoke is taken",
    ],
    [
      "blue-green without a router",
      good.replace(/ {2}router:\n {4}type: embedded\n.*\n/, ""),
      "blue-green moves the traffic of shop in production, but that environment has `router: {type: none}`",
    ],
    [
      "a service without an address",
      good.replace("{shop: ", "{other: "),
      "the environment production has no address for shop",
    ],
    [
      "one address for two",
      good.replace('{shop: "127.0.0.1:8080"}', '{shop: "127.0.0.1:8080", b: "127.0.0.1:8080"}'),
      "127.0.0.1:8080 is the address of shop in production already",
    ],
    [
      "a port that is none",
      good.replace("127.0.0.1:8080", "127.0.0.1:70000"),
      "70000 is not a port",
    ],
    [
      "a folder outside",
      good.replace("spec:\n  processes", "spec:\n  path: ../../etc\n  processes"),
      "`spec.path` leaves the folder it is relative to",
    ],
    [
      "no process",
      good
        .replace(/ {2}processes:[^]*? {2}environments:/, "  processes: {}\n  environments:")
        .replace("      replicas: {web: 3}\n", ""),
      "`spec.processes` is empty",
    ],
  ];
  it.each(cases)("%s is refused", (_name, text, message) => {
    const problems = problemsOf(text);
    expect(problems.map((problem) => problem.message)).toEqual([message]);
    expect(problems[0]?.hint).toBeTruthy();
    expect(problems[0]?.where).toMatch(/^tidelock\.yaml:\d+:\d+$/);
  });

  it("an environment of another file is nobody's mistake", () => {
    expect(problemsOf(good.replace("    - name: testing", "    - name: elsewhere"))).toEqual([]);
  });

  it("after: [] lets two environments stand side by side", () => {
    expect(problemsOf(good.replace("      gate: strict", "      after: []"))).toEqual([]);
  });
});

describe("YAML that is refused", () => {
  const cases: readonly [string, string, RegExp, string][] = [
    ["an alias", "a: &x 1\nb: *x\n", /`\*x` is an alias/, "2:4"],
    ["a merge key", "a:\n  <<: {b: 1}\n", /merge keys/, "2:3"],
    ["a tag", "a: !!binary aGk=\n", /the tag `tag:yaml.org,2002:binary` is not read/, "1:13"],
    ["a local tag", "a: !exec rm\n", /the tag `!exec` is not read/, "1:10"],
    ["a prototype key", "__proto__: {kind: Pipeline}\n", /`__proto__` cannot be a key/, "1:1"],
    ["a list as key", "? [1]\n: 2\n", /this key is not plain text/, "1:3"],
    ["a tab as indentation", "a:\n\tb: 1\n", /not valid YAML: tabs are not allowed/, "2:1"],
    ["an open bracket", "a: [1, 2\n", /not valid YAML/, "2:1"],
    ["an infinite number", "a: .inf\n", /Infinity is not a usable number/, "1:4"],
    ["a NUL character", 'a: "x\\0y"\n', /has a character that no program takes/, "1:4"],
    ["half a surrogate pair", 'a: "\\ud800"\n', /has a character that no program takes/, "1:4"],
    ["nothing at all", "", /the file has no document/, "1:1"],
    ["only comments", "# hello\n", /the file has no document/, "1:1"],
    ["a list of documents", "- kind: Pipeline\n", /the document must be a mapping/, "1:1"],
    ["plain text", "hello\n", /the document must be a mapping/, "1:1"],
  ];
  it.each(cases)("%s", (_name, text, message, where) => {
    const hits = problemsOf(text).filter((problem) => message.test(problem.message));
    expect(hits.map((problem) => problem.where)).toEqual([`tidelock.yaml:${where}`]);
  });

  it("a file that is too large, or has too many documents, is refused before it is parsed", () => {
    expect(problemsOf(`# ${"x".repeat(256_001)}`)[0]?.message).toMatch(/more than 256000/);
    expect(problemsOf("---\na: 1\n".repeat(201))[0]?.message).toMatch(/more than 200 documents/);
  });

  it("a billion laughs cost nothing", () => {
    const lines = ["a0: &a0 [lol, lol, lol]"];
    for (let i = 1; i < 30; i += 1) lines.push(`a${i}: &a${i} [${`*a${i - 1}, `.repeat(9)}]`);
    const started = performance.now();
    expect(problemsOf(lines.join("\n")).length).toBeGreaterThan(0);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it.each([
    ["brackets", "[".repeat(250_000)],
    ["braces", "{a: ".repeat(60_000)],
    ["dashes", "- ".repeat(125_000)],
    ["question marks", "? ".repeat(125_000)],
    ["indentation", Array.from({ length: 690 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
  ])("endless %s are refused quickly", (_name, text) => {
    const started = performance.now();
    expect(problemsOf(text).map((problem) => problem.message)).toEqual([
      expect.stringMatching(/nested/),
    ]);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it("a long flat list on one line is no deep nesting", () => {
    const list = Array.from({ length: 2_000 }, (_, i) => `{path: /${i}}`).join(", ");
    expect(problemsOf(good.replace("[{path: /}]", `[${list}]`))).toEqual([]);
  });

  it("control and bidirectional characters never reach a terminal", () => {
    const text = 'kind: "\\e[31mred\\u202e\\n"\n"\\e]0;x\\a": 1\n';
    const shown = describeProblems(problemsOf(text, "a\u001b[2Jb.yaml"), text);
    expect(shown).toContain("\\x1b[31mred\\u202e");
    expect(shown.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it("thousands of mistakes are cut and counted", () => {
    const keys = Array.from({ length: 3_000 }, (_, i) => `k${i}: 1`).join("\n");
    expect(() => parseDocuments("t", `kind: Pipeline\n${keys}`)).toThrow(/more than 100 problems/);
  });
});

it("any text either parses or gives problems with a place, and never another error", () => {
  const noise = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: fc.constantFrom(..."ab:-[]{}&*!|>'\"%@,?#\n\t \r\0\uFEFF<~".split("")) }),
    fc
      .tuple(fc.nat(good.length), fc.nat(20), fc.string({ maxLength: 8 }))
      .map(([at, drop, text]) => good.slice(0, at) + text + good.slice(at + drop)),
  );
  fc.assert(
    fc.property(noise, (text) => {
      for (const problem of problemsOf(text)) {
        expect(problem.where).toMatch(/^tidelock\.yaml:\d+:\d+$/);
        expect(problem.message).not.toMatch(/[\p{Cc}]/u);
      }
    }),
    { numRuns: 400 },
  );
});

it("a problem is shown with its line and a caret", () => {
  const text = good.replace("      gate: strict", "      gaet: strict");
  expect(describeProblems(problemsOf(text), text)).toBe(
    [
      "tidelock.yaml:24:7: `spec.environments[1].gaet` is not a known key",
      "  24 |       gaet: strict",
      "     |       ^",
      "     = did you mean `gate`?",
    ].join("\n"),
  );
});
