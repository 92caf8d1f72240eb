import { bare, child, children, isCall, keyOf, type Node, propertyOf, stringOf } from "../ast.ts";
import { calleeOf } from "../modules.ts";
import {
  constantText,
  isBuilt,
  isFalse,
  isTrue,
  literalObject,
  type RuleContext,
  said,
  tainted,
  type Visit,
  weigh,
} from "./rule.ts";

const outside = ["request", "start", "caller"] as const;

/** Code, commands, SQL, query objects, deserialisers and XML: where text from outside becomes an instruction. */
export const injection: Visit = (node, context) => {
  if (node.type === "ObjectProperty") return whereScript(node, context);
  if (!isCall(node) && node.type !== "NewExpression") return;
  const { name, module, object } = calleeOf(node);
  const given = children(node, "arguments");
  code(node, name, module ?? "", given, context);
  command(node, module ?? "", name, given, context);
  sql(node, name, module ?? "", given, context);
  noSql(node, name, object, given, context);
  deserialization(node, name, module ?? "", given, context);
};

function code(
  node: Node,
  name: string,
  module: string,
  given: readonly Node[],
  context: RuleContext,
): void {
  const direct = child(node, "callee")?.type === "Identifier";
  const evaluates = direct && (name === "eval" || name === "Function");
  const machine = /^vm\.(?:runIn\w*Context|Script|compileFunction)(?:\(\))?$/.test(module);
  const timer = direct && /^set(?:Timeout|Interval|Immediate)$/.test(name);
  if (!evaluates && !machine && !timer) return;
  for (const one of timer ? given.slice(0, 1) : given) {
    const taint = tainted(
      context,
      one,
      null,
      timer ? ["request", "browser"] : [...outside, "browser"],
    );
    if (taint === null) continue;
    context.report("code-injection", node, `${name} runs text ${said(taint)}`, weigh(taint, 9.8));
    return;
  }
}

const shells =
  /^(?:\/bin\/|\/usr\/bin\/)?(?:sh|bash|zsh|dash|ksh)$|^(?:cmd(?:\.exe)?|powershell)$/i;

function command(
  node: Node,
  module: string,
  name: string,
  given: readonly Node[],
  context: RuleContext,
): void {
  const local = /^(?:child_process|shelljs|cross-spawn|execa|zx)\b/.test(module);
  if (!local) return;
  const [first] = given;
  const options = given.map(literalObject).find((one) => one !== null) ?? null;
  const shell = propertyOf(options, "shell");
  const line =
    /^(?:exec|execSync|command|commandSync|execaCommand)$/.test(name) ||
    module === "shelljs.exec" ||
    (shell !== undefined && !isFalse(shell));
  const throughShell = shells.test(stringOf(first) ?? "");
  const parts = line || throughShell ? given : [first];
  for (const one of parts) {
    const taint = tainted(context, one, "shell", outside);
    if (taint === null) continue;
    // A parameter that is a whole command is what a helper is for; one that is put into a command is a hole.
    if (taint.origin === "caller" && !isBuilt(one) && !throughShell) continue;
    const message = line || throughShell ? "a shell runs text" : "the program to run comes";
    context.report("command-injection", node, `${message} ${said(taint)}`, weigh(taint, 9.8));
    return;
  }
}

const statements =
  /\b(?:select\b[\s\S]*\bfrom|insert\s+into|update\b[\s\S]*\bset|delete\s+from|drop\s+table|where\b|order\s+by|union\s+select|create\s+table|alter\s+table|exec(?:ute)?\s)\b/i;
const runners =
  /^(?:query|execute|raw|exec|run|all|get|each|prepare|literal|unsafe|\$queryRawUnsafe|\$executeRawUnsafe|whereRaw|havingRaw|orderByRaw|selectRaw|joinRaw|createQueryBuilder|where|andWhere|orWhere|any|one|none|many|oneOrNone|manyOrNone|sql)$/;

