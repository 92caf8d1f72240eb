import { z } from "zod";
import { Fingerprints } from "../scanner/fingerprint.ts";
import type { Hit } from "../scanner/protocol.ts";
import type { Scanner } from "../scanner/scanner.ts";
import { LineIndex, type SourceFile } from "../scanner/source-file.ts";

const maxBytes = 16 * 1024 * 1024;

/** A name that says that its value is a secret. */
const secretName = /(?:passw(?:or)?d|secret|token|private_?key|api_?key|access_?key|credential)/i;
const reference = /^["']?(?:\$\{|\{\{|!vault|!secret|var\.|data\.|<|null\b|~$|$)/i;

type Find = (
  file: SourceFile,
) => readonly { readonly rule: string; readonly at: number; readonly what: string }[];

const kinds: readonly (readonly [names: RegExp, find: Find])[] = [
  [/\.tfstate(?:\.backup|\.\d+)?$/, terraformState],
  [/(?:^|\/)\.pulumi\/stacks\/.+\.json(?:\.bak)?$/, pulumiState],
  [/\.(?:tf|tofu)$/, terraformBackend],
  [/\.(?:auto\.)?tfvars$/, terraformVariables],
  [/(?:^|\/)(?:group_vars|host_vars)\/.*|(?:^|\/)[\w.-]*vault[\w.-]*\.ya?ml$/i, ansibleVault],
  [
    /(?:^|\/)(?:\.npmrc|\.yarnrc(?:\.yml)?|\.pypirc|\.netrc|_netrc|\.pgpass|\.git-credentials|\.my\.cnf)$/,
    credentialsLine,
  ],
  [
    /(?:^|\/)\.aws\/credentials$|(?:^|\/)\.docker\/config\.json$|(?:^|\/)\.dockercfg$/,
    credentialsLine,
  ],
  [/(?:\.ya?ml|\.json|kubeconfig|\.kube\/config)$/i, kubernetes],
];

export const stateFilesScanner: Scanner = {
  options: z.strictObject({}),
  begin: () => ({
    wants: ({ path }) =>
      !/(?:^|\/)node_modules\//.test(path) && kinds.some(([names]) => names.test(path))
        ? { kind: "whole", most: maxBytes }
        : { kind: "pass-over" },
    file: (file, report) => {
      const lines = file.text.split("\n");
      const index = new LineIndex(file.text);
      const prints = new Fingerprints();
      for (const [names, find] of kinds) {
        if (!names.test(file.path)) continue;
        for (const { rule, at, what } of find(file).slice(0, 100)) {
          const { line, column } = index.at(at);
          // The name before the value, never the value.
          const name = (lines[line - 1] ?? "").split(/[:=]/)[0] ?? "";
          const hit: Hit = {
            rule,
            path: file.path,
            line,
            column,
            message: what,
            fingerprint: prints.of(rule, name, 1),
          };
          report(hit);
        }
      }
    },
  }),
};

function terraformState({ text }: SourceFile) {
  if (/"encrypted_data"\s*:/.test(text) && /"encryption_version"\s*:/.test(text)) {
    return [{ rule: "encrypted-state-in-release", at: 0, what: "encrypted state" }];
  }
  return [{ rule: "state-in-release", at: 0, what: "state of Terraform or OpenTofu" }];
}

function pulumiState() {
  return [{ rule: "state-in-release", at: 0, what: "state of Pulumi" }];
}

function terraformBackend({ text }: SourceFile) {
  const found: { rule: string; at: number; what: string }[] = [];
  for (const match of text.matchAll(/\bbackend\s+"(\w+)"\s*\{([^{}]{0,5000})/g)) {
    const [, kind, body = ""] = match;
    const at = match.index;
    if (kind === "local") found.push({ rule: "state-kept-locally", at, what: 'backend "local"' });
    if (kind === "s3" && !/^\s*encrypt\s*=\s*true\b/m.test(body)) {
      found.push({ rule: "state-not-encrypted", at, what: 'backend "s3" without encrypt = true' });
    }
    if (/=\s*"http:\/\//.test(body))
      found.push({ rule: "state-over-plain-http", at, what: "a backend at http://" });
  }
  return found;
}

function terraformVariables({ text }: SourceFile) {
  return assignments(
    text,
    /^[ \t]*"?([\w.-]+)"?[ \t]*=[ \t]*("[^"\n]{3,}")/gm,
    "variables-with-secrets",
    "a variable",
  );
}

function ansibleVault({ text, path }: SourceFile) {
  if (/^\s*\$ANSIBLE_VAULT;/.test(text)) return [];
  const isVault = /vault/i.test(path.slice(path.lastIndexOf("/") + 1));
  const found = assignments(
    text,
    /^[ \t]*([\w.-]+)[ \t]*:[ \t]*([^\s#][^\n]*)$/gm,
    isVault ? "vault-not-encrypted" : "variables-with-secrets",
    "the variable",
  );
  return isVault && found.length > 0 ? found.slice(0, 1) : found;
}

function assignments(text: string, expression: RegExp, rule: string, what: string) {
  return [...text.matchAll(expression)].flatMap((match) => {
    const [, name = "", value = ""] = match;
    if (!secretName.test(name) || reference.test(value.trim()) || /^"?\$|\{\{/.test(value))
      return [];
    return [{ rule, at: match.index, what: `${what} ${name.slice(0, 100)} has a plain value` }];
  });
}

function credentialsLine({ text }: SourceFile) {
  const expression =
    /(?:_authToken|_auth|_password|npmAuthToken|password|aws_secret_access_key|"auth"|"identitytoken")\s*[:=]\s*["']?([^\s"'$]{3,})|\bmachine\s+\S+\s+login\s+\S+\s+password\s+\S+|^[^\s#:]+:\d+:[^:]*:[^:]*:[^\s]+$|^https?:\/\/[^\s:]+:[^\s@]+@/gm;
  const match = expression.exec(text);
  return match === null
    ? []
    : [{ rule: "credentials-file", at: match.index, what: "credentials of a tool" }];
}

function kubernetes({ text }: SourceFile) {
  if (/^sops:|"sops"\s*:\s*\{/m.test(text)) return [];
  const found: { rule: string; at: number; what: string }[] = [];
  const config = /^\s*"?kind"?\s*:\s*"?Config"?,?\s*$/m.exec(text);
  const credential =
    /^[\s-]*"?(?:token|client-key-data|password|id-token|refresh-token)"?\s*:\s*["']?[^\s"'$<{]{4,}/m.exec(
      text,
    );
  if (config !== null && credential !== null && /"?(?:users|clusters)"?\s*:/.test(text)) {
    found.push({
      rule: "kubeconfig",
      at: credential.index + (credential[0].length - credential[0].trimStart().length),
      what: "credentials of a user of a cluster",
    });
  }
  let at = 0;
  for (const part of text.split(/^---[^\n]*\n/m)) {
    const start = text.indexOf(part, at);
    at = start + part.length;
    const secret = /^\s*"?kind"?\s*:\s*"?Secret"?,?\s*$/m.exec(part);
    if (secret === null) continue;
    const values =
      /^"?(?:data|stringData)"?\s*:\s*\n(?:\s*#[^\n]*\n)*\s+[\w."'/-]+\s*:\s*["']?(?!\$\{|\{\{|<|["'\n])[^\s]+/m.exec(
        part,
      );
    if (values !== null)
      found.push({
        rule: "kubernetes-secret",
        at: start + values.index,
        what: "a Secret with values",
      });
  }
  return found;
}
