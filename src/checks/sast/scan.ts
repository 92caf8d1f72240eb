import { z } from "zod";
import { Fingerprints } from "../scanner/fingerprint.ts";
import type { Hit } from "../scanner/protocol.ts";
import type { Scanner } from "../scanner/scanner.ts";
import { LineIndex, type SourceFile } from "../scanner/source-file.ts";
import { allNodes, type Node, parseSource } from "./ast.ts";
import { cryptography } from "./rules/cryptography.ts";
import { injection } from "./rules/injection.ts";
import type { RuleContext } from "./rules/rule.ts";
import { settings } from "./rules/settings.ts";
import { web } from "./rules/web.ts";
import { bind } from "./scopes.ts";
import { Taints } from "./taint.ts";
import { isTemplate, unescapedOutputs } from "./templates.ts";

const source = /\.[cm]?[jt]sx?$/i;
const declarations = /\.d\.[cm]?ts$/i;
/** Packages of others are the business of advisories; what they do is not this service's code. */
const others = /(?:^|\/)node_modules\//;

/** Larger ones are bundles; the parser's tree of this many bytes fits the child's heap. */
export const maxSourceBytes = 2 * 1024 * 1024;

export const sastScanner: Scanner = {
  options: z.strictObject({}),
  begin: () => ({
    wants: ({ path }) => {
      const wanted = (source.test(path) && !declarations.test(path)) || isTemplate(path);
      return wanted && !others.test(path)
        ? { kind: "whole", most: maxSourceBytes }
        : { kind: "pass-over" };
    },
    file: (file, report) => {
      for (const hit of examine(file)) report(hit);
    },
  }),
};

const visits = [injection, web, cryptography, settings];

/** @throws Error when it cannot be parsed: such a file was not examined */
export function examine(file: SourceFile): readonly Hit[] {
  const { path, text } = file;
  if (file.binary) throw new Error("it is no text");
  if (file.doubtful) throw new Error("it is marked as UTF-16 and holds other text");
  if (isTemplate(path)) return templateHits(file);
  const root = parseSource(path, text.startsWith("#!") ? text.replace("#!", "//") : text);
  const nodes = allNodes(root);
  const program = bind(root, nodes);
  const lines = text.split("\n");
  const prints = new Fingerprints();
  const found: { rule: string; node: Node; message: string; severity?: number }[] = [];
  const context: RuleContext = {
    program,
    taints: new Taints(program),
    report: (rule, node, message, severity) =>
      found.push({ rule, node, message, ...(severity === undefined ? {} : { severity }) }),
  };
  for (const node of nodes) for (const visit of visits) visit(node, context);
  found.sort((a, b) => a.node.start - b.node.start);
  return found.map(({ rule, node, message, severity }) => {
    const { line, column } = node.loc.start;
    return {
      rule,
      ...(severity === undefined ? {} : { severity }),
      path,
      line,
      column: column + 1,
      message,
      fingerprint: prints.of(rule, lines[line - 1] ?? "", column + 1),
    };
  });
}

function templateHits({ path, text }: SourceFile): readonly Hit[] {
  const index = new LineIndex(text);
  const lines = text.split("\n");
  const prints = new Fingerprints();
  return unescapedOutputs(path, text).map((offset) => {
    const { line, column } = index.at(offset);
    return {
      rule: "unescaped-template",
      path,
      line,
      column,
      message: "a value is written without escaping",
      fingerprint: prints.of("unescaped-template", lines[line - 1] ?? "", column),
    };
  });
}
