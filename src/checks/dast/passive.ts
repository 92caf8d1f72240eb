import type { Exchange } from "../exchange.ts";
import {
  contentPolicyRule,
  contentTypeRule,
  cookieRule,
  framingRule,
  hstsRule,
  referrerRule,
  tlsRule,
  versionRule,
} from "../header-rules.ts";
import { pageOf } from "./attacks/cors.ts";
import type { Lab } from "./lab.ts";
import type { RuleId } from "./rules.ts";

const headerRules: readonly {
  readonly rule: RuleId;
  readonly technique: string;
  readonly of: (answer: Exchange) => string | null;
}[] = [
  { rule: "framing", technique: "framing", of: framingRule },
  { rule: "header-policy", technique: "content-type-options", of: contentTypeRule },
  { rule: "header-policy", technique: "content-security-policy", of: contentPolicyRule },
  { rule: "header-policy", technique: "referrer-policy", of: referrerRule },
  { rule: "header-policy", technique: "hsts", of: hstsRule },
  { rule: "cookie-flags", technique: "cookie", of: cookieRule },
  { rule: "weak-tls", technique: "tls", of: (answer) => tlsRule(answer, Date.now()) },
  { rule: "version-leak", technique: "version", of: versionRule },
];

/** Judges headers, cookies and TLS of the pages that were seen: each rule once, at the first place. */
export async function judgeHeaders(
  lab: Lab,
  pages: readonly { readonly path: string; readonly answer: Exchange }[],
): Promise<void> {
  for (const { rule, technique, of } of headerRules) {
    lab.assertions += 1;
    const first = pages.find(({ answer }) => of(answer) !== null);
    if (first === undefined) continue;
    const request = { method: "GET", path: first.path, headers: {} };
    const again = await lab.prober.send(request, null);
    if (again === null) continue;
    const count = pages.filter(({ answer }) => of(answer) !== null).length;
    const confirmed = of(again) !== null || rule === "cookie-flags";
    if (!confirmed) continue;
    const operation = pageOf(first.path.split("?")[0] ?? "/");
    lab.report(
      { operation, actor: null },
      {
        rule,
        technique,
        evidence: [
          of(first.answer) ?? "",
          `so on ${count} of ${pages.length} pages, and when asked again`,
        ],
        replay: request,
      },
    );
  }
}
