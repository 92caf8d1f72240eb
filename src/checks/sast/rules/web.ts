import {
  bare,
  child,
  children,
  isCall,
  isMember,
  keyOf,
  type Node,
  propertyName,
  propertyOf,
  stringOf,
} from "../ast.ts";
import { calleeOf } from "../modules.ts";
import { isResponse } from "../sources.ts";
import {
  beginning,
  isBuilt,
  literalObject,
  type RuleContext,
  said,
  tainted,
  type Visit,
  weigh,
} from "./rule.ts";

/** Files, redirects, answers, requests, pages and objects: what input may not choose. */
export const web: Visit = (node, context) => {
  if (isCall(node) || node.type === "NewExpression") {
    const { name, module, object } = calleeOf(node);
    const given = children(node, "arguments");
    files(node, name, module ?? "", object, given, context);
    answers(node, name, object, given, context);
    requests(node, name, module ?? "", given, context);
    pageCalls(node, name, object, given, context);
    objects(node, name, module ?? "", given, context);
    logs(node, name, object, given, context);
  } else if (node.type === "AssignmentExpression") {
    assignments(node, context);
  } else if (node.type === "JSXAttribute") {
    jsx(node, context);
  }
};

const fileMethods =
  /^(?:fs|fs\/promises|fs-extra|graceful-fs|fs\.promises)\.(?:\w+\.)?(?:access|append|chmod|chown|copy|cp|create(?:Read|Write)Stream|exists|lstat|mkdir|mkdirs|move|open|opendir|outputFile|outputJson|read|readdir|readFile|readJson|readlink|realpath|remove|rename|rm|rmdir|stat|symlink|truncate|unlink|watch|writeFile|writeJson|emptyDir|ensureDir|ensureFile|pathExists)\w*$/;

function files(
  node: Node,
  name: string,
  module: string,
  object: Node | null,
  given: readonly Node[],
  context: RuleContext,
): void {
  const [first, second] = given;
  if (fileMethods.test(module)) {
    const two = /^(?:rename|copy|copyFile|cp|move|link|symlink)/.test(name);
    for (const one of two ? [first, second] : [first]) {
      const taint = tainted(context, one, "path");
      if (taint === null) continue;
      context.report("path-traversal", node, `the path for ${name} comes ${said(taint)}`);
      return;
    }
    return;
  }
  if (!isResponse(object)) return;
  if (name === "sendFile" || name === "sendfile" || name === "download") {
    const taint = tainted(context, first, "path");
    const rooted = given.some((one) => propertyOf(literalObject(one), "root") !== undefined);
    if (taint !== null && !rooted) {
      context.report(
        "path-traversal",
        node,
        `the file that is sent is named by what comes ${said(taint)}`,
      );
    }
  }
  if (name === "render") {
    const taint = tainted(context, first, "path");
    if (taint !== null) {
      context.report("path-traversal", node, `the template is named by what comes ${said(taint)}`);
    }
  }
}

function answers(
  node: Node,
  name: string,
  object: Node | null,
  given: readonly Node[],
  context: RuleContext,
): void {
  const response = responseOf(object);
  if (response === null) return;
  if (name === "redirect") {
    const target = given.at(-1);
    redirect(node, target, context);
    return;
  }
  const header = /^(?:set|header|setHeader|writeHead|append)$/.test(name)
    ? stringOf(given[0])
    : null;
  if (header?.toLowerCase() === "location") redirect(node, given[1], context);
  if (!/^(?:send|write|end)$/.test(name)) return;
  const [body] = given;
  const at = bare(body ?? null);
  if (at === null || at.type === "ObjectExpression") return;
  errorDetails(node, at, context);
  const taint = tainted(context, at, "html");
  if (taint === null || sendsData(at)) return;
  // A structured value is answered as JSON unless it is put into text.
  if (taint.structured && !isBuilt(at) && at.type === "Identifier" && !isBuilt(at)) {
    context.report("reflected-xss", node, `the answer repeats what comes ${said(taint)}`, 6.1);
    return;
  }
  context.report("reflected-xss", node, `the answer repeats, unescaped, what comes ${said(taint)}`);
}

