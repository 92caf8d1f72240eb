/**
 * Everything that somebody may be allowed to do here, closed: a call that declares none of these is not served. Each
 * says in one sentence what it lets happen; `tidelock role show` prints them.
 */
export const permissions = {
  "server.read": "See that the server is there, what it runs as, and which calls it has.",
  "server.stop": "Stop the server, or every service and agent of its machine.",
  "server.recover": "Declare a restored database the truth, over what agents have seen.",

  "metrics.read": "Read figures about everything for monitoring: counts and ages, no names.",

  "service.read": "See what runs where, what ran when, events, and which windows are open.",
  "service.stop": "Stop a service in an environment.",
  "service.remove": "Stop a service everywhere and forget where it ran.",
  "log.read": "Read what processes of a service print.",

  "pipeline.read": "See which pipelines are registered, and what environments demand of a service.",
  "pipeline.apply": "Register pipelines and environments, which is policy.",
  "configuration.read": "Read configurations; secrets appear as references.",
  "configuration.write": "Register a configuration.",
  "secret.list": "See which secrets exist, never their values.",
  "secret.write": "Set the value of a secret.",

  "content.write": "Upload bytes that a later call names by their digest.",
  "release.read": "See releases, what they change, and what is stated about them.",
  "release.create": "Hand in a release.",
  "release.attest": "Hand in evidence about a release; what it proves, its signature decides.",
  "release.ban": "Ban a release's content from going anywhere.",

  "promotion.read": "See promotions, their checks, gates and decisions.",
  "promotion.plan": "Ask what a promotion would change, without starting it.",
  "promotion.start": "Start a promotion, or try a failed one again.",
  "promotion.abort": "Abort a promotion.",
  "promotion.rollback": "Return traffic to what ran before.",

  "check.read": "See raw reports of checks, and what people are asked.",
  "check.answer":
    "Begin and hand in answers to manual checks; whose they are, their signature says.",

  "finding.read": "See findings, reports that were taken in, and their figures.",
  "finding.import": "Hand in reports of scanners.",
  "finding.act": "Triage, assign, comment, and propose what a second person has to sign.",
  "finding.judge": "Hand in a signature under what somebody proposed about a finding.",
  "waiver.read": "See accepted risks.",
  "waiver.propose": "Propose that a risk be accepted.",
  "waiver.sign": "Hand in a signature under a proposed waiver.",
  "waiver.withdraw": "End a waiver before its day.",
  "break-glass.read":
    "See what was or would be set aside in emergencies, by whom, and which reviews are owed.",
  "break-glass.open":
    "Ask that the glass be broken for one plan, or take that back before it is used.",
  "break-glass.sign": "Hand in a signature under it; whose it is, its signature says.",
  "break-glass.review":
    "Hand in a signed review of a broken glass; whose it is, its signature says.",
  "engagement.read": "See penetration tests and their evidence.",
  "engagement.add": "Hand in a signed engagement.",
  "engagement.withdraw": "Withdraw an engagement.",
  "signal.read": "See what runtime controls have seen.",
  "signal.add": "Report what a runtime control saw.",
  "feed.read": "See which editions of vulnerability feeds are known.",
  "feed.import": "Take in a newer edition of a feed.",
  "security.write": "Say what a service's owners say of its security: deadlines, trackers.",

  "line.read": "See stopped lines and bans.",
  "line.stop": "Stop a line: nothing goes forward there.",
  "line.clear": "Let a stopped line go on, or end a ban.",

  "approval.read": "See who is asked to approve what, and what was answered.",
  "approval.sign": "Hand in a signed approval or rejection; whose it is, its signature says.",

  "policy.read":
    "See what environments demand, proposals to change that, and what they would have done.",
  "policy.sign": "Hand in a signature under a proposed change of policy.",
  "governance.set": "Choose whether one person or two change policy.",

  "ledger.read": "Read what the ledger's entries say.",
  "ledger.verify": "Have every table rebuilt from the ledger and compared.",
  "ledger.manage": "Change the ledger's keys, witnesses and anchors, and recover it.",
  "erasure.read": "See erasures and legal holds.",
  "erasure.request": "Ask for personal data or a payload to be erased.",
  "erasure.confirm": "Be the second person of an erasure.",
  "hold.write": "Set and lift legal holds.",
  "audit.read": "See who changed, read or was refused what.",
  "audit.export": "Export audit packs.",

  "person.read": "See who has keys and rights, by name.",
  "person.write": "Add people, their names and keys, and take keys away.",
  "person.vouch": "Hand in a signature that somebody is who they are called; whose it is, it says.",
  "grant.write": "Give and take the rights of people's signatures.",
  "token.read": "See which tokens there are, whose they are and when they were used.",
  "token.create": "Create a token that may no more than its creator.",
  "token.revoke": "Revoke a token.",
  "role.read": "See roles and who has them.",
  "role.define": "Define a role out of permissions that one has.",
  "role.assign": "Give and take roles that hold no more than one has.",
  "account.write": "Invite people to sign in, lock them out, and end their sessions.",
  "access.report": "See who can do what, and how they got it.",
  "access.review": "Begin reviews of who can do what, and hand in a signed word on each line.",
} as const;

