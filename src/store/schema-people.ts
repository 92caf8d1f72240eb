import type { AccessSchema } from "./schema-access.ts";
import type { AccountsSchema } from "./schema-accounts.ts";
import type { EnrolmentSchema } from "./schema-enrolment.ts";
import type { IdentitiesSchema } from "./schema-identities.ts";
import type { PasskeysSchema } from "./schema-passkeys.ts";
import type { ReviewsSchema } from "./schema-reviews.ts";

/** Who is here, how they show it, and what they may. */
export interface PeopleSchema
  extends
    AccessSchema,
    AccountsSchema,
    EnrolmentSchema,
    IdentitiesSchema,
    PasskeysSchema,
    ReviewsSchema {}
