import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { lynis } from "./index.ts";

const report = (...lines: readonly string[]) =>
  readText(
    lynis,
    ["# Lynis Report", "hostname=box", "lynis_version=3.1.4", ...lines, "finish=true", ""].join(
      "\n",
    ),
  );

describe("lynis", () => {
  it("tells apart what one test says of several things, and not what it measured", () => {
    const { observations } = report(
      "suggestion[]=NETW-3200|Determine if protocol 'dccp' is really needed|-|-|",
      "suggestion[]=NETW-3200|Determine if protocol 'sctp' is really needed|-|-|",
      "suggestion[]=SSH-7408|Consider hardening SSH configuration|AllowTcpForwarding (set YES to NO)|-|",
      "suggestion[]=SSH-7408|Consider hardening SSH configuration|MaxAuthTries (set 6 to 3)|-|",
    );
    expect(new Set(observations.map(({ rule, scope }) => `${rule} ${scope}`)).size).toBe(4);
    const old = (months: number) =>
      report(`suggestion[]=LYNIS|This release is more than ${months} months old|-|-|`)
        .observations[0]?.scope;
    expect(old(4)).toBe(old(5));
  });

  it("is of another subject when only some tests were asked for", () => {
    expect(report("test_category=all", "test_group=all").subject).toBe("box");
    expect(report("test_category=all", "test_group=ssh").subject).toBe("box, ssh");
  });
});
