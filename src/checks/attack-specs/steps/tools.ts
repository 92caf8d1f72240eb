import { attributeOf, type Element, parseXml } from "../../../findings/parsers/xml.ts";
import { aliases } from "../aliases.ts";
import { placeholder, splitCommand } from "../command-line.ts";
import { readCookie } from "../jar.ts";
import { allowTool, launch, type Launched } from "../launch.ts";
import { broken, unproven } from "../outcome.ts";
import { selects } from "../select.ts";
import { pairsOf, stepsOf } from "../step.ts";
import type { World } from "../world.ts";
import { execute } from "./http.ts";

const { steps, does, expects } = stepsOf("Programs, with Gauntlt's own words");
export const tools = steps;
const unsafe = { safe: false };

/** Python programs that Gauntlt starts by the path of their script. */
const scripts = ["sslyze", "sqlmap"];

const installed = (world: World, [program = ""]: readonly string[]) => allowTool(world, program);
const seen =
  "that the demand lets scenarios start it; whether it is there shows when it is started";
does("{string} is installed", seen, installed, unsafe);
does("{string} is installed in my path", seen, installed, unsafe);
does("the {string} command line binary is installed", seen, installed, unsafe);
does(
  "the DIRB_WORDLISTS environment variable is set",
  "the folder stands in `values` as `DIRB_WORDLISTS`",
  (world) => {
    const folder =
      world.given.get("DIRB_WORDLISTS") ?? unproven("`with.values.DIRB_WORDLISTS` is not given");
    world.profile.set("dirb_wordlists_path", folder);
  },
);
does(
  "the following profile:",
  "a table of names and values; `<name>` in commands stands for the value. What `with.values` says of a name stands above it",
  (world, _words, below) => {
    for (const [name, value] of pairsOf(below, /^name$/i)) world.profile.set(name, value);
  },
  { takes: "table" },
);
does(
  "the following environment variables:",
  "a table of names and variables: taken from `with.values`, never from the server's environment",
  (world, _words, below) => {
    for (const [name, variable] of pairsOf(below, /^name$/i)) {
      const value = world.given.get(variable) ?? world.given.get(name);
      world.profile.set(name, value ?? unproven(`\`with.values.${variable}\` is not given`));
    }
  },
  { takes: "table" },
);
does(
  "I launch a/an {string} attack with:",
  "the command line below, without a shell, against what is tested alone",
  (world, [tool = ""], below) => start(world, tool, below.docString ?? ""),
  { takes: "text", safe: false },
);
does(
  "I launch a/an {string} attack",
  `a command line that is known by name: ${Object.keys(aliases).join(", ")}`,
  (world, [name = ""]) => {
    const line = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
    if (line === undefined)
      broken(`there is no attack called ${name}; there are ${Object.keys(aliases).join(", ")}`);
    return start(world, name.split("-")[0] ?? "", line);
  },
  unsafe,
);

async function start(world: World, tool: string, line: string): Promise<void> {
  const values = new Map([...world.profile, ...world.given]);
  if (tool === "dirb") {
    const folder = world.given.get("DIRB_WORDLISTS");
    if (folder !== undefined) values.set("dirb_wordlists_path", folder);
  }
  for (const name of scripts) values.set(name, name).set(`${name}_path`, name);
  // Split first: a value is one word, or part of one, whatever stands in it.
  let words = splitCommand(line).map((word) =>
    world.fill(word).replace(placeholder, (_, name: string) => {
      const value = values.get(name);
      if (value !== undefined) return value;
      return broken(
        `<${name}> stands for nothing: neither the profile nor \`with.values\` says it`,
      );
    }),
  );
  if (/^python[\d.]*$/.test(words[0] ?? "") && scripts.includes(words[1] ?? ""))
    words = words.slice(1);
  world.launched = await launch(world, words);
}

type Stream = (launched: Launched) => string;
const streams: readonly (readonly [string, Stream])[] = [
  ["output", ({ stdout, stderr }) => `${stdout}\n${stderr}`],
  ["stdout", ({ stdout }) => stdout],
  ["stderr", ({ stderr }) => stderr],
];

