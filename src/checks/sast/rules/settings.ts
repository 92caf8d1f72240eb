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
import { calleeOf, moduleOf } from "../modules.ts";
import { isResponse } from "../sources.ts";
import {
  constantText,
  isFalse,
  isTrue,
  literalObject,
  type RuleContext,
  said,
  tainted,
  type Visit,
} from "./rule.ts";

/** Transport, cookies, tokens and keys: what is switched off, weak, or in the code. */
export const settings: Visit = (node, context) => {
  if (isCall(node) || node.type === "NewExpression") {
    const { name, module, object } = calleeOf(node);
    const given = children(node, "arguments");
    tokens(node, name, module ?? "", given, context);
    keys(node, name, module ?? "", given, context);
    cookies(node, name, module ?? "", object, given, context);
    crossOrigin(node, name, module ?? "", object, given, context);
    templates(node, module ?? "", name, given, context);
  } else if (node.type === "ObjectProperty") {
    options(node, context);
  } else if (node.type === "AssignmentExpression") {
    assigned(node, context);
  } else if (node.type === "RegExpLiteral") {
    slowRegex(node, context);
  }
};

function tokens(
  node: Node,
  name: string,
  module: string,
  given: readonly Node[],
  context: RuleContext,
): void {
  if (!/^(?:jsonwebtoken|jwt-simple|express-jwt|jose|jws)\b/.test(module)) return;
  for (const one of given) {
    const object = literalObject(one);
    const algorithms = propertyOf(object, "algorithms") ?? propertyOf(object, "algorithm");
    if (/\bnone\b/i.test(constantText(algorithms))) {
      context.report("jwt-not-verified", node, "the algorithm none is accepted", 9.1);
      return;
    }
    if (isTrue(propertyOf(object, "ignoreExpiration"))) {
      context.report("jwt-not-verified", node, "expired tokens are accepted", 5.4);
    }
  }
  const second = given[1];
  const empty =
    second?.type === "NullLiteral" ||
    isFalse(second) ||
    stringOf(second) === "" ||
    keyOf(second ?? null) === "undefined";
  if (name === "verify" && second !== undefined && empty) {
    context.report("jwt-not-verified", node, "the token is verified with no key", 9.1);
  }
  if (module === "jwt-simple.decode" && isTrue(given[2])) {
    context.report("jwt-not-verified", node, "the token is decoded and not verified");
  }
  if (module === "jsonwebtoken.decode") {
    context.report("jwt-not-verified", node, "the token is decoded and not verified", 4.3);
  }
}

/** Keys as literals where a key is asked for. */
function keys(
  node: Node,
  name: string,
  module: string,
  given: readonly Node[],
  context: RuleContext,
): void {
  const places: readonly (readonly [RegExp, number])[] = [
    [/^jsonwebtoken\.(?:sign|verify)$|^jwt-simple\.(?:encode|decode)$/, 1],
    [/^crypto\.create(?:Hmac|Cipher(?:iv)?|Decipher(?:iv)?)$/, 1],
    [/^cookie-parser(?:\.default)?$/, 0],
  ];
  for (const [pattern, index] of places) {
    if (!pattern.test(module)) continue;
    const value = literalKey(given[index]);
    if (value) context.report("hardcoded-secret", node, `the key for ${name} is a literal`);
  }
  if (
    /^(?:express-session|cookie-session|express-jwt|koa-session|connect\.session|express\.session)(?:\.default|\.expressjwt)?$/.test(
      module,
    )
  ) {
    const object = literalObject(given[0]);
    for (const key of ["secret", "keys"]) {
      if (literalKey(propertyOf(object, key))) {
        context.report("hardcoded-secret", node, `${key} of ${module} is a literal`);
      }
    }
  }
}

function literalKey(node: Node | null | undefined): boolean {
  const at = bare(node ?? null);
  if (at === null) return false;
  if (at.type === "ArrayExpression") return children(at, "elements").some(literalKey);
  const text = stringOf(at);
  if (text !== null) return text.length >= 3;
  if (at.type === "LogicalExpression") return literalKey(child(at, "right"));
  if (at.type !== "Identifier") return false;
  return constantText(at).trim().length >= 3 && moduleOf(at) === null;
}

