/** Small reports of the formats of which no real one stands among the fixtures, as their tools write them. */
export const fallbackSeeds: ReadonlyMap<string, string> = new Map([
  [
    "eslint",
    JSON.stringify([
      {
        filePath: "/a.js",
        messages: [{ ruleId: "no-eval", severity: 2, message: "eval", line: 3, column: 1 }],
        suppressedMessages: [],
        errorCount: 1,
      },
    ]),
  ],
  [
    "kube-linter",
    JSON.stringify({
      Checks: [],
      Reports: [
        {
          Diagnostic: { Message: "runs as root" },
          Check: "run-as-non-root",
          Remediation: "set runAsNonRoot",
          Object: {
            Metadata: { FilePath: "a.yaml" },
            K8sObject: { Namespace: "n", Name: "a", GroupVersionKind: { Kind: "Pod" } },
          },
        },
      ],
      Summary: { ChecksStatus: "Failed", KubeLinterVersion: "v0.7.1" },
    }),
  ],
  [
    "secretlint",
    `<?xml version="1.0" encoding="utf-8"?><checkstyle version="4.3"><file name="a"><error line="1" column="2"
      severity="error" message="[AWSSecretAccessKey] found: *** (@secretlint/secretlint-rule-aws)"/></file></checkstyle>`,
  ],
  [
    "lynis",
    "# Lynis Report\nhostname=a\nlynis_version=3.0.8\nwarning[]=SSH-1|Root may log in|-|-|\nfinish=true\n",
  ],
  [
    "cucumber-json",
    JSON.stringify([
      {
        keyword: "Feature",
        uri: "a.feature",
        name: "A",
        elements: [
          {
            id: "a;b",
            name: "B",
            type: "scenario",
            tags: [{ name: "@cwe-79" }],
            steps: [
              { keyword: "Given ", name: "c", result: { status: "failed", error_message: "d" } },
            ],
          },
        ],
      },
    ]),
  ],
  [
    "testssl",
    JSON.stringify([
      {
        id: "BEAST",
        ip: "a/127.0.0.1",
        port: "443",
        severity: "LOW",
        finding: "weak",
        cve: "CVE-2011-3389",
        cwe: "CWE-20",
      },
      { id: "scanTime", ip: "a/127.0.0.1", port: "443", severity: "INFO", finding: "1" },
    ]),
  ],
]);
