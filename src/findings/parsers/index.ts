import { bandit } from "./bandit/index.ts";
import { checkov } from "./checkov/index.ts";
import { cucumberJson } from "./cucumber-json/index.ts";
import { eslint } from "./eslint/index.ts";
import { gitleaks } from "./gitleaks/index.ts";
import { nmap } from "./nmap/index.ts";
import { npmAudit } from "./npm-audit/index.ts";
import { osv } from "./osv/index.ts";
import type { Parser } from "./parser.ts";
import { sarif } from "./sarif/index.ts";
import { semgrep } from "./semgrep/index.ts";
import { wapiti } from "./wapiti/index.ts";

/** Every format of raw reports that observations can be read from, by the id that adapters name. */
export const parsers: ReadonlyMap<string, Parser> = new Map<string, Parser>(
  [
    bandit,
    checkov,
    cucumberJson,
    eslint,
    gitleaks,
    nmap,
    npmAudit,
    osv,
    sarif,
    semgrep,
    wapiti,
  ].map((parser) => [parser.format, parser]),
);
