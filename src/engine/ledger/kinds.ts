/**
 * Every kind of entry that this program writes, and what it means to somebody who reads the log. A test
 * looks that nothing else is written.
 */
export const kinds = {
  "key.added": "a key signs from here on: checkpoints (log) or attestations (evidence)",
  "key.ending": "a successor of a key has come: it signs beside it until the time that is given",
  "key.retired": "a key signs nothing any more; what it signed stays valid",
  "key.compromised":
    "somebody else may have a key; what it signed counts up to `lastTrustedSize` of the log",
  "server.upgraded": "another version of the program writes from here on",
  "machine.told":
    "on the machine itself, whoever owns the data directory stopped the server, or everything, without signing in",
  "store.restored": "a person declared a restored database the truth",
  "log.succeeded":
    "the first entry of a successor log: names its predecessor, and what of it is missing here",
  "checkpoint.missed":
    "a checkpoint that was shown had been deleted from the database, and was put back as it was",
  "ledger.rejected":
    "a row that no server had written stood among the entries: it was set aside, and is none",
  "stream.head": "the end of a stream at the time of an export, itself in the tree",
  "payload.erased": "what opened an entry was erased: by whom, on whose word, and why",

  "erasure.requested":
    "one person wants an entry or a person erased; another one has to confirm it",
  "person.met":
    "somebody acts here for the first time: a pseudonym, and a keyed digest of the name; the key goes with the person",
  "person.erased": "who a pseudonym was is not known any more",
  "person.key-added": "what a person signs with this key counts from here on",
  "person.key-removed": "nothing that is signed with this key from here on counts",
  "person.linked": "two names are one person's: work under one is own work under the other",
  "person.vouched":
    "a third person, or a provider of identities, vouches for what made an identity: these entries and none besides",
  "person.standing-set":
    "somebody is suspended, has left or will leave, or is here again: from then on nothing of theirs counts, or it does again",
  "passkey.added": "a person signs in with this passkey from here on; it approves nothing",
  "passkey.removed": "a passkey signs nobody in any more",
  "passkey.signed":
    "a person's passkey signed something of the kind that is given: what it said of itself, and how often it has signed",
  "grant.added":
    "a person may do something from here on, in a service and environment or everywhere",
  "grant.removed": "a right has ended",
  "review.fetched":
    "a git host was asked who pushed, merged and reviewed the commits of a release; its answers stand in the statement",
  "token.created":
    "a token may do something from here on, until the day that is given; its SHA-256 stands here, itself nowhere",
  "token.revoked": "a token is nobody's any more",
  "identity.linked":
    "whoever a provider calls this signs in as this person from here on; by a digest of issuer and name there",
  "provider.vouches":
    "a provider may vouch for who people are from here on, as far as stands here; whoever did this stands behind its words",
  "provider.vouches-no-more": "no word of this provider's counts any more",
  "identity.unlinked": "an identity at a provider signs nobody in any more",
  "workload.ruled":
    "programs that another platform vouches for get a token from here on, by the rule that stands here",
  "workload.unruled": "a rule gives no tokens any more, and those that it gave are nobody's",
  "account.link-made":
    "a one-time link lets somebody sign in for the first time, or again; whoever made it is their sponsor",
  "account.link-used": "a one-time link was used, and is none any more",
  "account.link-ended": "a one-time link counts no more",
  "account.owner-made":
    "whoever is at the machine itself, and nobody knows who that is, made a way in for this person, who was known here before or was not",
  "account.created": "somebody can sign in from here on",
  "account.credential-set": "what somebody signs in with is another one from here on, by digest",
  "account.credential-removed": "something that somebody signed in with counts no more",
  "account.locked": "somebody is signed out everywhere and can sign in no more",
  "account.unlocked": "somebody who was locked out can sign in again",
  "bootstrap.ended":
    "the token of the data directory counts no more: an administrator has signed up",
  "bootstrap.recovered":
    "on the machine itself, somebody asked for a new link that makes an administrator",
  "role.defined": "a role holds exactly these permissions from here on",
  "role.assigned": "a person or a token has a role from here on",
  "role.unassigned": "a role that somebody had has ended",
  "governance.set":
    "from here on one person may change policy (solo), or two have to sign it (team)",
  "policy.proposed":
    "a change of policy, or of who decides it, is proposed; two people have to sign it",
  "policy.signed": "a person signed a proposed change of policy",
  "policy.changed":
    "what lets releases through has changed: on two people's signatures, or on one person's word (solo)",
  "policy.void":
    "a proposed change of policy can take effect no more, because what it would change was changed",
  "check.asked": "people are asked what a check wants to know, by the digest of the questions",
  "check.begun": "a person began the session that a check asks for",
  "signal.recorded": "what a runtime control saw of a release, as it reported it",
  "service.security-set":
    "who answers for a service's security, how long findings may stay, and where those that wait are written down",
  "issue.wanted": "an issue about a finding is about to be created in a tracker",
  "issue.opened": "a finding has an issue in a tracker, created or found again",
  "service.isolated":
    "users get 503 instead of what is contradicted, as nothing known to be better stands there",
  "stop.set": "a line was stopped, or a release's content banned, with the reason",
  "stop.cleared": "a stopped line goes on, or a ban was lifted, with the reason",
  "engagement.recorded":
    "a penetration test, red team or bug bounty took place, as a person signed it",
  "engagement.withdrawn": "the record of an engagement counts no more",
  "waiver.proposed":
    "somebody wants a risk accepted: one finding or one check's verdict, in one environment, until a day",
  "waiver.signed": "a person signed a waiver; with the second one it is in force",
  "waiver.withdrawn": "a person ended a waiver",
  "waiver.ended": "a waiver holds no more: its day came, or what was accepted became another thing",
  "break-glass.opened":
    "somebody wants one plan let past its gate in an emergency: what would be set aside, until when, and why",
  "break-glass.signed": "a person signed that the glass be broken",
  "break-glass.used": "a promotion went past its gate by a broken glass; a review is owed",
  "break-glass.reviewed": "a person who had not broken it reviewed a broken glass, as signed",
  "break-glass.ended": "a broken glass counts no more, and nothing went through it",
  "feed.imported":
    "another edition of what others publish about vulnerabilities counts from here on, by the digests of its file and its records",
  "check.answered": "a person's signed answer to a check arrived, or an earlier one is used again",
  "access.review-started":
    "who can do what was frozen, to be reviewed line by line until a day: by the digest of the report",
  "access.reviewed": "a person signed what is to stay and what is to go; what went stands here",
  "access.review-closed": "every line of a review has its word",
  "access.sign-ins-failed":
    "how many sign-ins failed on a day, by kind of network and by account, with no name that somebody made up",
  "access.recorded": "calls of the API since the last such entry, by the digest of their list",
  "finding.imported":
    "a scanner's report or a statement was taken in: by digest, and all that it changed by digests",
  "finding.acted":
    "a person said something of a finding (triage, assignment, fixed, false positive …), and what followed",
  "finding.settled":
    "standings of findings changed without a person's word: a release without them went live, a term ended",
  "hold.added": "a legal hold: nothing that it is about is erased while it stands",
  "hold.removed": "a legal hold has ended",

  "witness.added": "a witness is asked to cosign checkpoints from here on",
  "witness.removed": "a witness is asked no more; what it cosigned stays",
  "anchor.added": "checkpoints are written down in another place from here on",
  "anchor.removed": "no checkpoint is written to that place any more; what lies there stays",

  "document.registered": "a pipeline or an environment (policy) was registered or changed",
  "document.removed": "a pipeline's registration ended",
  "configuration.applied": "a new version of a configuration: names of its keys, never values",
  "secret.put": "a new version of a secret was stored; never its value",
  "secret.read":
    "secrets were resolved, because processes start with them, checks sign in with them or reports are redacted",
  "service.stop-wanted": "a person wants a service stopped in one environment",
  "service.removed": "a person removed a service",

  "release.created": "a release was taken in",
  "promotion.accepted": "somebody asked for a promotion or a rollback, and its plan was frozen",
  "promotion.abort-wanted": "somebody wants a promotion aborted",
  "promotion.started": "a promotion left the queue, with this plan",
  "promotion.ending": "a promotion ends early: compensations follow",
  "promotion.ended": "a promotion has ended, in this state",
  "promotion.changed": "the row of a promotion as it is from here on",
  "step.ended": "a step of a promotion has ended",
  "decision.made": "a gate decided, with every reason",
  "check.reported": "a check reported its verdict",
  "attestation.made": "a statement of ours that no other entry names: a deployment, a revocation",
  "attestation.added": "something was handed in about a release, or an SBOM was made of it",

  "effect.intent": "a change of the world outside is about to be made",
  "effect.outcome": "the change was made, or found made",
  "effect.failure": "the change was tried and failed",
  "effect.unseen":
    "nobody was left to say how a change that had begun ended; whoever came next looked before acting",
  "lane.changed": "what is live in an environment, and what stands ready to take the traffic back",
  "deployment.changed": "a release's time in an environment: begun, ended, verified or revoked",

  "agent.met": "a host agent was met for the first time; its key is pinned",
  "agent.observed": "what a host agent did or saw and signed in its journal",
  "lane.observed": "what a lane's router did when somebody asked for an audit pack",
  "agent.gap": "entries of a host agent's journal were gone before anybody read them",
  "agent.returned": "a host agent returned traffic by the authority that a switch had armed",
} as const satisfies Readonly<Record<string, string>>;

export type Kind = keyof typeof kinds;
