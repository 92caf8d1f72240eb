import { parse } from "@babel/parser";

/** One small change of a file's text that ought to be noticed by a test. */
export interface Mutant {
  readonly file: string;
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly was: string;
  readonly becomes: string;
}

interface Part {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly loc: { readonly start: { readonly line: number } };
  readonly [key: string]: unknown;
}

const opposite: Readonly<Record<string, readonly string[]>> = {
  "===": ["!=="],
  "!==": ["==="],
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "&&": ["||"],
  "||": ["&&"],
};

/** Names of methods whose other is a plausible slip. */
const others: Readonly<Record<string, string>> = {
  some: "every",
  every: "some",
  max: "min",
  min: "max",
  startsWith: "endsWith",
};

/** Operators, constants, conditions and methods of a file, each changed in turn. Types and imports are left alone. */
export function mutantsOf(file: string, source: string): readonly Mutant[] {
  const found: Mutant[] = [];
  const add = (part: Part, start: number, end: number, becomes: string): void => {
    const was = source.slice(start, end);
    if (was !== becomes) found.push({ file, line: part.loc.start.line, start, end, was, becomes });
  };
  const visit = (part: Part, parent: Part | null): void => {
    if (/^(TS|Import|Export(All|Named)Specifier)/.test(part.type) && !keepsGoing.has(part.type)) {
      return;
    }
    mutate(part, parent, add, source);
    for (const [key, child] of Object.entries(part)) {
      if (key === "typeAnnotation" || key === "typeParameters" || key === "returnType") continue;
      for (const one of Array.isArray(child) ? child : [child]) if (isPart(one)) visit(one, part);
    }
  };
  const program = parse(source, { sourceType: "module", plugins: ["typescript"] }).program;
  visit(program as unknown as Part, null);
  return found;
}

/** `x as T`, `x!` and `x satisfies T` hold expressions. */
const keepsGoing = new Set(["TSAsExpression", "TSNonNullExpression", "TSSatisfiesExpression"]);

type Add = (part: Part, start: number, end: number, becomes: string) => void;

function mutate(part: Part, parent: Part | null, add: Add, source: string): void {
  switch (part.type) {
    case "BinaryExpression":
    case "LogicalExpression": {
      const [left, right] = [part["left"] as Part, part["right"] as Part];
      const sign = String(part["operator"]);
      const at = source.indexOf(sign, left.end);
      // A text that is put together has no other sign.
      const isText = /["'`]/.test(source.slice(left.start, right.end));
      if (at < 0 || at >= right.start || (sign === "+" && isText)) return;
      for (const other of opposite[sign] ?? []) add(part, at, at + sign.length, other);
      return;
    }
    case "UnaryExpression":
      if (part["operator"] === "!") add(part, part.start, part.start + 1, "");
      return;
    case "BooleanLiteral":
      add(part, part.start, part.end, String(part["value"] !== true));
      return;
    case "NumericLiteral":
      add(part, part.start, part.end, String(Number(part["value"]) + 1));
      return;
    case "StringLiteral":
      if (parent?.type !== "ImportDeclaration" && parent?.["key"] !== part) {
        add(part, part.start, part.end, '"mutated"');
      }
      return;
    case "TemplateElement": {
      const text = source.slice(part.start, part.end);
      if (text.trim() !== "") add(part, part.start, part.end, "mutated");
      return;
    }
    case "IfStatement":
    case "ConditionalExpression": {
      const test = part["test"] as Part;
      add(part, test.start, test.end, "true");
      add(part, test.start, test.end, "false");
      return;
    }
    case "MemberExpression": {
      const property = part["property"] as Part;
      const other = others[String(property["name"])];
      if (other !== undefined) add(property, property.start, property.end, other);
      return;
    }
    default:
  }
}

function isPart(value: unknown): value is Part {
  return (
    typeof value === "object" &&
    value !== null &&
    "type" in value &&
    typeof value.type === "string" &&
    "start" in value &&
    typeof value.start === "number"
  );
}

export function apply(source: string, { start, end, becomes }: Mutant): string {
  return source.slice(0, start) + becomes + source.slice(end);
}
