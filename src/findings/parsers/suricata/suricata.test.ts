import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { suricata } from "./index.ts";

const event = (more: object) =>
  JSON.stringify({
    timestamp: "2023-07-06T08:34:24.526482+0000",
    flow_id: 2_035_771_659_779_862,
    in_iface: "ens160",
    event_type: "alert",
    src_ip: "192.0.2.7",
    src_port: 51_234,
    dest_ip: "198.51.100.2",
    dest_port: 443,
    proto: "TCP",
    ...more,
  });
const rule = {
  action: "allowed",
  gid: 1,
  signature_id: 2_034_647,
  rev: 2,
  signature: "ET EXPLOIT Apache log4j RCE Attempt",
  category: "Attempted Administrator Privilege Gain",
  severity: 1,
};
const read = (...lines: readonly string[]) => readText(suricata, `${lines.join("\n")}\n`);

describe("Suricata's EVE log", () => {
  it("reads alerts as of a rule and of the service, and no other events", () => {
    const report = read(
      event({
        alert: { ...rule, metadata: { cve: ["CVE_2021_44228"], signature_severity: ["Critical"] } },
      }),
      event({ event_type: "http", http: { hostname: "a" } }),
    );
    expect(report.observations).toMatchObject([
      {
        rule: "1:2034647",
        severity: "critical",
        kind: "runtime",
        place: { kind: "port", host: "198.51.100.2", port: 443, protocol: "tcp" },
        aliases: ["CVE-2021-44228"],
      },
    ]);
    expect(report).toMatchObject({ complete: true, madeAt: "2023-07-06T08:34:24.526Z" });
  });

  it("finds the service in an answer, and by who began the conversation", () => {
    const back = { src_ip: "198.51.100.2", src_port: 443, dest_ip: "192.0.2.7", dest_port: 51_234 };
    const place = { kind: "port", host: "198.51.100.2", port: 443 };
    const of = (more: object) =>
      read(event({ alert: rule, ...back, ...more })).observations[0]?.place;
    expect(of({ direction: "to_client" })).toMatchObject(place);
    expect(of({ flow: { dest_ip: "198.51.100.2", dest_port: 443 } })).toMatchObject(place);
    expect(
      read(event({ alert: rule, proto: "ICMP", src_port: undefined, dest_port: undefined }))
        .observations[0]?.place,
    ).toEqual({ kind: "resource", name: "198.51.100.2 ICMP" });
  });

  it("maps priorities, and takes one that nobody knows as critical", () => {
    const severities = [1, 2, 3, 255, 77].map(
      (severity) => read(event({ alert: { ...rule, severity } })).observations[0]?.severity,
    );
    expect(severities).toEqual(["high", "medium", "low", "info", "critical"]);
  });

  it("is not complete when the sensor dropped packets or alerts", () => {
    const stats = (capture: object, detect: object = {}) =>
      event({ event_type: "stats", stats: { capture, detect } });
    expect(read(stats({ kernel_packets: 100, kernel_drops: 0 })).complete).toBe(true);
    expect(
      read(
        stats({ kernel_packets: 50, kernel_drops: 2 }),
        stats({ kernel_packets: 100, kernel_drops: 7 }),
      ),
    ).toMatchObject({ complete: false, missing: "7 packets were dropped, 100 were seen" });
    expect(read(stats({}, { alert_queue_overflow: 3 })).complete).toBe(false);
  });

  it("recognises events, and refuses what is none", () => {
    expect(suricata.recognise({ syntax: "lines", values: [JSON.parse(event({}))] })).toBe(true);
    expect(suricata.recognise({ syntax: "lines", values: [{ rule: "x" }] })).toBe(false);
    expect(() => read(event({}), `{"a":1}`)).toThrow("no event of Suricata");
  });
});
