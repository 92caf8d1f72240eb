import { z } from "zod";
import { withoutPackagesSetting } from "../scanner/packages/without-packages.ts";
import { scanSettings } from "../scanner/settings.ts";

const Licence = z.string().min(1).max(200);

export const LicencesConfiguration = z.strictObject({
  ...scanSettings,
  ...withoutPackagesSetting,
  /** When it names any, every package has to be usable under these alone. SPDX ids; `GPL-*` for a family. */
  allow: z.array(Licence).max(500).default([]),
  /** Never these. The default: what asks for the source of a network service, or forbids commercial use. */
  deny: z.array(Licence).max(500).default(["AGPL-*", "SSPL-*", "BUSL-*", "CC-BY-NC-*"]),
  /** A package that does not say its licence, or not as an SPDX expression. */
  unknown: z.enum(["ignore", "warn", "fail", "inconclusive"]).default("warn"),
});
export type LicencesConfiguration = z.infer<typeof LicencesConfiguration>;
