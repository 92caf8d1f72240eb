import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { falco } from "./index.ts";

const samples = `${import.meta.dirname}/../../../../test/fixtures/findings/falco`;
const read = (file: string) => readText(falco, readFileSync(`${samples}/${file}`, "utf8"));
const alert = (fields: object, more: object = {}) =>
  JSON.stringify({
    rule: "Terminal shell in container",
    priority: "Notice",
    output: "10:00:00.000000001: Notice A shell",
    time: "2026-01-01T10:00:00.000000001Z",
    source: "syscall",
    output_fields: fields,
    ...more,
  });
const placeOf = (fields: object, more: object = {}) =>
  readText(falco, alert(fields, more)).observations[0]?.place;

describe("Falco", () => {
  it.each([
    ["single_rule_with_cat_write.jsonl", 8],
    ["k8s_audit_ovh.jsonl", 3],
    ["pretty_printed_alert.json", 1],
    ["talon_examples.jsonl", 3],
  ])("reads every alert of %s", (file, expected) => {
    expect(read(file)).toMatchObject({ complete: true });
    expect(read(file).observations).toHaveLength(expected);
  });

  it("is of a workload and a process, whatever pod or container it was in", () => {
    const pod = (name: string, id: string) =>
      placeOf({
        "k8s.ns.name": "shop",
        "k8s.pod.name": name,
        "container.name": "web",
        "container.id": id,
        "proc.name": "sh",
        "proc.pid": 17,
      });
    expect(pod("web-5d4f8c7b9d-x2x5z", "a")).toEqual({
      kind: "resource",
      name: "shop/web/web sh",
    });
    expect(pod("web-7f9c6d5b84-q8w7r", "b")).toEqual(pod("web-5d4f8c7b9d-x2x5z", "a"));
    expect(pod("web-nginx", "c")).toMatchObject({ name: "shop/web-nginx/web sh" });
  });

  it("names containers and machines outside of Kubernetes", () => {
    expect(
      placeOf({
        "container.name": "db",
        "proc.cmdline": "/bin/cat /etc/shadow",
        "k8s.ns.name": "<NA>",
      }),
    ).toMatchObject({ name: "db cat" });
    expect(
      placeOf(
        { "container.id": "host", "container.name": "host", "proc.name": "vim" },
        { hostname: "n1" },
      ),
    ).toMatchObject({ name: "n1 vim" });
    expect(placeOf({ "ct.user": "root" }, { source: "aws_cloudtrail" })).toMatchObject({
      name: "aws_cloudtrail root",
    });
  });

  it("takes keys in any case and both forms of an array of alerts", () => {
    const odd = JSON.stringify({ Rule: "x", Priority: "CRITICAL", Output: "y", OutputFields: {} });
    expect(readText(falco, odd).observations[0]).toMatchObject({ rule: "x", severity: "critical" });
    expect(readText(falco, `[${odd},${odd}]`).observations).toHaveLength(2);
  });

  it("is not complete when events were dropped, which is no alert", () => {
    const drop = alert(
      { n_drops: "7" },
      {
        rule: "Falco internal: syscall event drop",
        output: "Falco internal: syscall event drop. 7 system calls dropped",
      },
    );
    expect(readText(falco, `${alert({})}\n${drop}\n`)).toMatchObject({
      observations: [{ rule: "Terminal shell in container" }],
      complete: false,
      missing: expect.stringContaining("7 system calls dropped"),
    });
    const snapshot = (drops: number) =>
      alert({ "scap.n_drops": drops }, { rule: "Falco internal: metrics snapshot" });
    expect(readText(falco, snapshot(0)).complete).toBe(true);
    expect(readText(falco, snapshot(3)).complete).toBe(false);
  });

  it("is as old as its newest alert, and one scan with the log of the next hour", () => {
    const at = (time: string) => alert({}, { time });
    const log = [at("2026-01-01T11:00:00Z"), at("2026-01-01T10:00:00Z")].join("\n");
    expect(readText(falco, log)).toMatchObject({ madeAt: "2026-01-01T11:00:00Z" });
    expect(readText(falco, log)).not.toHaveProperty("subject");
  });

  it("counts a priority that nobody knows as critical", () => {
    expect(readText(falco, alert({}, { priority: "Odd" })).observations[0]).toMatchObject({
      severity: "critical",
      severityStated: false,
    });
  });
});
