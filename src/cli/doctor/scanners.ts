import { localScanners } from "../../compose-local.ts";
import { type Look, ok } from "./finding.ts";

/** External scanners: which are here, in which version, and whether their adapter was shown to work. */
export const scanners: Look = async ({ environment }) => {
  const tools = await localScanners(environment);
  const named = tools.flatMap(({ id, found, proof }) =>
    found === null
      ? []
      : [
          `${id} ${found.version ?? "of unknown version"}${proof.kind === "proven" ? "" : " (unproven)"}`,
        ],
  );
  const absent = tools.filter(({ found }) => found === null).map(({ id }) => id);
  const unproven = tools.filter(({ proof }) => proof.kind === "unproven").map(({ id }) => id);
  return ok(
    [
      named.length === 0 ? "none is installed; those built in need nothing" : named.join(", "),
      absent.length === 0 ? "" : `not installed: ${absent.join(", ")}`,
      unproven.length === 0 ? "" : `never run against the real program: ${unproven.join(", ")}`,
    ]
      .filter((part) => part !== "")
      .join("; "),
  );
};
