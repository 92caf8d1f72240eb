import { TidelockError } from "../model/errors.ts";
import type { Check } from "../ports/check.ts";
import { advisories } from "./advisories/index.ts";
import { apiFuzz } from "./api-fuzz/index.ts";
import { attackSpecs } from "./attack-specs/index.ts";
import { bandit } from "./bandit/index.ts";
import { buildLog } from "./build-log/index.ts";
import { chaos } from "./chaos/index.ts";
import { checkov } from "./checkov/index.ts";
import { command } from "./command/index.ts";
import { dast } from "./dast/index.ts";
import { devTools } from "./dev-tools/index.ts";
import { engagement } from "./engagement/index.ts";
import { eslint } from "./eslint/index.ts";
import { findings } from "./findings/index.ts";
import { gitleaks } from "./gitleaks/index.ts";
import { grype } from "./grype/index.ts";
import { hadolint } from "./hadolint/index.ts";
import { http } from "./http/index.ts";
import { isolation } from "./isolation/index.ts";
import { kubeLinter } from "./kube-linter/index.ts";
import { licences } from "./licences/index.ts";
import { load } from "./load/index.ts";
import { lynis } from "./lynis/index.ts";
import { manifest } from "./manifest/index.ts";
import { manual } from "./manual/index.ts";
import { nmap } from "./nmap/index.ts";
import { npmAudit } from "./npm-audit/index.ts";
import { nuclei } from "./nuclei/index.ts";
import { osvScanner } from "./osv-scanner/index.ts";
import { parity } from "./parity/index.ts";
import { ports } from "./ports/index.ts";
import { regression } from "./regression/index.ts";
import { sast } from "./sast/index.ts";
import { secretlint } from "./secretlint/index.ts";
import { secrets } from "./secrets/index.ts";
import { semgrep } from "./semgrep/index.ts";
import { signals } from "./signals/index.ts";
import { slo } from "./slo/index.ts";
import { smoke } from "./smoke/index.ts";
import { stateFiles } from "./state-files/index.ts";
import { testssl } from "./testssl/index.ts";
import { trivy } from "./trivy/index.ts";
import { wapiti } from "./wapiti/index.ts";
import { zap } from "./zap/index.ts";

/** Every check adapter by its id, which is its folder's name; a test compares the two. */
export const checks: ReadonlyMap<string, Check> = new Map<string, Check>(
  [
    advisories,
    apiFuzz,
    attackSpecs,
    bandit,
    buildLog,
    chaos,
    checkov,
    command,
    dast,
    devTools,
    engagement,
    eslint,
    findings,
    gitleaks,
    grype,
    hadolint,
    http,
    isolation,
    kubeLinter,
    licences,
    load,
    lynis,
    manifest,
    manual,
    nmap,
    npmAudit,
    nuclei,
    osvScanner,
    parity,
    ports,
    regression,
    sast,
    secretlint,
    secrets,
    semgrep,
    signals,
    slo,
    smoke,
    stateFiles,
    testssl,
    trivy,
    wapiti,
    zap,
  ].map((check) => [check.id, check]),
);

/** Throws `not-found` naming those that there are. */
export function findCheck(id: string): Check {
  const check = checks.get(id);
  if (check === undefined) {
    throw new TidelockError("not-found", `there is no check adapter ${id}`, {
      fault: "operator",
      where: id,
      hint: `one of ${[...checks.keys()].join(", ")}`,
    });
  }
  return check;
}
