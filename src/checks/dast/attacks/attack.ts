import type { Evidence } from "../finding.ts";
import type { Lab, Point } from "../lab.ts";

/** What is tried on one parameter. Deterministic: random values come from the point. */
export interface PointAttack {
  readonly id: string;
  readonly applies?: (point: Point, lab: Lab) => boolean;
  readonly run: (point: Point, lab: Lab) => Promise<readonly Evidence[]>;
}

/** What is tried on the service as a whole; reports through the lab. */
export interface SiteAttack {
  readonly id: string;
  readonly run: (lab: Lab) => Promise<void>;
}

/** Signs of a Unix account file and of one of groups: two files that are not alike. */
export const systemFiles = [
  { path: "/etc/passwd", sign: /\broot:[^:\n]{0,40}:0:0:/ },
  { path: "/etc/group", sign: /\broot:[^:\n]{0,40}:0:(?!0:)/ },
] as const;
