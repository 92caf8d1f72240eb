import { describe, expect, it } from "vitest";
import { sarifHits, treeContext } from "../../../test/support/tree-context.ts";
import { runCheck } from "../run.ts";
import { stateFiles } from "./index.ts";
import { stateFileRules } from "./rules.ts";

const run = async (files: Parameters<typeof treeContext>[0]) =>
  runCheck(stateFiles, await treeContext(files), {
    name: "state-files",
    with: {},
    timeout: 60_000,
  });

const word = "Tr0ub4dor-3";

describe("the check state-files", () => {
  it("finds state and credentials of each tool, and says no value", async () => {
    const report = await run({
      "terraform.tfstate":
        '{"version":4,"resources":[{"instances":[{"attributes":{"password":"x"}}]}]}',
      "tofu.tfstate": '{"encryption_version":"v0","encrypted_data":"abc","meta":{}}',
      "main.tf": 'terraform {\n  backend "s3" {\n    bucket = "b"\n  }\n}\n',
      "local.tf": 'terraform {\n  backend "local" {\n    path = "x"\n  }\n}\n',
      "http.tf": 'terraform {\n  backend "http" {\n    address = "http://state"\n  }\n}\n',
      "prod.auto.tfvars": `region = "eu"\ndb_password = "${word}"\n`,
      "group_vars/vault.yml": `db_password: ${word}\n`,
      ".npmrc": `//registry.example.org/:_authToken=${word}\n`,
      "kube.yaml": `apiVersion: v1\nkind: Config\nclusters: []\nusers:\n- name: a\n  user:\n    token: ${word}\n`,
      "secret.yaml": `apiVersion: v1\nkind: ConfigMap\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: a\ndata:\n  password: VHIwdWI0ZG9y\n`,
    });
    expect(report.verdict).toBe("pass");
    const hits = sarifHits(report.raw).map(({ rule, path, line }) => `${rule} ${path}:${line}`);
    expect(hits.sort()).toEqual([
      "credentials-file .npmrc:1",
      "encrypted-state-in-release tofu.tfstate:1",
      "kubeconfig kube.yaml:7",
      "kubernetes-secret secret.yaml:8",
      "state-in-release terraform.tfstate:1",
      "state-kept-locally local.tf:2",
      "state-not-encrypted main.tf:2",
      "state-over-plain-http http.tf:2",
      "variables-with-secrets prod.auto.tfvars:2",
      "vault-not-encrypted group_vars/vault.yml:1",
    ]);
    expect(JSON.stringify(report)).not.toContain(word);
    const found = new Set(sarifHits(report.raw).map(({ rule }) => rule));
    expect(stateFileRules.map(({ id }) => id).filter((id) => !found.has(id))).toEqual([]);
  });

  it("takes what is encrypted, referred to or kept well for what it is", async () => {
    const report = await run({
      "main.tf": 'terraform {\n  backend "s3" {\n    encrypt = true\n  }\n}\n',
      "a.tfvars": 'db_password = "${var.x}"\nregion = "eu"\n',
      "group_vars/vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n3132\n",
      "group_vars/all.yml": 'db_password: "{{ vault_db_password }}"\n',
      ".npmrc": "//registry.example.org/:_authToken=${TOKEN}\n",
      "sealed.yaml": "kind: SealedSecret\nspec:\n  encryptedData:\n    a: AgB\n",
      "sops.yaml": "kind: Secret\ndata:\n  a: ENC[AES]\nsops:\n  version: 3\n",
    });
    expect([report.verdict, sarifHits(report.raw)]).toEqual(["pass", []]);
  });

  it("is inconclusive where there is no such file", async () => {
    expect((await run({ "a.js": "1" })).verdict).toBe("inconclusive");
  });
});
