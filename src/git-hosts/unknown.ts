import type { BranchProtection } from "../model/git-host.ts";

/** Of a branch whose protection nobody could read. */
export const unknownBranch: BranchProtection = {
  protected: null,
  requiredApprovals: null,
  dismissesStale: null,
  refusesForcePush: null,
  includesAdmins: null,
};

/** Of one that is not protected. */
export const openBranch: BranchProtection = {
  protected: false,
  requiredApprovals: 0,
  dismissesStale: false,
  refusesForcePush: false,
  includesAdmins: false,
};

/** What a host said is not all of it. */
export class Incomplete extends Error {}
