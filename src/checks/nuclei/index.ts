import { join } from "node:path";
import { z } from "zod";
import { ownerData } from "../tool/owner-data.ts";
import { firstInstance } from "../tool/target.ts";
import { toolCheck } from "../tool/tool-check.ts";
import { NucleiConfiguration } from "./schema.ts";

const Report = z.array(
  z.object({
    host: z.string().nullish(),
    "matched-at": z.string().nullish(),
    matched: z.string().nullish(),
  }),
);

/**
 * Templates against the first instance of the tested colour. Its listener on the internet is switched off, it
 * follows no redirect, and templates come from the server's owner alone.
 */
export const nuclei = toolCheck({
  id: "nuclei",
  schema: NucleiConfiguration,
  touch: "intrusive",
  scans: ["dast"],
  cost: "expensive",
  disturbs: ["data", "load", "sessions"],
  sensitiveTo: ["availability", "load"],
  programs: ["nuclei"],
  install: "go install github.com/projectdiscovery/nuclei/v3/cmd/nuclei@latest",
  proof: {
    kind: "unproven",
    why: "the program could not be had; written from its documentation, its parser is proven on published reports",
  },
  version: { argv: ["-version"], pattern: /Nuclei Engine Version: v?(\S+)/ },
  tree: null,
  wholeExits: [0],
  report: { from: "file", format: "nuclei" },
  network: "target",
  plan({ templates, requestsPerSecond }, context) {
    const { folder, data } = ownerData("nuclei", "nuclei -update-templates");
    const target = firstInstance(context).origin;
    return {
      argv: [
        "-target",
        target,
        ...templates.flatMap((name) => ["-templates", join(folder, name)]),
        "-disable-update-check",
        "-no-interactsh",
        "-disable-redirects",
        "-omit-raw",
        "-no-color",
        "-rate-limit",
        String(requestsPerSecond),
        "-stats",
        "-stats-json",
        "-stats-interval",
        "1",
        "-json-export",
        "{report}",
      ],
      data,
      expect: { target },
    };
  },
  read(report, { plan, stderr, stdout }) {
    const target = new URL(String(plan.expect?.["target"]));
    for (const hit of Report.parse(report)) {
      const named = [hit.host, hit["matched-at"], hit.matched].filter(
        (one) => typeof one === "string",
      );
      const foreign = named.find((one) => !isAbout(target, one));
      if (named.length === 0 || foreign !== undefined) {
        return {
          exercised: {},
          broken: `its report is about ${foreign ?? "a host without a name"}`,
        };
      }
    }
    const counts = [...`${stderr}\n${stdout}`.matchAll(/"requests":\s*"?(\d{1,15})/g)];
    return { exercised: { requests: Number(counts.at(-1)?.[1] ?? 0) } };
  },
});

/** A hit names an address, a host with its port, or, by `host` alone, just the host. */
function isAbout(target: URL, named: string): boolean {
  if (named === target.hostname || named === target.hostname.replace(/^\[|\]$/g, "")) return true;
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(named) ? named : `${target.protocol}//${named}`;
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, port } = new URL(text);
  return (
    hostname === target.hostname &&
    (port || defaultPort(protocol)) === (target.port || defaultPort(target.protocol))
  );
}

function defaultPort(protocol: string): string {
  return protocol === "https:" ? "443" : "80";
}
