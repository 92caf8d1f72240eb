import { describe, expect, it } from "vitest";
import { serve } from "../../../test/support/check-context.ts";
import { needsTool } from "../../../test/support/optional.ts";
import { checkTree, observationsIn } from "../../../test/support/tool-agent.ts";
import { nmap } from "./index.ts";

describe.skipIf(needsTool("nmap").missing)("nmap", () => {
  it("sees the instances' ports open, and that nothing else is asked", async () => {
    await using server = await serve((_request, response) => response.end("hello"));
    const report = await checkTree(nmap, {}, {}, { instances: [server.origin] });
    expect(report.verdict).toBe("pass");
    expect(report.exercised).toMatchObject({ requests: 1, assertions: 1 });
    const port = Number(new URL(server.origin).port);
    expect(observationsIn(report)).toMatchObject([
      { rule: "open-port", severity: "info", place: { kind: "port", host: "127.0.0.1", port } },
    ]);
  });

  it("fails on an open port that nobody declared", async () => {
    await using server = await serve((_request, response) => response.end("hello"));
    await using other = await serve((_request, response) => response.end("forgotten"));
    const port = new URL(other.origin).port;
    const ports = `${port},${new URL(server.origin).port}`;
    const options = { instances: [server.origin] };
    const report = await checkTree(nmap, {}, { ports }, options);
    expect(report.verdict).toBe("fail");
    expect(report.summary).toContain(`port ${port} is open and not allowed`);
    const allowed = await checkTree(nmap, {}, { ports, allowed: [Number(port)] }, options);
    expect(allowed.verdict).toBe("pass");
  });

  it("is an error when the instance's port is closed, and when there is no instance", async () => {
    const closed = await checkTree(nmap, {}, {}, { instances: ["http://127.0.0.1:9"] });
    expect(closed.verdict).toBe("error");
    expect(closed.summary).toContain("port 9 of the tested instances is not open");
    expect((await checkTree(nmap, {})).verdict).toBe("error");
  });
});
