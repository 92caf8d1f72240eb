import {
  configurationsProjection,
  documentsProjection,
  releasesProjection,
  secretsProjection,
} from "./catalogue.ts";
import { erasuresProjection, holdsProjection } from "./erasure.ts";
import { attestationsProjection } from "./attestations.ts";
import { engagementsProjection } from "./engagements.ts";
import { personStandingsProjection, personVouchesProjection } from "./enrolment.ts";
import { feedsProjection } from "./feeds.ts";
import { findingActsProjection, findingImportsProjection } from "./findings.ts";
import { journalProjection } from "./journal.ts";
import { deploymentsProjection, lanesProjection } from "./lanes.ts";
import { grantsProjection, personKeysProjection, personLinksProjection } from "./access.ts";
import { accessReviewsProjection, accessReviewWordsProjection } from "./access-reviews.ts";
import { approvalAnswersProjection, approvalRequestsProjection } from "./approvals.ts";
import { checkRequestsProjection } from "./manual.ts";
import { passkeysProjection } from "./passkeys.ts";
import { governanceProjection, policyActsProjection } from "./policy.ts";
import { peopleProjection } from "./people.ts";
import {
  checkRunsProjection,
  decisionsProjection,
  promotionsProjection,
  stepsProjection,
} from "./promotions.ts";
import { project, type TableProjection } from "./projection.ts";
import { accountLinksProjection, accountsProjection, bootstrapProjection } from "./accounts.ts";
import { apiTokensProjection, roleAssignmentsProjection, rolesProjection } from "./roles.ts";
import { serviceSecurityProjection } from "./service-security.ts";
import { stopsProjection } from "./stops.ts";
import { signalsProjection } from "./signals.ts";
import { breakGlassProjection } from "./break-glass.ts";
import { waiversProjection } from "./waivers.ts";
import { workloadRulesProjection } from "./workload.ts";
import { personIdentitiesProjection, vouchingProvidersProjection } from "./identities.ts";
import { agentsProjection, keysProjection, storeProjection } from "./trust.ts";

/** Every table that can open a gate or grant a right, each rebuilt from the ledger. tables.ts knows the others. */
export const projections: readonly TableProjection[] = [
  project(peopleProjection),
  project(personKeysProjection),
  project(personLinksProjection),
  project(passkeysProjection),
  project(grantsProjection),
  project(personVouchesProjection),
  project(personStandingsProjection),
  project(apiTokensProjection),
  project(accountLinksProjection),
  project(accountsProjection),
  project(bootstrapProjection),
  project(rolesProjection),
  project(roleAssignmentsProjection),
  project(workloadRulesProjection),
  project(accessReviewsProjection),
  project(accessReviewWordsProjection),
  project(personIdentitiesProjection),
  project(vouchingProvidersProjection),
  project(governanceProjection),
  project(policyActsProjection),
  project(checkRequestsProjection),
  project(approvalRequestsProjection),
  project(approvalAnswersProjection),
  project(signalsProjection),
  project(stopsProjection),
  project(feedsProjection),
  project(engagementsProjection),
  project(findingImportsProjection),
  project(findingActsProjection),
  project(waiversProjection),
  project(breakGlassProjection),
  project(serviceSecurityProjection),
  project(documentsProjection),
  project(releasesProjection),
  project(attestationsProjection),
  project(configurationsProjection),
  project(secretsProjection),
  project(lanesProjection),
  project(deploymentsProjection),
  project(promotionsProjection),
  project(stepsProjection),
  project(checkRunsProjection),
  project(decisionsProjection),
  project(agentsProjection),
  project(journalProjection),
  project(keysProjection),
  project(storeProjection),
  project(holdsProjection),
  project(erasuresProjection),
];
