import { awsConfig } from "./aws-config/index.ts";
import * as azure from "./azure/index.ts";
import * as cyclonedx from "./cyclonedx/index.ts";
import type { Format } from "./format.ts";
import * as googleScc from "./google-scc/index.ts";
import * as jenkinsWarnings from "./jenkins-warnings/index.ts";
import { sarif } from "./sarif/index.ts";
import * as securityHub from "./security-hub/index.ts";

/** Every format of reports that can be imported, one line a folder. A test compares it with the folders. */
export const formats: readonly Format[] = [
  awsConfig,
  ...Object.values(azure),
  ...Object.values(cyclonedx),
  ...Object.values(googleScc),
  ...Object.values(jenkinsWarnings),
  sarif,
  ...Object.values(securityHub),
];
