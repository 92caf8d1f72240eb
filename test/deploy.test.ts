import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { root } from "../scripts/test/run-step.ts";
import { needsTool } from "./support/optional.ts";

const run = promisify(execFile);
const folder = join(root, "deploy", "systemd");
const units = readdirSync(folder);

/** Key to values, of every section together: no key of ours has the same name in two. */
function settings(unit: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const line of readFileSync(join(folder, unit), "utf8").split("\n")) {
    const match = /^([A-Za-z]+)=(.*)$/.exec(line);
    if (!match?.[1]) continue;
    found.set(match[1], [...(found.get(match[1]) ?? []), match[2] ?? ""]);
  }
  return found;
}

const server = settings("tidelock-server.service");
const agent = settings("tidelock-agent.service");

/** systemd.unit(5): settings through which stopping one unit stops the other. */
const couplings = ["Requires", "Requisite", "BindsTo", "PartOf", "StopPropagatedFrom", "Upholds"];

describe("the systemd units", () => {
  it("leave the agent alone when the server is stopped", () => {
    for (const name of couplings) {
      expect(agent.get(name), `agent ${name}`).toBeUndefined();
      expect(server.get(name)?.join(" ") ?? "", `server ${name}`).not.toContain("tidelock-agent");
    }
    // Law 6: an agent that the server started would be in the server's cgroup.
    expect(server.get("ExecStart")?.join(" ")).toContain("--agent wait");
    expect(server.get("Wants")?.join(" ")).toContain("tidelock-agent.service");
    expect(server.get("After")?.join(" ")).toContain("tidelock-agent.service");
  });

  it("leave the services alone when the agent is stopped", () => {
    expect(agent.get("KillMode")).toEqual(["process"]);
  });

  it("work on one data directory, with one mode", () => {
    for (const unit of [server, agent]) {
      expect(unit.get("ExecStart")?.join(" ")).toContain("--data-dir /var/lib/tidelock");
      expect(unit.get("StateDirectory")).toEqual(["tidelock"]);
      expect(unit.get("StateDirectoryMode")).toEqual(["0711"]);
    }
  });

  it.skipIf(needsTool("systemd-analyze").missing)("are valid for systemd itself", async () => {
    const paths = units.map((unit) => join(folder, unit));
    const { stdout, stderr } = await run("systemd-analyze", ["verify", "--man=no", ...paths]);
    expect(`${stdout}${stderr}`).not.toMatch(/tidelock.*(?:Unknown|Invalid|Failed to parse)/i);
  });
});
