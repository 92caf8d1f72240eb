import { aide } from "./aide/index.ts";
import { aideText } from "./aide/text.ts";
import * as anchore from "./anchore/index.ts";
import { awsConfig } from "./aws-config/index.ts";
import * as azure from "./azure/index.ts";
import { bandit } from "./bandit/index.ts";
import { checkov } from "./checkov/index.ts";
import { clair } from "./clair/index.ts";
import { codeDx } from "./code-dx/index.ts";
import * as csaf from "./csaf/index.ts";
import { cucumberJson } from "./cucumber-json/index.ts";
import * as cyclonedx from "./cyclonedx/index.ts";
import * as dependencyCheck from "./dependency-check/index.ts";
import { dockerBench } from "./docker-bench/index.ts";
import { dockerBenchLog } from "./docker-bench/log.ts";
import { eslint } from "./eslint/index.ts";
import { falco } from "./falco/index.ts";
import type { Format } from "./format.ts";
import { gauntlt } from "./gauntlt/index.ts";
import { generic } from "./generic/index.ts";
import { gitleaks } from "./gitleaks/index.ts";
import * as googleScc from "./google-scc/index.ts";
import { grype } from "./grype/index.ts";
import { hdf } from "./hdf/index.ts";
import { jenkinsPosture } from "./jenkins-posture/index.ts";
import * as jenkinsWarnings from "./jenkins-warnings/index.ts";
import { junit } from "./junit/index.ts";
import { kubeBench, kubeBenchLines } from "./kube-bench/index.ts";
import { kubeLinter } from "./kube-linter/index.ts";
import { lynis } from "./lynis/index.ts";
import * as mittn from "./mittn/index.ts";
import { nexusIq } from "./nexus-iq/index.ts";
import { nmap } from "./nmap/index.ts";
import { npmAudit } from "./npm-audit/index.ts";
import { nuclei } from "./nuclei/index.ts";
import { openscap } from "./openscap/index.ts";
import * as openvex from "./openvex/index.ts";
import { osv } from "./osv/index.ts";
import { sarif } from "./sarif/index.ts";
import { secretlint } from "./secretlint/index.ts";
import * as securityHub from "./security-hub/index.ts";
import { semgrep } from "./semgrep/index.ts";
import { sourceclear } from "./sourceclear/index.ts";
import * as spdx from "./spdx/index.ts";
import { sslscan } from "./sslscan/index.ts";
import { suricata } from "./suricata/index.ts";
import { terrascan } from "./terrascan/index.ts";
import { testsslCsv } from "./testssl/csv.ts";
import { testssl } from "./testssl/index.ts";
import { testsslPretty } from "./testssl/pretty.ts";
import { tfsec } from "./tfsec/index.ts";
import { threadfix } from "./threadfix/index.ts";
import { trivy } from "./trivy/index.ts";
import { wapiti } from "./wapiti/index.ts";
import { zap } from "./zap/index.ts";
import { zapXml } from "./zap/xml.ts";

/** Every format of reports that can be imported, one line a folder. A test compares it with the folders. */
export const formats: readonly Format[] = [
  aide,
  aideText,
  anchore.anchore,
  anchore.anchoreList,
  anchore.anchorePolicy,
  anchore.anchorePolicyObject,
  awsConfig,
  ...Object.values(azure),
  bandit,
  checkov,
  clair,
  codeDx,
  ...Object.values(csaf),
  cucumberJson,
  ...Object.values(cyclonedx),
  ...Object.values(dependencyCheck),
  dockerBench,
  dockerBenchLog,
  eslint,
  falco,
  gauntlt,
  generic,
  gitleaks,
  ...Object.values(googleScc),
  grype,
  hdf,
  jenkinsPosture,
  ...Object.values(jenkinsWarnings),
  junit,
  kubeBench,
  kubeBenchLines,
  kubeLinter,
  lynis,
  ...Object.values(mittn),
  nexusIq,
  nmap,
  npmAudit,
  nuclei,
  openscap,
  ...Object.values(openvex),
  osv,
  sarif,
  secretlint,
  ...Object.values(securityHub),
  semgrep,
  sourceclear,
  ...Object.values(spdx),
  sslscan,
  suricata,
  terrascan,
  testssl,
  testsslCsv,
  testsslPretty,
  tfsec,
  threadfix,
  trivy,
  wapiti,
  zap,
  zapXml,
];
