import type { Schema } from "../schema.ts";

/** How `ledger verify --state` knows that nobody has changed a table behind the ledger. */
export type Treatment =
  /** Each row follows from an entry: rebuilt from the log, and held against it before a decision uses it. */
  | { readonly how: "rebuilt"; readonly beside?: string }
  /** Not written row by row by entries, and verified all the same. */
  | { readonly how: "checked"; readonly by: string }
  /** Changing it opens no gate and grants no right. */
  | { readonly how: "no-ground"; readonly because: string };

const rebuilt = { how: "rebuilt" } as const;

/** One line for every table of the schema; a test compares them with the database. */
export const tables: Readonly<Record<keyof Schema | "schema_migrations", Treatment>> = {
  documents: rebuilt,
  releases: rebuilt,
  configurations: rebuilt,
  secrets: rebuilt,
  lanes: {
    how: "rebuilt",
    beside: "lease and epoch: the agents keep the highest, and refuse lower ones",
  },
  deployments: { how: "rebuilt", beside: "by_actor: for people to read; its promotion says who" },
  promotions: rebuilt,
  promotion_steps: { how: "rebuilt", beside: "only steps that have ended are a ground" },
  check_runs: { how: "rebuilt", beside: "only runs that have reported are a ground" },
  decisions: rebuilt,
  decision_leans: {
    how: "no-ground",
    because: "an index over the inputs of decisions: it finds what has to be decided again",
  },
  components: { how: "no-ground", because: "an index over SBOMs, which are there" },
  release_components: { how: "no-ground", because: "an index over SBOMs, which are there" },
  release_boms: { how: "no-ground", because: "forgotten, the SBOM is read again" },
  component_flaws: {
    how: "no-ground",
    because:
      "what imported advisories say of components: it denies and never allows, and checks read the advisories themselves",
  },
  causes: { how: "no-ground", because: "forgotten, what came later is noticed again" },
  cause_places: { how: "no-ground", because: "where is still to be decided again" },
  cause_marks: { how: "no-ground", because: "since when what comes is looked at" },
  incidents: {
    how: "no-ground",
    because: "what is still to be done about a deployment that its own row calls contradicted",
  },
  attestations: {
    how: "rebuilt",
    beside: "those of our own are named by the entry of what they state; bytes by their digest",
  },
  agents: {
    how: "rebuilt",
    beside: "how far the journal was taken in: compared with the journal",
  },
  agent_journal: { how: "rebuilt", beside: "the log has the hash of each entry" },
  store: {
    how: "rebuilt",
    beside: "store_id: the name under which the log's keys were introduced",
  },
  api_tokens: rebuilt,
  passkeys: { how: "rebuilt", beside: "name: what its owner calls it, for people to read" },
  passkey_uses: {
    how: "no-ground",
    because: "finds copies of a passkey and says when one was used; it lets nobody in",
  },
  passkey_challenges: {
    how: "checked",
    by: "each challenge's own code and end: a row only says that it was answered",
  },
  sessions: {
    how: "checked",
    by: "each request: a row counts only with a seal that is made with a key outside of the database",
  },
  account_links: rebuilt,
  accounts: {
    how: "rebuilt",
    beside: "the last step of an authenticator app: it only keeps a code from counting twice",
  },
  bootstrap: rebuilt,
  sign_in_failures: {
    how: "no-ground",
    because: "it slows down who tries passwords, and lets nobody in",
  },
  sign_in_days: {
    how: "no-ground",
    because: "failed sign-ins of a day, until its entry has them; they let nobody in",
  },
  login_requests: {
    how: "no-ground",
    because: "it waits ten minutes at most, and a yes to it has a seal of the server",
  },
  roles: rebuilt,
  role_assignments: rebuilt,
  access_reviews: { how: "rebuilt", beside: "the report: by its digest, which the entry names" },
  access_review_words: {
    how: "rebuilt",
    beside: "reasons, and the envelope: by its digest, which is the row's name in its entry",
  },
  access_review_notices: { how: "no-ground", because: "forgotten, people are told once more" },
  permission_uses: {
    how: "no-ground",
    because: "what is really used, for people to read when they review who can do what",
  },
  access_version: {
    how: "no-ground",
    because:
      "only says that something may have changed; who may do what is read from its own tables then",
  },
  workload_rules: rebuilt,
  person_identities: rebuilt,
  vouching_providers: rebuilt,
  workload_uses: {
    how: "no-ground",
    because:
      "which tokens of platforms were used: forgotten, one counts again for the minutes that it has left, and each use is an entry",
  },
  token_uses: {
    how: "no-ground",
    because: "when and from where a token was used, for people to read",
  },
  runtime_signals: rebuilt,
  stops: rebuilt,
  finding_imports: rebuilt,
  findings: {
    how: "checked",
    by: "status, severity and verified release follow from changes and observations; assignee, pause, texts and dates are for people",
  },
  finding_sights: {
    how: "checked",
    by: "the last release follows from observations; when it was seen last is for people",
  },
  finding_fingerprints: {
    how: "checked",
    by: "those of an import have the digest that its entry names",
  },
  finding_scopes: {
    how: "checked",
    by: "which scans see it, and how bad, follows from observations and changes",
  },
  observations: {
    how: "checked",
    by: "of which finding each is, and how bad: a digest in its import's entry; its words are for people",
  },
  finding_changes: {
    how: "checked",
    by: "those of an import or an act have the digest that its entry names, and there are no others",
  },
  finding_acts: rebuilt,
  engagements: { how: "rebuilt", beside: "the envelope: by its digest, which the entry names" },
  finding_claims: { how: "checked", by: "those of an import have the digest that its entry names" },
  waivers: {
    how: "rebuilt",
    beside: "settled: forgotten, what leaned on it is looked at once more",
  },
  break_glass: {
    how: "rebuilt",
    beside:
      "basis and plan: by their digests, which the entry names; overdue_told: forgotten, it is told once more",
  },
  service_security: rebuilt,
  tracked_issues: {
    how: "no-ground",
    because: "where people read about a finding: a tracker's word changes nothing of it",
  },
  feeds: rebuilt,
  epss_scores: { how: "checked", by: "all of them have the digest that the feed's entry names" },
  kev_entries: { how: "checked", by: "all of them have the digest that the feed's entry names" },
  finding_skipped_runs: {
    how: "no-ground",
    because: "it says only which reports are not read again",
  },
  finding_live: { how: "no-ground", because: "it makes a list of one environment quick" },
  finding_live_marks: {
    how: "no-ground",
    because: "they say as of when `finding_live` is; forgotten, it is computed for each list",
  },
  finding_sweeps: { how: "no-ground", because: "forgotten, everything is looked at again" },
  governance: rebuilt,
  policy_acts: rebuilt,
  person_keys: rebuilt,
  person_links: rebuilt,
  grants: rebuilt,
  person_vouches: {
    how: "rebuilt",
    beside: "the envelope: by its digest, which is the row's name in its entry",
  },
  person_standings: rebuilt,
  approval_requests: { how: "rebuilt", beside: "the basis: by its digest, which the entry names" },
  approval_answers: rebuilt,
  check_requests: {
    how: "rebuilt",
    beside: "an answer counts by its signature, under a key and a right that are in the log",
  },
  ledger_people: { how: "rebuilt", beside: "the log has a keyed digest of the name" },
  ledger_keys: { how: "rebuilt", beside: "a sealed key opens only as the one whose id it has" },
  ledger_holds: rebuilt,
  ledger_erasures: rebuilt,
  ledger_entries: {
    how: "checked",
    by: "each is held against its leaf, and what opens it against it",
  },
  ledger_queue: {
    how: "checked",
    by: "an entry that is neither here nor in the tree was taken out",
  },
  ledger_rejected: {
    how: "no-ground",
    because: "what no server had written and was set aside; each is named by an entry",
  },
  ledger_leaves: { how: "checked", by: "each is computed anew from its entry" },
  ledger_nodes: { how: "checked", by: "each is computed anew from the leaves, and none is more" },
  ledger_tree: {
    how: "checked",
    by: "root, frontier and last time from the leaves; the log's number from recoveries; its mark",
  },
  ledger_checkpoints: {
    how: "checked",
    by: "each root is computed anew, the newest is signed by our key, none is gone that others have",
  },
  ledger_witnesses: { how: "checked", by: "those that entries have added and not removed" },
  ledger_anchors: { how: "checked", by: "those that entries have added and not removed" },
  plans: {
    how: "checked",
    by: "each has the digest that it stands under; all that entries name are here",
  },
  decision_inputs: {
    how: "checked",
    by: "each has the digest that it stands under, which the decision's entry names",
  },
  environment_leases: {
    how: "no-ground",
    because:
      "which check has an environment to itself: others wait for it, and nothing is opened by it",
  },
  raw_reports: {
    how: "checked",
    by: "each has the digest that it stands under, which reports and attestations name",
  },
  ledger_cosignatures: {
    how: "no-ground",
    because:
      "signed by witnesses whose keys an auditor brings; one from the future closes gates, none opens one",
  },
  ledger_anchored: {
    how: "no-ground",
    because: "says where checkpoints were written; each is verified where it lies",
  },
  access_events: {
    how: "no-ground",
    because:
      "nothing is decided by it; the digests of its runs are in the log, and `audit access` compares",
  },
  events: { how: "no-ground", because: "what people watch; nothing is decided by it" },
  release_commits: {
    how: "no-ground",
    because: "an index over the content of releases, for search; decisions read the release",
  },
  schema_migrations: {
    how: "no-ground",
    because: "which migrations ran: a wrong line stops the program at its start",
  },
};