/** `res`, `res.status(200)`, `reply.code(404).type("x")`. */
function responseOf(object: Node | null): Node | null {
  let at = object;
  for (let steps = 0; at !== null && steps < 8; steps++) {
    if (isResponse(at)) return at;
    if (!isCall(at)) return null;
    const callee = bare(child(at, "callee"));
    at = isMember(callee) ? bare(child(callee, "object")) : null;
  }
  return null;
}

function sendsData(node: Node): boolean {
  return isCall(node) && /^(?:stringify)$/.test(calleeOf(node).name);
}

function redirect(node: Node, target: Node | undefined, context: RuleContext): void {
  const taint = tainted(context, target, "url");
  if (taint === null || fixedTarget(beginning(target))) return;
  context.report("open-redirect", node, `the target comes ${said(taint)}`);
}

/** A path of this site, or a whole host, before anything from outside. */
function fixedTarget(text: string): boolean {
  return (
    /^\/(?![/\\]|$)/.test(text) ||
    /^[a-z][a-z0-9+.-]*:\/\/[^/?#]+[/?#]/i.test(text) ||
    /^[?#]/.test(text)
  );
}

function errorDetails(node: Node, body: Node, context: RuleContext): void {
  if (isMember(body) && propertyName(body) === "stack") {
    context.report("error-details", node, "the answer has the error's stack in it");
  }
}

const clients =
  /^(?:fetch|axios(?:\(\))?(?:\.\w+)?|got(?:\.\w+)?|needle(?:\.\w+)?|superagent(?:\.\w+)?|request(?:\.\w+)?|request-promise(?:-native)?(?:\.\w+)?|node-fetch(?:\.default)?|cross-fetch|undici\.(?:fetch|request)|https?\.(?:get|request)|ky(?:\.\w+)?|phin|bent|wreck\.\w+|urllib\.request|puppeteer.*\.goto)$/;

function requests(
  node: Node,
  name: string,
  module: string,
  given: readonly Node[],
  context: RuleContext,
): void {
  const plain = child(node, "callee")?.type === "Identifier" && name === "fetch" && module === "";
  const browser = name === "goto";
  if (!plain && !browser && !clients.test(module)) return;
  const [first] = given;
  const options = given.map(literalObject).find((one) => one !== null) ?? null;
  const places = [
    literalObject(first) === null ? first : undefined,
    ...["url", "uri", "baseURL", "host", "hostname"].map((key) => propertyOf(options, key)),
  ];
  for (const one of places) {
    const taint = tainted(context, one, "url");
    if (taint === null || fixedTarget(beginning(one))) continue;
    context.report("ssrf", node, `the address to ask comes ${said(taint)}`);
    return;
  }
}

const both = ["request", "browser"] as const;

function pageCalls(
  node: Node,
  name: string,
  object: Node | null,
  given: readonly Node[],
  context: RuleContext,
): void {
  const writes =
    name === "insertAdjacentHTML" ||
    ((name === "write" || name === "writeln") && keyOf(object) === "document");
  const query = name === "html" && object !== null && isCall(object);
  if (/^bypassSecurityTrust(?:Html|Script|Url|ResourceUrl|Style)$/.test(name)) {
    context.report("dom-xss", node, `${name} switches the framework's sanitising off`, 6.1);
    return;
  }
  if (!writes && !query) return;
  for (const one of given) {
    const taint = tainted(context, one, "html", both);
    if (taint === null) continue;
    context.report("dom-xss", node, `${name} writes as HTML what comes ${said(taint)}`);
    return;
  }
}

function assignments(node: Node, context: RuleContext): void {
  const left = bare(child(node, "left"));
  const right = child(node, "right");
  if (!isMember(left)) return;
  const name = propertyName(left);
  if (name === "innerHTML" || name === "outerHTML" || name === "srcdoc") {
    const taint = tainted(context, right, "html", both);
    if (taint !== null) {
      context.report("dom-xss", node, `${name} is set to what comes ${said(taint)}`);
    }
    return;
  }
  if (name === "href" || name === "location") {
    const of = keyOf(bare(child(left, "object")));
    const taint = /^(?:window|location|document)$/.test(of)
      ? tainted(context, right, "url", both)
      : null;
    if (taint !== null && !fixedTarget(beginning(right))) {
      context.report("open-redirect", node, `the page moves to what comes ${said(taint)}`);
    }
    return;
  }
  propertyWrite(node, left, right, context);
}

/** `a[x] = y` and `a[x][y] = z` with names from a request. */
function propertyWrite(node: Node, left: Node, right: Node | null, context: RuleContext): void {
  if (left["computed"] !== true || node["operator"] !== "=") return;
  const key = child(left, "property");
  const taint = tainted(context, key, null);
  if (taint === null) return;
  const outer = bare(child(left, "object"));
  const nested =
    isMember(outer) &&
    outer["computed"] === true &&
    tainted(context, child(outer, "property"), null);
  const value = tainted(context, right, null);
  if (nested) {
    context.report("prototype-pollution", node, `two property names come ${said(taint)}`);
  } else if (value?.structured === true) {
    context.report(
      "prototype-pollution",
      node,
      `a property name and its value come ${said(taint)}`,
      5.9,
    );
  }
}

function jsx(node: Node, context: RuleContext): void {
  if (keyOf(child(node, "name")) !== "dangerouslySetInnerHTML") return;
  const value = child(child(node, "value"), "expression");
  const html = propertyOf(literalObject(value), "__html");
  const taint = tainted(context, html ?? value, "html", both);
  if (taint !== null) {
    context.report("dom-xss", node, `dangerouslySetInnerHTML gets what comes ${said(taint)}`);
  }
}

function objects(
  node: Node,
  name: string,
  module: string,
  given: readonly Node[],
  context: RuleContext,
): void {
  if (name === "RegExp" && child(node, "callee")?.type === "Identifier") {
    const taint = tainted(context, given[0], "regex", ["request", "browser"]);
    if (taint !== null) {
      context.report("regex-injection", node, `the expression comes ${said(taint)}`);
    }
    return;
  }
  const deep =
    /^lodash(?:\.(?:merge|mergeWith|defaultsDeep|set|setWith|zipObjectDeep))$|^(?:lodash\.merge|lodash\.defaultsdeep|deepmerge|merge-deep|deep-extend|extend|hoek\.merge)(?:\.\w+)?$/.test(
      module,
    ) ||
    (name === "extend" && given[0]?.type === "BooleanLiteral");
  if (deep) {
    for (const one of given.slice(1)) {
      const taint = tainted(context, one, null, ["request", "browser"]);
      if (taint?.structured !== true) continue;
      context.report(
        "prototype-pollution",
        node,
        `${name} merges deeply what comes ${said(taint)}`,
      );
      return;
    }
  }
  const creates =
    /^(?:create|build|insert|insertOne|insertMany|bulkCreate|upsert|findByIdAndUpdate|update|updateOne|assign)$/;
  if (!creates.test(name) || name === "assign") return;
  for (const one of given.slice(0, 2)) {
    if (!isWholeBody(one)) continue;
    const taint = tainted(context, one, null);
    if (taint === null) continue;
    context.report("mass-assignment", node, `every field comes ${said(taint)}`, weigh(taint, 5.4));
    return;
  }
}

function isWholeBody(node: Node): boolean {
  const at = bare(node);
  return isMember(at) && /^(?:body|query)$/.test(propertyName(at));
}

function logs(
  node: Node,
  name: string,
  object: Node | null,
  given: readonly Node[],
  context: RuleContext,
): void {
  if (!/^(?:log|info|warn|error|debug)$/.test(name)) return;
  if (object?.type !== "Identifier" || !/^(?:console|log|logger)$/.test(keyOf(object))) return;
  for (const one of given) {
    const taint = tainted(context, one, null);
    if (taint === null) continue;
    context.report("log-injection", node, `a log line has in it what comes ${said(taint)}`);
    return;
  }
}