for (const [name, of] of streams) {
  for (const [not, word] of [
    [false, "should"],
    [true, "should not"],
  ] as const) {
    const contains = (world: World, text: string) => {
      const run = ran(world);
      const has = flat(of(run)).includes(flat(world.fill(text)));
      if (!has) lookedAtIt(world, run);
      world.expect(has !== not, not ? "it does" : `it does not: ${tail(world, run)}`);
      if (not) meansSomething(world, run);
    };
    const matches = (world: World, pattern: string) => {
      const run = ran(world);
      const found = execute(world, pattern, of(run));
      if (found === null) lookedAtIt(world, run);
      world.expect(
        (found !== null) !== not,
        not ? `it has ${world.show(found ?? "")}` : `it does not: ${tail(world, run)}`,
      );
      if (not) meansSomething(world, run, matchedChars);
    };
    const about = not ? "of a program that ended with 0 and said something" : "";
    expects(`the ${name} ${word} contain {string}`, about, (world, [text = ""]) =>
      contains(world, text),
    );
    expects(
      `the ${name} ${word} contain:`,
      `the text below, as a whole${not ? "; " : ""}${about}`,
      (world, _words, below) => contains(world, below.docString ?? ""),
      { takes: "text" },
    );
    expects(`the ${name} ${word} match {pattern}`, about, (world, [pattern = ""]) =>
      matches(world, pattern),
    );
    expects(
      `the ${name} ${word} match:`,
      `the pattern below${not ? "; " : ""}${about}`,
      (world, _words, below) => matches(world, (below.docString ?? "").trim()),
      { takes: "text" },
    );
  }
}
for (const [pass, word] of [
  [true, "pass"],
  [false, "fail"],
] as const) {
  const ends = (world: World) => {
    const { exitCode, program } = ran(world);
    world.expect((exitCode === 0) === pass, `${program} ended with ${exitCode}`);
  };
  expects(
    `it should ${word}`,
    `the program ends with 0${pass ? "" : " only if something is wrong"}`.replace(
      "ends with 0 only if something is wrong",
      "does not end with 0",
    ),
    ends,
  );
  expects(
    `it should ${word} with:`,
    "and says the text below",
    (world, _words, below) => {
      ends(world);
      const said = flat(bothOf(ran(world)));
      world.expect(
        said.includes(flat(world.fill(below.docString ?? ""))),
        `it says ${world.show(said.trim().slice(-300))}`,
      );
    },
    { takes: "text" },
  );
  for (const spelling of ["regexp", "regex"]) {
    expects(
      `it should ${word} with ${spelling}:`,
      "and says what the pattern below matches",
      (world, _words, below) => {
        ends(world);
        const said = bothOf(ran(world));
        world.expect(
          execute(world, (below.docString ?? "").trim(), said) !== null,
          `it says ${world.show(said.trim().slice(-300))}`,
        );
      },
      { takes: "text" },
    );
  }
}
expects("the exit status should be {int}", "", (world, [wanted = ""]) => {
  const { exitCode } = ran(world);
  world.expect(exitCode === Number(wanted), `it is ${exitCode}`);
});
expects("the exit status should not be {int}", "", (world, [wanted = ""]) => {
  const { exitCode } = ran(world);
  world.expect(exitCode !== Number(wanted), `it is ${exitCode}`);
});
for (const [not, word] of [
  [false, "should"],
  [true, "should not"],
] as const) {
  expects(
    `the file {string} ${word} contain XML:`,
    "a table of CSS selectors, of names and attributes; the file is one that the command names as a word",
    (world, [name = ""], below) => {
      const root = xmlOf(world, name);
      for (const [selector = ""] of (below.table ?? []).slice(1)) {
        const found = selects(root, world.fill(selector));
        if (found === null)
          broken(
            `${selector} is a selector that is not understood: names, [attribute="value"] and spaces are`,
          );
        world.expect(found !== not, not ? `${selector} is there` : `there is no ${selector}`);
      }
    },
    { takes: "table" },
  );
}
expects(
  "the following cookies should be received:",
  "of the output of curl with `--include` or `--head`; columns are `name`, `value` and flags",
  (world, _words, below) => {
    const [columns = [], ...rows] = below.table ?? [];
    const lines = [...ran(world).stdout.matchAll(/^set-cookie:\s*(.+)$/gim)].map(([, line = ""]) =>
      line.trim(),
    );
    const all = lines.flatMap((line) => readCookie(line) ?? []);
    for (const row of rows) {
      const wanted = new Map(columns.map((column, index) => [column, row[index] ?? ""]));
      const found = all.find(({ name }) => name === wanted.get("name"));
      world.expect(
        found !== undefined,
        `there is no cookie ${world.show(wanted.get("name") ?? "")}`,
      );
      for (const [column, value] of wanted) {
        if (column === "name" || value === "" || !found) continue;
        const attribute = found.attributes.get(column.replaceAll("_", "-"));
        const is =
          column === "value" ? found.value : attribute === "" ? "true" : attribute?.toLowerCase();
        world.expect(
          is === value,
          `${column} of ${found.name} is ${is === undefined ? "not there" : world.show(is)}`,
        );
      }
    }
  },
  { takes: "table" },
);

