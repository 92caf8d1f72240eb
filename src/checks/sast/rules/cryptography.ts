import {
  bare,
  child,
  children,
  isCall,
  isMember,
  keyOf,
  type Node,
  propertyName,
  stringOf,
} from "../ast.ts";
import { calleeOf } from "../modules.ts";
import type { RuleContext, Visit } from "./rule.ts";

/** Hashes, ciphers and random values that do not hold what they are used for. */
export const cryptography: Visit = (node, context) => {
  if (!isCall(node) && node.type !== "NewExpression") return;
  const { name, module } = calleeOf(node);
  hashes(node, name, module ?? "", children(node, "arguments"), context);
  random(node, module ?? "", context);
};

const passwordWords = /pass(?:word|wd|phrase)?|pwd/i;

function hashes(
  node: Node,
  name: string,
  module: string,
  given: readonly Node[],
  context: RuleContext,
): void {
  if (/^crypto\.create(?:Cipher|Decipher)(?:iv)?$/.test(module)) {
    const algorithm = stringOf(given[0]) ?? "";
    if (!module.endsWith("iv") || /^(?:des|rc[24]|bf|blowfish|idea|seed)|-ecb$/i.test(algorithm)) {
      context.report("weak-cipher", node, `${name} with ${algorithm || "a key from a password"}`);
    }
    return;
  }
  const direct = /^(?:md5|sha1|blueimp-md5|js-md5|crypto-js\.(?:MD5|SHA1))$/.test(module);
  if (module !== "crypto.createHash" && module !== "crypto.hash" && !direct) return;
  const algorithm = direct ? module.replace(/^.*[.-]/, "") : (stringOf(given[0]) ?? "");
  const broken = /^(?:md[245]|sha-?1|ripemd(?:128|160)?|rmd160)$/i.test(algorithm);
  if (ofPassword(node)) {
    context.report(
      "weak-password-hash",
      node,
      `a password is hashed by ${algorithm || "a plain hash"}`,
      broken ? 7.5 : 6.5,
    );
  } else if (broken) context.report("weak-hash", node, `${algorithm} is broken`);
}

/** `createHash(…).update(password)`, `md5(password)`, or a function whose name says it. */
function ofPassword(node: Node): boolean {
  let at: Node | undefined = node;
  for (let steps = 0; at !== undefined && steps < 6; steps++, at = at.parent) {
    if (isCall(at)) {
      for (const one of children(at, "arguments"))
        if (passwordWords.test(lastName(one))) return true;
    }
    if (/Statement$|Declaration$/.test(at.type)) break;
  }
  const owner = node.scope?.owner ?? null;
  return owner !== null && /hash_?(?:pass|pwd)|(?:pass|pwd)\w*_?hash/i.test(functionName(owner));
}

function lastName(node: Node | null): string {
  const at = bare(node);
  return isMember(at) ? propertyName(at) : at?.type === "Identifier" ? keyOf(at) : "";
}

function functionName(of: Node): string {
  const own = keyOf(child(of, "id") ?? child(of, "key"));
  if (own !== "*") return own;
  const at = of.parent;
  if (at?.type === "VariableDeclarator") return keyOf(child(at, "id"));
  if (at?.type === "AssignmentExpression") return lastName(child(at, "left"));
  return at?.type === "ObjectProperty" ? keyOf(child(at, "key")) : "";
}

const guarded =
  /token|secret|passw|otp\b|session_?id|nonce|csrf|api_?key|reset|salt|verification|invite|\bpin\b|voucher|coupon|captcha/i;

function random(node: Node, module: string, context: RuleContext): void {
  if (module !== "Math.random") return;
  let at: Node | undefined = node;
  for (let steps = 0; at !== undefined && steps < 12; steps++, at = at.parent) {
    const names =
      at.type === "VariableDeclarator"
        ? keyOf(child(at, "id"))
        : at.type === "AssignmentExpression"
          ? lastName(child(at, "left"))
          : at.type === "ObjectProperty"
            ? keyOf(child(at, "key"))
            : /Function|Method/.test(at.type)
              ? functionName(at)
              : "";
    if (guarded.test(names)) {
      context.report("insecure-random", node, `${names} is made from Math.random`);
      return;
    }
    if (/Function|Method/.test(at.type)) return;
  }
}
