import { describe, expect, it } from "vitest";
import { compiledOrProblem } from "./evaluate.ts";
import { RuleProblem } from "./problem.ts";

/** `place: message | hint` */
function problem(expression: string): string {
  const found = compiledOrProblem(expression);
  return found instanceof RuleProblem
    ? `${found.at}: ${found.message} | ${found.hint ?? ""}`
    : "none";
}

describe("a rule is told where it is wrong, why, and what to write:", () => {
  it.each([
    [
      "findings.new.high || service == 'x'",
      "13: what stands left of `||` has to be of type bool | it is of type int",
    ],
    [
      "service == 'x' || findings.new.high",
      "31: what stands right of `||` has to be of type bool | it is of type int",
    ],
    [
      "findings.new.high && service == 'x'",
      "13: what stands left of `&&` has to be of type bool | it is of type int",
    ],
    [
      "service == 'x' && service",
      "18: what stands right of `&&` has to be of type bool | it is of type string",
    ],
    [
      "1 == 1 && service == 'x'",
      "2: this is the same for every promotion | it reads none of the facts; leave it out, or compare a fact",
    ],
    [
      "service == 'x' && true",
      "18: this is the same for every promotion | it reads none of the facts; leave it out, or compare a fact",
    ],
    ["!service", "1: what stands after `!` has to be of type bool | it is of type string"],
    [
      "!true",
      "1: this is the same for every promotion | it reads none of the facts; leave it out, or compare a fact",
    ],
    [
      "service ? true : false",
      "0: what stands before `?` has to be of type bool | it is of type string",
    ],
    [
      "true ? 1 == 1 : service == 'x'",
      "0: this is the same for every promotion | it reads none of the facts; leave it out, or compare a fact",
    ],
    [
      "(service == 'x' ? 1 : 'a') == 1",
      "22: both answers have to be of one plain type: int and string | ",
    ],
    [
      "(service == 'x' ? sbom : sbom) == null",
      "25: both answers have to be of one plain type: object or null and object or null | ",
    ],
    [
      "(service == 'x' ? 1 : 1.0) == 1",
      "22: both answers have to be of one plain type: int and double | ",
    ],
    ["service.all(x, x == 'a')", "0: loops go over lists and maps, and this is of type string | "],
    ["5.all(x, x == 1)", "0: loops go over lists and maps, and this is of type int | "],
    [
      "changes.paths.all(service, service == 'x')",
      "14: `service` has a meaning already | give the loop's variable another name",
    ],
    [
      "changes.paths.all(p, changes.paths.all(p, p == 'x'))",
      "35: `p` has a meaning already | give the loop's variable another name",
    ],
    [
      "changes.paths.filter(p, true).size() > 0",
      "24: this does not read `p`: it is the same for every item | ask something of `p`",
    ],
    [
      "changes.paths.map(p, 1).size() > 0",
      "21: this does not read `p`: it is the same for every item | ask something of `p`",
    ],
    [
      "changes.paths.map(p, true, p).size() > 0",
      "21: this does not read `p`: it is the same for every item | ask something of `p`",
    ],
    [
      "changes.paths.filter(p, p).size() > 0",
      "24: what keeps an item has to be of type bool | it is of type string",
    ],
    [
      "changes.paths.all(p, p)",
      "21: the condition of `all` has to be of type bool | it is of type string",
    ],
    [
      "changes.paths.exists_one(p, p)",
      "28: the condition of `exists_one` has to be of type bool | it is of type string",
    ],
    [
      "changes.paths.exists_one(p, true)",
      "28: this does not read `p`: it is the same for every item | ask something of `p`",
    ],
    ["null == service", "8: service is never null | it is of type string"],
    [
      "1 == 1",
      "2: this is the same for every promotion | it reads none of the facts; leave it out, or compare a fact",
    ],
    ["'a' == 'b'", "0: two different texts are never equal | compare a fact"],
    [
      "release.createdAt == '2026'",
      '18: timestamp and string do not compare | write `timestamp("2026-01-31T12:00:00Z")`',
    ],
    ["now == now", "4: now is compared with itself | compare it with something else"],
    [
      "checks == checks",
      "7: map of object and map of object do not compare | compare values of one type",
    ],
    [
      "changes.paths == changes.paths",
      "14: changes.paths is compared with itself | compare it with something else",
    ],
    [
      "changes.paths == [1]",
      "14: list of string and list of int do not compare | compare values of one type",
    ],
    [
      "environment == environment",
      "12: object and object do not compare | compare values of one type",
    ],
    [
      "environment == live",
      "12: object and object or null do not compare | compare values of one type",
    ],
    [
      "service < 'a'",
      "8: texts have no order here | text goes letter by letter, so that 1.10 comes before 1.9; compare with `==` or `in`",
    ],
    ["checks < checks", "7: values of type map of object have no order | "],
    ["live < live", "5: values of type object have no order | "],
    ["true < service", "5: bool and string do not compare | compare values of one type"],
    [
      "findings.new.high < 0",
      "18: findings.new.high is never below 0, so this says nothing | write `== 0` or `> 0`",
    ],
    [
      "0 > findings.new.high",
      "2: findings.new.high is never below 0, so this says nothing | write `== 0` or `> 0`",
    ],
    [
      "0 <= findings.new.high",
      "2: findings.new.high is never below 0, so this says nothing | write `== 0` or `> 0`",
    ],
    [
      "service + 1 == 'a'",
      "8: + does not go with string and int | both sides have to be of one type, for example int",
    ],
    [
      "service - service == 'a'",
      "8: - does not go with string and string | both sides have to be of one type, for example int",
    ],
    [
      "1.5 % 2.0 == findings.new.high",
      "4: % does not go with double and double | both sides have to be of one type, for example int",
    ],
    [
      "now + now == now",
      "4: + does not go with timestamp and timestamp | both sides have to be of one type, for example int",
    ],
    [
      "duration('1s') - now == now",
      "15: - does not go with duration and timestamp | both sides have to be of one type, for example int",
    ],
    ["-service == 'x'", "0: there is no minus of type string | "],
    ["-live == 1", "0: there is no minus of type object or null | "],
    [
      "foo(1)",
      "0: there is no function `foo` | one of size, timestamp, duration, int, double, has",
    ],
    ["size() == 1", "0: `size` takes one argument | write `size(x)`"],
    ["size(1, 2) == 1", "0: `size` takes one argument | write `size(x)`"],
    ["int('a') == 1", "4: `int` takes a number | string"],
    ["double(service) == 1.0", "7: `double` takes a number | string"],
    ["size(1) == 1", "5: a value of type int has no size | "],
    ["timestamp('x') < now", '10: this is no instant | write `timestamp("2026-01-31T12:00:00Z")`'],
    [
      "timestamp(service) < now",
      '10: this is no instant | write `timestamp("2026-01-31T12:00:00Z")`',
    ],
    [
      "duration('5d') < now - now",
      '9: this is no span of time | write `duration("36h")`, with the units h, m, s and ms',
    ],
    [
      "duration(service) > duration('1s')",
      '9: this is no span of time | write `duration("36h")`, with the units h, m, s and ms',
    ],
    [
      "service.foo()",
      "8: there is no `foo` of type string | one of size, contains, startsWith, endsWith, matches, glob",
    ],
    [
      "service.all()",
      "8: `all` takes a name and a condition, of a list or a map | one of size, contains, startsWith, endsWith, matches, glob",
    ],
    [
      "changes.paths.all(p)",
      "18: there is no fact `p` | one of now, service, environment, colour, release, configuration, live, changes, checks, findings, sbom, review, branch, evidence, approvals, waivers, access, grades",
    ],
    [
      "changes.paths.foo()",
      "14: there is no `foo` of type list of string | one of size, distinct, all, exists, exists_one, filter, map",
    ],
    ["changes.paths.size(1) == 1", "14: `size` takes no argument | "],
    ["service.contains() ", "8: `contains` takes one argument | "],
    ["service.contains(1)", "17: what is looked for has to be of type string | it is of type int"],
    [
      "service.matches(service)",
      "16: a pattern has to be a text in quotes | so that it is known to be right before it is needed",
    ],
    [
      "service.glob(service)",
      "13: a glob has to be a text in quotes | so that it is known to be right before it is needed",
    ],
    ["service.glob('')", "13: a glob has 1 to 200 characters | write a shorter one"],
    [
      "service.glob('a[b]')",
      "13: a glob has no brackets, braces, `!` or backslashes here | there are `*`, `?` and `**`; write alternatives with `||`",
    ],
    ["service.glob('a**')", "13: `**` is a whole segment | write `src/**/x` or `src/**`"],
    [
      "service.glob('*/*/*/*/*/*/*/*/*/*/*')",
      "13: a glob has at most 10 stars | write a simpler one",
    ],
    [
      "service.matches('a{51}')",
      "16: a pattern has at most 100 characters, and repeats at most 50 times | write a shorter one",
    ],
    [
      "service.matches('(a{10}){6}')",
      "16: a pattern has at most 100 characters, and repeats at most 50 times | write a shorter one",
    ],
    [
      "findings.items.distinct().size() == 1",
      "15: only plain values are told apart | map them first: `.map(x, x.id)`",
    ],
    [
      "9007199254740992 == findings.new.high",
      "0: `9007199254740992` is too large a number | whole numbers go to 9007199254740991",
    ],
    ["1e999 == 1.0", "0: this is too large a number | write a smaller one"],
    ["service.foo", "8: service has no fields: it is of type string | compare it"],
    [
      "changes.paths.foo",
      "14: changes.paths has no fields: it is of type list of string | ask of its items: `.exists(x, …)`, `.all(x, …)`",
    ],
    [
      "checks.foo.bar == 1",
      "11: there is no field `bar` in checks.foo | one of uses, verdict, ageSeconds, requests, assertions, files",
    ],
    [
      "foo == 1",
      "0: there is no fact `foo` | one of now, service, environment, colour, release, configuration, live, changes, checks, findings, sbom, review, branch, evidence, approvals, waivers, access, grades",
    ],
    [
      "has(findings.byKind.foo)",
      "0: findings.byKind never has `foo` | one of code, dependency, license, secret, web, infrastructure, network, host, runtime, test, report",
    ],
    [
      "has(live.version)",
      "0: fields are always there; `has` is for maps | write `live.version != null`",
    ],
    [
      "checks[1] == 1",
      "7: checks of type map of object has no int places | maps go by text in quotes, lists by whole numbers",
    ],
    [
      "changes.paths['a'] == 'x'",
      "14: changes.paths of type list of string has no string places | maps go by text in quotes, lists by whole numbers",
    ],
    [
      "service[0] == 'x'",
      "8: service of type string has no int places | maps go by text in quotes, lists by whole numbers",
    ],
    ["[[1]] == [[1]]", "0: lists of lists cannot be written here | list plain values"],
    [
      "[1, 'a'] == [1]",
      "4: a list has one type: this is string, the first int | make them all of one type",
    ],
    [
      "[findings.new.high, sbom] == [1]",
      "20: a list has one type: this is object or null, the first int | make them all of one type",
    ],
    ["1 in checks", "0: the keys of a map are text | it is int"],
    [
      "'x' in service",
      "7: `in` asks of a list or a map, and this is of type string | for a part of a text write `text.contains(…)`",
    ],
    [
      "'foo' in findings.byKind",
      "0: findings.byKind never has `foo` | one of code, dependency, license, secret, web, infrastructure, network, host, runtime, test, report",
    ],
    ["1 in changes.paths", "2: int and string do not compare | compare values of one type"],
    ["{'a': 1} == 1", "0: maps and messages cannot be written in a rule | use `||`"],
    ["1u == findings.new.high", "0: there are no unsigned numbers here | leave the `u` out"],
    ["b'a' == service", "0: there are no bytes here | leave the `b` out"],
    [
      "service == ",
      "8: syntax error: it cannot be read on from `==` | is an operand, a quote or a bracket missing there? the language is CEL",
    ],
    [
      "(service",
      "8: syntax error: something is missing at its end | is an operand, a quote or a bracket missing there? the language is CEL",
    ],
    [
      "",
      "0: syntax error: something is missing at its end | is an operand, a quote or a bracket missing there? the language is CEL",
    ],
    [
      "service == 'x' 'y'",
      "15: syntax error: it cannot be read on from `'` | is an operand, a quote or a bracket missing there? the language is CEL",
    ],
    [
      "findings.items.all(f, f.waived ? f.knownExploited : f.waived)",
      "54: both answers have to be of one plain type: bool or null and bool | ",
    ],
    [
      "findings.items.all(f, f.waived ? f.waived : f.knownExploited)",
      "46: both answers have to be of one plain type: bool and bool or null | ",
    ],
  ])("%s", (expression, said) => {
    expect(problem(expression)).toBe(said);
  });

  it.each([
    ["(service == 'x' ? findings.new.high : 1) >= 0"],
    ["changes.paths.map(p, p == 'x', 1).size() > 1"],
    ["live == null"],
    ["changes.paths == ['a']"],
    ["findings.new.high > -1"],
    ["findings.new.high >= -1"],
    ["service.matches('a{50}')"],
    ["service in ['a', 'b']"],
    ["0 >= findings.new.high"],
    ["findings.new.high <= 0"],
    ["1 > findings.new.high"],
    ["0 == findings.new.high"],
    ["0 < findings.new.high"],
    ["live.sinceSeconds == 0 || live != null"],
  ])("and nothing is wrong with %s", (expression) => {
    expect(problem(expression)).toBe("none");
  });

  it("patterns and globs have a length, to the character", () => {
    const pattern = "a pattern has at most 100 characters, and repeats at most 50 times";
    const glob = "a glob has 1 to 200 characters";
    expect(problem(`service.matches('${"a".repeat(100)}')`)).toBe("none");
    expect(problem(`service.matches('${"a".repeat(101)}')`)).toContain(pattern);
    expect(problem(`service.matches('(a{5}){10}')`)).toBe("none");
    expect(problem(`service.matches('(a{1,5}){11,}')`)).toContain(pattern);
    expect(problem(`service.matches('(a{51,}b{0,1})')`)).toContain(pattern);
    expect(problem(`service.glob('${"a".repeat(200)}')`)).toBe("none");
    expect(problem(`service.glob('${"a".repeat(201)}')`)).toContain(glob);
    expect(problem(`service.glob('${"*/".repeat(9)}*')`)).toBe("none");
  });
});
