import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SignalInput } from "../model/signal.ts";
import { FalcoAlert, falcoSignal } from "./falco-alert.ts";

const alert = (change: object = {}) =>
  FalcoAlert.parse({
    hostname: "falco-xczjd",
    output:
      "13:44:05.478445995: Critical A shell was spawned in a container (user=root container_id=6a2b)",
    priority: "Critical",
    rule: "Terminal shell in container",
    source: "syscall",
    tags: ["container", "shell"],
    time: "2026-11-20T13:44:05.478445995Z",
    output_fields: { "container.id": "6a2b", "user.name": "root" },
    ...change,
  });

describe("an alert of Falco", () => {
  it("is a signal under its rule, once however often it is sent", () => {
    const first = falcoSignal(alert());
    expect(first).toMatchObject({
      source: "falco",
      kind: "terminal-shell-in-container",
      severity: "critical",
    });
    expect(falcoSignal(alert())).toEqual(first);
    expect(falcoSignal(alert({ time: "2026-11-20T13:44:06Z" })).id).not.toBe(first.id);
    expect(falcoSignal(alert({ uuid: "0A1B2C3D-1111-2222-3333-444455556666" })).id).toBe(
      "0a1b2c3d-1111-2222-3333-444455556666",
    );
  });

  it.each([
    ["Emergency", "critical"],
    ["ERROR", "high"],
    ["Warning", "medium"],
    ["Notice", "low"],
    ["Informational", "info"],
    ["constructor", "critical"],
    ["", "critical"],
  ])("of priority %j is %s", (priority, severity) => {
    expect(falcoSignal(alert({ priority })).severity).toBe(severity);
  });

  it("that events were lost is no small thing, and no rule poses as a heartbeat", () => {
    expect(
      falcoSignal(alert({ rule: "Falco internal: syscall event drop", priority: "Debug" })),
    ).toMatchObject({
      kind: "events-lost",
      severity: "medium",
    });
    expect(falcoSignal(alert({ rule: "Heartbeat!" })).kind).toBe("alert");
  });

  it("becomes a valid signal whatever it says", () => {
    const text = fc.string({ unit: "binary", minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(text, text, text, text, (rule, priority, output, uuid) => {
        const read = FalcoAlert.safeParse({ rule, priority, output, uuid });
        if (read.success) SignalInput.parse(falcoSignal(read.data));
      }),
    );
  });
});