function sql(
  node: Node,
  name: string,
  module: string,
  given: readonly Node[],
  context: RuleContext,
): void {
  if (!runners.test(name) || module.startsWith("child_process")) return;
  const first = bare(given[0] ?? null);
  if (first === null) return;
  const text =
    propertyOf(literalObject(first), "text") ?? propertyOf(literalObject(first), "sql") ?? first;
  if (!statements.test(constantText(text))) return;
  const taint = tainted(context, text, "sql", ["request", "start", "caller"]);
  if (taint === null || (taint.origin === "caller" && !isBuilt(text))) return;
  context.report(
    "sql-injection",
    node,
    `a statement has in it what comes ${said(taint)}`,
    weigh(taint, 9.4),
  );
}

const collectionMethods =
  /^(?:find|findOne|findOneAnd\w+|findMany|updateOne|updateMany|update|deleteOne|deleteMany|remove|count|countDocuments|aggregate|distinct|replaceOne|where)$/;

function noSql(
  node: Node,
  name: string,
  object: Node | null,
  given: readonly Node[],
  context: RuleContext,
): void {
  if (!collectionMethods.test(name) || object === null) return;
  const [filter] = given;
  const literal = literalObject(filter);
  // `update(values)` of a record has no filter.
  if (name === "update" && given.length < 2) return;
  if (literal === null) {
    const whole = tainted(context, filter, null);
    if (whole?.structured === true) {
      context.report("nosql-injection", node, `the query is an object ${said(whole)}`);
    }
    return;
  }
  // `where: { … }` is an object-relational mapper's, whose drivers bind values.
  if (propertyOf(literal, "where") !== undefined) return;
  for (const one of children(literal, "properties")) {
    const value = child(one, "value");
    // An object that is written out has its operators written out too.
    if (/^(?:Object|Array)Expression$/.test(bare(value)?.type ?? "")) continue;
    const taint = tainted(context, value, null);
    if (taint?.structured === true && !isBuilt(value)) {
      const field = keyOf(child(one, "key"));
      context.report(
        "nosql-injection",
        node,
        `${field} may be an object with operators: it comes ${said(taint)}`,
        5.9,
      );
      return;
    }
  }
}

/** `{ $where: … }`, wherever it stands: a filter is often put together elsewhere. */
function whereScript(node: Node, context: RuleContext): void {
  if (keyOf(child(node, "key")) !== "$where" || node.parent?.type !== "ObjectExpression") return;
  const value = child(node, "value");
  const taint = tainted(context, value, null, outside);
  if (taint === null || (taint.origin === "caller" && !isBuilt(value))) return;
  context.report("nosql-injection", node, `$where runs script ${said(taint)}`, weigh(taint, 9.1));
}

const deserializers =
  /^(?:node-serialize\.(?:unserialize)|serialize-to-js\.deserialize|funcster\.deepDeserialize|cryo\.parse|js-yaml\.(?:load|loadAll|unsafeLoad)|v8\.deserialize|bson\.deserialize|php-serialize\.unserialize|unserialize\.\w+)$/;

function deserialization(
  node: Node,
  name: string,
  module: string,
  given: readonly Node[],
  context: RuleContext,
): void {
  const [first] = given;
  if (deserializers.test(module)) {
    const taint = tainted(context, first, null, ["request", "browser", "caller"]);
    const harmlessLoader = module.startsWith("js-yaml.load");
    if (taint !== null && !(harmlessLoader && taint.origin === "caller")) {
      const severity = module.startsWith("node-serialize") ? 9.8 : harmlessLoader ? 6.5 : 9.1;
      context.report(
        "unsafe-deserialization",
        node,
        `${module} reads what comes ${said(taint)}`,
        weigh(taint, severity),
      );
    }
  }
  for (const one of given) {
    const options = literalObject(one);
    const entities = propertyOf(options, "noent") ?? propertyOf(options, "resolveExternalEntities");
    if (!isTrue(entities)) continue;
    const taint = tainted(context, first, null, ["request", "caller"]);
    const from = taint === null ? "" : ` ${said(taint)}`;
    context.report(
      "xml-external-entities",
      node,
      `${name} reads XML${from} with external entities on`,
    );
  }
}
