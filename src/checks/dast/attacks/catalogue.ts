import { objectAccess } from "./access.ts";
import type { PointAttack, SiteAttack } from "./attack.ts";
import { command } from "./command.ts";
import { cors, listings } from "./cors.ts";
import { domXss } from "./dom.ts";
import { files } from "./files.ts";
import { functionAccess, missingAuthentication } from "./functions.ts";
import { headerInjection, openRedirect } from "./headers.ts";
import { massAssignment } from "./mass-assignment.ts";
import { nosql, xpath } from "./other-queries.ts";
import { passwordAccess } from "./passwords.ts";
import { enumeration, rateLimit } from "./sign-in.ts";
import { slowPatterns } from "./slow-patterns.ts";
import { sql } from "./sql.ts";
import { ssrf, ssrfPlant } from "./ssrf.ts";
import { deserialization, templates } from "./templates.ts";
import { tokens } from "./tokens.ts";
import { storedXss, xss } from "./xss.ts";
import { xxe } from "./xml.ts";

/** Before anything is attacked: what needs accounts and objects in good order. */
export const accessAttacks: readonly SiteAttack[] = [
  missingAuthentication,
  functionAccess,
  objectAccess,
  passwordAccess,
  tokens,
  cors,
  listings,
  massAssignment,
];

/** On every parameter, in this order: what sets things going that are seen later comes first. */
export const pointAttacks: readonly PointAttack[] = [
  ssrfPlant,
  xss,
  sql,
  xpath,
  nosql,
  command,
  files,
  templates,
  deserialization,
  xxe,
  headerInjection,
  openRedirect,
  slowPatterns,
];

/** When all is planted; the last ones may lock an account. */
export const lastAttacks: readonly SiteAttack[] = [ssrf, storedXss, domXss, enumeration, rateLimit];
