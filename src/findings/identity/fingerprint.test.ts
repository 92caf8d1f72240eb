import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Observation } from "../../model/observation.ts";
import { type Draft, observe } from "../observe.ts";
import { vulnerabilityIds } from "./alias.ts";
import { fingerprintsOf, type IdentityContext, identityOf, kindOf } from "./fingerprint.ts";
import { keyOf } from "./key.ts";
import { packageKey, parsePurl } from "./package-key.ts";
import { routeTemplate } from "./route.ts";
import { imageOf, scopeId, subjectOf } from "./scope.ts";

const context: IdentityContext = { service: "shop", environment: "testing", tool: "Semgrep" };

function prints(draft: Partial<Draft>, more: Partial<IdentityContext> = {}): readonly string[] {
  return fingerprintsOf(hit(draft), { ...context, ...more }).map(
    ({ algorithm, value }) => `${algorithm} ${value}`,
  );
}

function hit(draft: Partial<Draft>): Observation {
  return observe({
    rule: "eval",
    severity: "high",
    place: { kind: "file", path: "src/a.ts", line: 10 },
    ...draft,
  });
}

describe("a fingerprint", () => {
  test("holds no severity, text, line, version, time or digest", () => {
    const anything = fc.record({
      severity: fc.constantFrom("critical", "low", null),
      title: fc.string(),
      message: fc.string(),
      fixedIn: fc.string(),
      line: fc.integer({ min: 1, max: 9_999 }),
      version: fc.stringMatching(/^\d{1,2}\.\d{1,2}\.\d{1,2}$/),
    });
    fc.assert(
      fc.property(anything, anything, (one, other) => {
        const code = ({ line, version: _version, ...rest }: typeof one) =>
          prints({ ...rest, place: { kind: "file", path: "src/a.ts", line } } as Partial<Draft>);
        expect(code(one)).toEqual(code(other));
        const image = ({ line: _line, version, ...rest }: typeof one) =>
          prints({
            ...rest,
            rule: "CVE-2021-44228",
            place: {
              kind: "package",
              name: "x",
              version,
              purl: `pkg:maven/org.x/x@${version}?type=jar`,
              path: `app/lib/x-${version}.jar`,
            },
          } as Partial<Draft>);
        expect(image(one)).toEqual(image(other));
      }),
      { numRuns: 50 },
    );
  });

  test("is another one for another rule, path, scope, code or occurrence", () => {
    const base = prints({ scope: "f", snippet: "eval(x)" });
    const others = [
      prints({ rule: "exec", scope: "f", snippet: "eval(x)" }),
      prints({ scope: "f", snippet: "eval(x)", place: { kind: "file", path: "src/b.ts" } }),
      prints({ scope: "g", snippet: "eval(x)" }),
      prints({ scope: "f", snippet: "eval(y)" }),
      prints({ scope: "f", snippet: "eval(x)" }, { occurrence: 2 }),
    ];
    for (const other of others) expect(other).not.toEqual(base);
    expect(prints({ scope: "f", snippet: " eval( x )\n" })).toEqual(base);
  });

  test("cannot be made by moving a boundary between two fields", () => {
    expect(keyOf("ab", "c")).not.toBe(keyOf("a", "bc"));
    expect(keyOf("1:a", "")).not.toBe(keyOf("", "1:a"));
    const field = fc.string({ maxLength: 6, unit: fc.constantFrom("a", "1", ":", "|", "\0") });
    fc.assert(
      fc.property(fc.array(field, { maxLength: 4 }), fc.array(field, { maxLength: 4 }), (a, b) => {
        expect(keyOf(...a) === keyOf(...b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });

  test("is the tool's own first, and never a placeholder or one with another rule", () => {
    expect(fingerprintsOf(hit({ fingerprint: "abc" }), context)[0]?.algorithm).toBe(
      "native/semgrep",
    );
    for (const fingerprint of ["requires login", "", "0", "N/A", "null"]) {
      expect(prints({ fingerprint })).toEqual(prints({}));
    }
    expect(prints({ fingerprint: "abc" })[0]).not.toBe(
      prints({ fingerprint: "abc", rule: "x" })[0],
    );
  });

  test("is not made of what a report says of a whole file or a column", () => {
    const algorithms = fingerprintsOf(
      hit({
        fingerprints: {
          scanFileHash: "1",
          primaryLocationStartColumnFingerprint: "4",
          primaryLocationLineHash: "abc:1",
        },
      }),
      context,
    ).map(({ algorithm }) => algorithm);
    expect(algorithms).toEqual(["sarif/primaryLocationLineHash", "tidelock-code/1/semgrep"]);
  });

  test("of a secret is its value and file for every tool, and shows neither", () => {
    const secretKey = new Uint8Array(32);
    const secret = (rule: string, path: string, secretValue: string) =>
      observe(
        {
          rule,
          severity: "high",
          kind: "secret",
          place: { kind: "file", path, line: 3 },
          secretValue,
        },
        { secretKey },
      );
    const first = (one: Observation, tool: string) =>
      fingerprintsOf(one, { ...context, tool })[0]?.value;
    const value = "AKIAIOSFODNN7EXAMPLE";
    expect(first(secret("aws", "a.env", value), "gitleaks")).toBe(
      first(secret("AWS", "a.env", value), "trufflehog"),
    );
    expect(first(secret("aws", "b.env", value), "gitleaks")).not.toBe(
      first(secret("aws", "a.env", value), "gitleaks"),
    );
    expect(JSON.stringify(identityOf(secret("aws", "a.env", value), context))).not.toContain(value);
  });

  test("belongs to an environment only where the thing does", () => {
    const of = (draft: Partial<Draft>) => {
      const one = hit(draft);
      const [testing, production] = ["testing", "production"].map((environment) =>
        identityOf(one, { ...context, environment }),
      );
      return {
        kind: kindOf(one),
        environment: testing?.environment,
        same: JSON.stringify(testing?.fingerprints) === JSON.stringify(production?.fingerprints),
      };
    };
    expect(of({})).toEqual({ kind: "code", environment: null, same: true });
    expect(of({ place: { kind: "http", method: "GET", route: "/" } })).toEqual({
      kind: "web",
      environment: null,
      same: true,
    });
    expect(of({ place: { kind: "port", host: "10.0.0.1", port: 22 } })).toEqual({
      kind: "network",
      environment: "testing",
      same: false,
    });
    expect(of({ place: { kind: "resource", name: "pod/web" } })).toEqual({
      kind: "infrastructure",
      environment: "testing",
      same: false,
    });
    expect(of({ kind: "infrastructure", scope: "aws_s3_bucket.logs" })).toEqual({
      kind: "infrastructure",
      environment: null,
      same: true,
    });
  });
});

describe("a route", () => {
  test.each([
    ["/orders/123", "/orders/{id}"],
    ["/orders/{orderId}/", "/orders/{id}"],
    ["https://shop.example:8443/orders/42?q=1#x", "/orders/{id}"],
    ["/users/550e8400-e29b-41d4-a716-446655440000/posts", "/users/{id}/posts"],
    ["/o/507f1f77bcf86cd799439011", "/o/{id}"],
    ["/:id/edit", "/{id}/edit"],
    ["/mail/jo%40example.org", "/mail/{id}"],
    ["/assets/index-BxG9a2Lq.js", "/assets/index-{hash}.js"],
    ["/cart;jsessionid=8AF3/items", "/cart/items"],
    ["/api/v1/health-check", "/api/v1/health-check"],
    ["/static/jquery-ui.min.js", "/static/jquery-ui.min.js"],
    ["/facade/deadbeef", "/facade/deadbeef"],
    ["", "/"],
  ])("%s is %s", (route, template) => {
    expect(routeTemplate(route)).toBe(template);
    expect(routeTemplate(template)).toBe(template);
  });
});

describe("a package", () => {
  const key = (purl: string, version = "1.2.3", path?: string, subject?: string) =>
    packageKey(
      { kind: "package", name: "n", version, purl, ...(path === undefined ? {} : { path }) },
      subject,
    );

  test("is the same in every version, build and spelling of its type", () => {
    expect(key("pkg:pypi/Foo_Bar@1.2.3").purl).toBe("pkg:pypi/foo-bar");
    expect(key("pkg:npm/%40babel/core@7.1.0").purl).toBe("pkg:npm/@babel/core");
    expect(key("pkg:npm/@babel/core@7.1.0").purl).toBe("pkg:npm/@babel/core");
    expect(key("pkg:deb/debian/openssl@3.0.1?arch=amd64&distro=debian-12").purl).toBe(
      key("pkg:deb/debian/openssl@3.0.9?arch=arm64&distro=debian-13").purl,
    );
    expect(key("pkg:deb/debian/openssl@3").purl).not.toBe(key("pkg:deb/ubuntu/openssl@3").purl);
    expect(parsePurl("openssl@3")).toBeNull();
  });

  test("of a system is the image's, whichever file lists it and whatever the tag is", () => {
    const purl = "pkg:apk/alpine/busybox@1.2.3";
    const trivy = key(purl, "1.2.3", "shop:1.0 (alpine 3.18.4)", "registry.example:5000/shop:1.0");
    const grype = key(purl, "1.2.3", "lib/apk/db/installed", "registry.example:5000/shop:1.1");
    expect(trivy.target).toBe("image:shop");
    expect(grype.target).toBe(trivy.target);
    expect(key(purl, "1.2.3", "lib/apk/db/installed", "worker:2").target).toBe("image:worker");
  });

  test("loses its own version from its path, and no other number", () => {
    const at = (path: string) => key("pkg:maven/a/b@1.2.3", "1.2.3", path).target;
    expect(at("lib/b-1.2.3.jar")).toBe("lib/b-{version}.jar");
    expect(at("lib/b-11.2.3.jar")).toBe("lib/b-11.2.3.jar");
    expect(at("v1.2.30/b.jar")).toBe("v1.2.30/b.jar");
  });
});

describe("names of a vulnerability", () => {
  const ids = (rule: string, ...aliases: string[]) => vulnerabilityIds(rule, aliases).map(({ id }) => id); // prettier-ignore

  test("are those of one CVE, best known first", () => {
    expect(ids("GHSA-jfh8-c2jp-5v3q", "cve-2021-44228")).toEqual([
      "CVE-2021-44228",
      "GHSA-jfh8-c2jp-5v3q",
    ]);
  });

  test("never join two CVEs, whatever a report claims", () => {
    expect(ids("CVE-2021-1111", "CVE-2021-2222", "GHSA-jfh8-c2jp-5v3q")).toEqual([
      "CVE-2021-1111",
      "GHSA-jfh8-c2jp-5v3q",
    ]);
    expect(ids("RHSA-2021:1234", "CVE-2021-1111", "CVE-2021-2222")).toEqual(["RHSA-2021:1234"]);
    const id = fc.integer({ min: 1000, max: 1003 }).map((n) => `CVE-2020-${n}`);
    fc.assert(
      fc.property(
        fc.oneof(id, fc.constant("GHSA-jfh8-c2jp-5v3q"), fc.string()),
        fc.array(id),
        (rule, aliases) => {
          const cves = vulnerabilityIds(rule, aliases).filter(({ namespace }) => namespace === "cve"); // prettier-ignore
          expect(cves.length).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

describe("a scope", () => {
  const scope = (subject: string, tool = "trivy") =>
    scopeId({ service: "shop", environment: null, tool, subject });

  test("is one for all tags of an image, and another for another image, port or site", () => {
    expect(scope("shop:1.0")).toBe(scope(`shop:2.0@sha256:${"a".repeat(64)}`));
    expect(scope("shop:1.0")).not.toBe(scope("worker:1.0"));
    expect(scope("shop:41")).toBe(scope("shop:42"));
    expect(scope("localhost:8080", "nmap")).not.toBe(scope("localhost:9090", "nmap"));
    expect(scope("http://a/x")).not.toBe(scope("http://b/x"));
    expect(scope("shop:1.0", "Trivy")).toBe(scope("shop:1.0"));
    expect(subjectOf("registry.example:5000/a/b:1")).toBe("registry.example:5000/a/b");
    expect(imageOf("docker.io/library/alpine:3.18")).toBe("alpine");
    expect(imageOf("./dist")).toBeNull();
  });
});
