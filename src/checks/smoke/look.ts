import type { CheckReport, Verdict } from "../../model/verdict.ts";
import type { CheckContext } from "../../ports/check.ts";
import { describeFailure, type Exchange, exchange } from "../exchange.ts";
import type { TargetAddress } from "../targets.ts";
import { exposedFiles, isListing, showsStack } from "../exposure.ts";
import {
  type Complaint,
  contentPolicyRule,
  contentTypeRule,
  cookieRule,
  framingRule,
  hstsRule,
  referrerRule,
  tlsRule,
  versionRule,
} from "../header-rules.ts";
import {
  defaultSeverities,
  type RuleId,
  type Severity,
  type SmokeConfiguration,
} from "./schema.ts";

type Result = CheckReport["results"][number];
const bodyBytes = 256 * 1024;

/** One address under the pack. */
export class Look {
  answered = 0;
  readonly #context: CheckContext;
  readonly #configuration: SmokeConfiguration;
  readonly #target: TargetAddress;
  readonly #results: Result[] = [];

  constructor(context: CheckContext, configuration: SmokeConfiguration, target: TargetAddress) {
    this.#context = context;
    this.#configuration = configuration;
    this.#target = target;
  }

  async run(): Promise<readonly Result[]> {
    const page = await this.#ask("reachable", "GET", this.#configuration.path);
    if (page === null) return this.#results;
    const failing = page.status >= 500 ? `it answers ${page.status}` : null;
    this.#judge("reachable", failing, `it answers ${page.status}`);
    if (page.tls !== null) {
      const old = (await this.#takesOldTls()) ? "it takes TLS 1.1 or older" : null;
      const fine = `${page.tls.protocol}, until ${page.tls.validTo}`;
      this.#judge("tls", tlsRule(page, Date.now()) ?? old, fine);
      this.#judge("hsts", hstsRule(page));
    }
    this.#judge("content-type-options", contentTypeRule(page));
    this.#judge("content-security-policy", contentPolicyRule(page));
    this.#judge("framing", framingRule(page));
    this.#judge("referrer-policy", referrerRule(page));
    this.#judge("version-leak", versionRule(page));
    this.#judge("cookies", cookieRule(page));
    await this.#listings(page);
    await this.#exposedFiles();
    await this.#trace();
    await this.#errorPages();
    return this.#results;
  }

  async #takesOldTls(): Promise<boolean> {
    const { origin, headers } = this.#target;
    const { timeoutMs } = this.#configuration;
    const signal = this.#context.signal;
    const wanted = {
      origin,
      headers,
      timeoutMs,
      signal,
      path: "/",
      method: "HEAD",
      maxBodyBytes: 1,
    };
    return exchange({ ...wanted, tls: "old" }).then(
      () => true,
      () => false,
    );
  }

  async #listings(page: Exchange): Promise<void> {
    if (this.#severity("directory-listing") === "off") return;
    const listed = isListing(page) ? [this.#configuration.path] : [];
    for (const path of ["/static/", "/assets/", "/public/", "/uploads/"]) {
      const answer = await this.#ask("directory-listing", "GET", path);
      if (answer === null) return;
      if (isListing(answer)) listed.push(path);
    }
    this.#judge("directory-listing", complain(listed, "lists a folder at"));
  }

  async #exposedFiles(): Promise<void> {
    if (this.#severity("exposed-files") === "off") return;
    const served: string[] = [];
    for (const { path, sign } of exposedFiles) {
      const answer = await this.#ask("exposed-files", "GET", path);
      if (answer === null) return;
      if (answer.status === 200 && sign.test(answer.body)) served.push(path);
    }
    for (const path of this.#configuration.hidden) {
      const answer = await this.#ask("exposed-files", "GET", path);
      if (answer === null) return;
      if (answer.status < 400 || answer.status >= 500) served.push(path);
    }
    this.#judge("exposed-files", complain(served, "serves"));
  }

  async #trace(): Promise<void> {
    const marker = `tidelock-${this.#context.run.replace(/[^A-Za-z0-9]/g, "")}`.slice(0, 64);
    const headers = { "x-tidelock-trace": marker };
    const answer = await this.#ask("trace", "TRACE", "/", headers);
    if (answer === null) return;
    const echoes = answer.status < 300 && answer.body.includes(marker);
    this.#judge("trace", echoes ? "TRACE echoes the request" : null, `answers ${answer.status}`);
  }

  /** Addresses that are not there, and that no decoder takes. A reset here is a finding, not an error. */
  async #errorPages(): Promise<void> {
    const telling: string[] = [];
    for (const path of ["/tidelock-smoke-not-there", "/%E0%A4%A", "/?a[]=1&a[b]=2&%00=%FF"]) {
      const answer = await this.#ask(
        "error-page",
        "GET",
        path,
        {},
        "closes the connection on odd input",
      );
      if (answer === null) return;
      if (showsStack(answer)) telling.push(path);
    }
    this.#judge("error-page", complain(telling, "shows a stack trace at"));
  }

  /** Null when there is no answer, or the rule is off; the former is in the results then. */
  async #ask(
    rule: RuleId,
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
    onReset?: string,
  ): Promise<Exchange | null> {
    if (rule !== "reachable" && this.#severity(rule) === "off") return null;
    this.#context.signal.throwIfAborted();
    const { ca, timeoutMs } = this.#configuration;
    try {
      const answer = await exchange({
        origin: this.#target.origin,
        path,
        method,
        headers: { ...headers, ...this.#target.headers },
        timeoutMs,
        maxBodyBytes: bodyBytes,
        signal: this.#context.signal,
        // The rule `tls` judges the certificate; the others still have something to say.
        tls: "judge",
        ...(ca === undefined ? {} : { ca }),
      });
      this.answered += 1;
      return answer;
    } catch (error) {
      this.#context.signal.throwIfAborted();
      const message = `${method} ${path}: ${describeFailure(error)}`;
      const reset = error instanceof Error && "code" in error && error.code === "ECONNRESET";
      if (reset && onReset !== undefined) this.#judge(rule, `${onReset} (${message})`);
      else this.#add(rule, "error", message);
      return null;
    }
  }

  #judge(rule: RuleId, complaint: Complaint, fine = "as it should be"): void {
    const severity = this.#severity(rule);
    if (severity === "off") return;
    this.#add(rule, complaint === null ? "pass" : severity, complaint ?? fine);
  }

  #severity(rule: RuleId): Severity {
    return this.#configuration.severity[rule] ?? defaultSeverities[rule];
  }

  #add(rule: RuleId, verdict: Verdict, message: string): void {
    this.#results.push({
      name: `${rule} on ${new URL(this.#target.origin).host}`,
      verdict,
      message,
    });
  }
}

function complain(places: readonly string[], what: string): Complaint {
  return places.length === 0 ? null : `${what} ${places.join(", ")}`;
}
