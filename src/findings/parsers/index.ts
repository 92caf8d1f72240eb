import { readText } from "../reading/read-text.ts";
import { bandit } from "./bandit/index.ts";
import { checkov } from "./checkov/index.ts";
import { cucumberJson } from "./cucumber-json/index.ts";
import { eslint } from "./eslint/index.ts";
import { formats } from "./formats.ts";
import { gitleaks } from "./gitleaks/index.ts";
import { grype } from "./grype/index.ts";
import { kubeLinter } from "./kube-linter/index.ts";
import { lynis } from "./lynis/index.ts";
import { nmap } from "./nmap/index.ts";
import { npmAudit } from "./npm-audit/index.ts";
import { nuclei } from "./nuclei/index.ts";
import { osv } from "./osv/index.ts";
import type { Parser } from "./parser.ts";
import { secretlint } from "./secretlint/index.ts";
import { semgrep } from "./semgrep/index.ts";
import { testssl } from "./testssl/index.ts";
import { trivy } from "./trivy/index.ts";
import { wapiti } from "./wapiti/index.ts";
import { zap } from "./zap/index.ts";

/** Every format of raw reports that observations can be read from, by the id that adapters name. */
export const parsers: ReadonlyMap<string, Parser> = new Map<string, Parser>(
  [
    ...formats.map((format) => ({
      format: format.id,
      parse: (text: string) => readText(format, text),
    })),
    bandit,
    checkov,
    cucumberJson,
    eslint,
    gitleaks,
    grype,
    kubeLinter,
    lynis,
    nmap,
    npmAudit,
    nuclei,
    osv,
    secretlint,
    semgrep,
    testssl,
    trivy,
    wapiti,
    zap,
  ].map((parser) => [parser.format, parser]),
);