function cookies(
  node: Node,
  name: string,
  module: string,
  object: Node | null,
  given: readonly Node[],
  context: RuleContext,
): void {
  if (name === "cookie" && isResponse(object)) {
    const literal = literalObject(given[2]);
    if (given[2] !== undefined && literal === null) return;
    if (children(literal, "properties").some(({ type }) => type === "SpreadElement")) return;
    const missing = ["httpOnly", "secure"].filter((flag) => {
      const value = propertyOf(literal, flag);
      return value === undefined || isFalse(value);
    });
    if (missing.length > 0) {
      context.report(
        "cookie-flags",
        node,
        `the cookie is set without ${missing.join(" and ")}`,
        missing.includes("httpOnly") ? 5.3 : 4.3,
      );
    }
    return;
  }
  if (
    !/^(?:express-session|cookie-session|connect\.session|express\.session)(?:\.default)?$/.test(
      module,
    )
  )
    return;
  const configuration = literalObject(given[0]);
  if (configuration === null) return;
  const cookie = module.startsWith("cookie-session")
    ? configuration
    : literalObject(propertyOf(configuration, "cookie"));
  const secure = propertyOf(cookie, "secure");
  const open = isFalse(propertyOf(cookie, "httpOnly"));
  if (secure === undefined || isFalse(secure) || open) {
    const what = open ? "httpOnly" : "secure";
    context.report("cookie-flags", node, `the session's cookie is set without ${what}`);
  }
}

function crossOrigin(
  node: Node,
  name: string,
  module: string,
  object: Node | null,
  given: readonly Node[],
  context: RuleContext,
): void {
  const credentialed = (options: Node | null) => isTrue(propertyOf(options, "credentials"));
  if (/^(?:cors|@koa\/cors|@fastify\/cors|fastify-cors)(?:\.default)?$/.test(module)) {
    const options = literalObject(given[0]);
    if (given[0] !== undefined && options === null) return;
    const origin = propertyOf(options, "origin");
    const any = origin === undefined || stringOf(origin) === "*" || isTrue(origin);
    if (any) {
      const bad = credentialed(options) && isTrue(origin);
      context.report("cors-any-origin", node, "every origin is allowed", bad ? 7.5 : 5.3);
    }
    return;
  }
  if (!/^(?:set|header|setHeader|append)$/.test(name) || object === null) return;
  if (stringOf(given[0])?.toLowerCase() !== "access-control-allow-origin") return;
  const taint = tainted(context, given[1], null);
  if (taint !== null) {
    context.report("cors-any-origin", node, `the allowed origin comes ${said(taint)}`, 7.5);
  } else if (stringOf(given[1]) === "*") {
    context.report("cors-any-origin", node, "every origin is allowed");
  }
}

function templates(
  node: Node,
  module: string,
  name: string,
  given: readonly Node[],
  context: RuleContext,
): void {
  const engines = /^(?:swig|swig-templates|nunjucks|consolidate|mustache|handlebars|marked|eta)\b/;
  if (!engines.test(module)) return;
  for (const one of given) {
    const object = literalObject(one);
    const escaped = propertyOf(object, "autoescape") ?? propertyOf(object, "autoEscape");
    const off =
      isFalse(escaped) ||
      isTrue(propertyOf(object, "noEscape")) ||
      isFalse(propertyOf(object, "sanitize"));
    if (off) {
      context.report("autoescape-off", node, `${name} of ${module} writes values as they are`);
    }
  }
}

/** Options that mean the same wherever they stand. */
function options(node: Node, context: RuleContext): void {
  const key = keyOf(child(node, "key"));
  const value = child(node, "value");
  if (node.parent?.type !== "ObjectExpression") return;
  if ((key === "rejectUnauthorized" || key === "strictSSL") && isFalse(value)) {
    context.report("tls-verification-off", node, `${key} is false`);
  }
  const version = stringOf(value) ?? "";
  if (key === "secureProtocol" && /^(?:SSLv|TLSv1(?:_1)?_)/.test(version)) {
    context.report("weak-tls", node, `${version} is old`);
  }
  if (key === "minVersion" && /^(?:TLSv1(?:\.1)?|SSLv\d)$/.test(version)) {
    context.report("weak-tls", node, `${version} is old`);
  }
}

function assigned(node: Node, context: RuleContext): void {
  const left = bare(child(node, "left"));
  if (!isMember(left)) return;
  const name = propertyName(left);
  const right = child(node, "right");
  const off = stringOf(right) === "0" || (right?.type === "NumericLiteral" && right["value"] === 0);
  if (name === "NODE_TLS_REJECT_UNAUTHORIZED" && off) {
    context.report(
      "tls-verification-off",
      node,
      "certificates are not verified in the whole process",
    );
  }
  if ((name === "rejectUnauthorized" || name === "strictSSL") && isFalse(right)) {
    context.report("tls-verification-off", node, `${name} is false`);
  }
}

function slowRegex(node: Node, context: RuleContext): void {
  const pattern = String(node["pattern"]);
  if (pattern.length < 2_000 && hasNestedRepetition(pattern)) {
    context.report("slow-regex", node, "a repetition inside a repetition");
  }
}

/** `(a+)+`, `(.*)*`, `([0-9]+)+`: a group that ends in an open repetition and is itself repeated. */
function hasNestedRepetition(pattern: string): boolean {
  const plain = pattern.replaceAll(/\\./g, "_").replaceAll(/\[[^\]]*\]/g, "_");
  return /\((?:\?:)?[^()|]?[*+]\)(?:[*+]|\{\d+,\d*\})/.test(plain);
}
