import type { Safeguard } from "./safeguard.ts";
import { adoption } from "./safeguards/adoption.ts";
import { bytes } from "./safeguards/bytes.ts";
import { glassSafeguards } from "./safeguards/break-glass.ts";
import { checks } from "./safeguards/checks.ts";
import { fencing } from "./safeguards/fencing.ts";
import { gates } from "./safeguards/gates.ts";
import { identity } from "./safeguards/identity.ts";
import { ledger } from "./safeguards/ledger.ts";
import { policy } from "./safeguards/policy.ts";
import { scans } from "./safeguards/scans.ts";
import { waiverSafeguards } from "./safeguards/waivers.ts";
import { traffic } from "./safeguards/traffic.ts";
import { windows } from "./safeguards/windows.ts";

/** Every safeguard that `npm run break-it` switches off. */
export const safeguards: readonly Safeguard[] = [
  ...fencing,
  ...traffic,
  ...windows,
  ...bytes,
  ...adoption,
  ...gates,
  ...waiverSafeguards,
  ...glassSafeguards,
  ...policy,
  ...checks,
  ...scans,
  ...identity,
  ...ledger,
];