function ran(world: World): Launched {
  return world.launched ?? broken("no program was started yet");
}

function bothOf({ stdout, stderr }: Launched): string {
  return `${stdout}\n${stderr}`;
}

function flat(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

/** What a program's output has to show before the absence of something in it means anything. */
const lookedAtSomething: Readonly<Record<string, RegExp>> = {
  nmap: /\([1-9]\d{0,5} hosts? up|<hosts up="[1-9]/,
  sslyze: /SCAN RESULTS FOR/i,
};

/** Patterns are tried on so much of an output. */
const matchedChars = 256 * 1024;

/** A program that reached nothing says nothing about the release, whatever was expected of it. */
function lookedAtIt(world: World, run: Launched): void {
  const said = bothOf(run);
  const proof = Object.hasOwn(lookedAtSomething, run.program)
    ? lookedAtSomething[run.program]
    : undefined;
  const file = run.file?.text ?? "";
  if (proof !== undefined && !proof.test(said) && !proof.test(file)) {
    broken(`${run.program} reached nothing: ${tail(world, run)}`);
  }
}

/** A program that failed, or said nothing, lacks every word. */
function meansSomething(world: World, run: Launched, most = Number.POSITIVE_INFINITY): void {
  const said = bothOf(run);
  const nothing = "so what its output lacks means nothing";
  if (run.exitCode !== 0) {
    broken(`${run.program} ended with ${run.exitCode}, ${nothing}: ${tail(world, run)}`);
  }
  if (said.trim() === "") broken(`${run.program} said nothing, ${nothing}`);
  if (run.cut || said.length > most) {
    unproven(`${run.program} said more than is looked at, and the rest may hold it`);
  }
}

/** The end of what it said, for people. */
function tail(world: World, { stdout, stderr }: Launched): string {
  const said = stdout.trim() === "" ? stderr : stdout;
  return world.show(said.trim().slice(-160));
}

function xmlOf(world: World, name: string): Element {
  const run = ran(world);
  if (run.file?.name !== name)
    broken(`the command does not name the file ${name} as a word of its own`);
  if (run.file.text === null) broken(`${run.program} did not write ${name}`);
  try {
    const root = parseXml(run.file.text);
    const hosts = root.name === "nmaprun" ? attributeOf(hostsOf(root), "up") : undefined;
    if (hosts === "0") broken("nmap reached nothing");
    return root;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return broken(`${name}: ${why}`);
  }
}

function hostsOf(root: Element): Element | undefined {
  return root.children
    .find(({ name }) => name === "runstats")
    ?.children.find(({ name }) => name === "hosts");
}