export type Permission = keyof typeof permissions;

export const permissionNames = Object.keys(permissions) as readonly Permission[];

export function isPermission(text: string): text is Permission {
  return Object.hasOwn(permissions, text);
}

/** A field of a request, after its schema has parsed it. */
export type FieldPath = `${"params" | "query" | "body"}.${string}`;

/**
 * One side of where a call reaches: a field that names it; `any`: it belongs to no one of them, and a role in one is
 * enough; `all`: it touches every one, and only a role without that limit is enough. A field that is absent or null
 * means `all`.
 */
export type ReachFrom = "any" | "all" | FieldPath;

/** Things that are named by an id, and lie where the database says. */
export type Thing =
  | "promotion"
  | "finding"
  | "finding-proposal"
  | "waiver"
  | "break-glass"
  | "engagement"
  | "stop"
  | "line"
  | "manual-check"
  | "token"
  | "role-assignment"
  | "workload-rule"
  | "approval"
  | "access-review"
  | "documents";

/** Of an item of an answer: where it says what service and environment it is of; null: it says none. */
export interface ItemPlace {
  readonly service: string | null;
  readonly environment: string | null;
}

/** How the server finds what a call touches. */
export type ResourceFrom =
  | { readonly kind: "at"; readonly service: ReachFrom; readonly environment: ReachFrom }
  | { readonly kind: "found"; readonly thing: Thing; readonly by: FieldPath }
  /** `items` of the answer that one may not see are left out. */
  | {
      readonly kind: "listed";
      readonly place: ItemPlace;
      /** The place stands in each of these of an item; items without any that one may see are left out. */
      readonly within?: string;
    };

/** Everything at once: a role without limits. */
export const everything: ResourceFrom = { kind: "at", service: "all", environment: "all" };

/** Nothing of a service: whoever has the permission somewhere. */
export const anywhere: ResourceFrom = { kind: "at", service: "any", environment: "any" };

export function at(service: ReachFrom, environment: ReachFrom): ResourceFrom {
  return { kind: "at", service, environment };
}

/** One service in one environment. */
export const inLane = at("params.service", "params.environment");

/** What a service has in common in all its environments: a role in one of them is enough. */
export const ofService = at("params.service", "any");

/** A service in all its environments. */
export const wholeService = at("params.service", "all");

export function found(thing: Thing, by: FieldPath): ResourceFrom {
  return { kind: "found", thing, by };
}

export function listed(
  service: string | null = "service",
  environment: string | null = "environment",
  within?: string,
): ResourceFrom {
  const place = { service, environment };
  return { kind: "listed", place, ...(within === undefined ? {} : { within }) };
}

/** What every route declares, or why it is open to everybody. */
export type Access =
  | { readonly permission: Permission; readonly resource: ResourceFrom }
  /** Whoever is known may: it is about themselves, and takes no name of anybody. Why, in words. */
  | { readonly own: string }
  | { readonly public: string };
