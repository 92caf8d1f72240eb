import { type CatalogueEntry, entry } from "./catalogue-entry.ts";

/** Commands about who may do what. */
export const accessCommands: readonly CatalogueEntry[] = [
  entry(
    "access whoami",
    "People",
    "Show who you are here, and what you may",
    () => import("./commands/access/whoami.ts"),
  ),
  entry(
    "access report",
    "People",
    "Show who can do what, how they got it, and what nobody uses",
    () => import("./commands/access/report.ts"),
  ),
  entry(
    "access unused",
    "People",
    "Show permissions that somebody has and never uses, and the smaller role that would do",
    () => import("./commands/access/unused.ts"),
  ),
  entry(
    "access review start",
    "People",
    "Begin a review of who can do what",
    () => import("./commands/access/review/start.ts"),
  ),
  entry(
    "access review list",
    "People",
    "List reviews of who can do what",
    () => import("./commands/access/review/list.ts"),
  ),
  entry(
    "access review show",
    "People",
    "Show a review line by line",
    () => import("./commands/access/review/show.ts"),
  ),
  entry(
    "access review export",
    "Settings",
    "Write a review that an auditor verifies without a server",
    () => import("./commands/access/review/export.ts"),
  ),
  entry(
    "access review sign",
    "People",
    "Sign, line by line, who keeps what and who does not",
    () => import("./commands/access/review/sign.ts"),
  ),
  entry(
    "token create",
    "People",
    "Create a token of a machine or a person, shown once",
    () => import("./commands/token/create.ts"),
  ),
  entry(
    "token list",
    "People",
    "List tokens, whose they are and when they were used",
    () => import("./commands/token/list.ts"),
  ),
  entry(
    "token revoke",
    "People",
    "Revoke a token, from the next request on",
    () => import("./commands/token/revoke.ts"),
  ),
  entry(
    "passkey list",
    "People",
    "List passkeys, your own or somebody's",
    () => import("./commands/passkey/list.ts"),
  ),
  entry(
    "passkey remove",
    "People",
    "Remove a passkey, and sign out whoever signed in with one",
    () => import("./commands/passkey/remove.ts"),
  ),
  entry(
    "role list",
    "People",
    "List roles, or who has them",
    () => import("./commands/role/list.ts"),
  ),
  entry(
    "role show",
    "People",
    "Show what a role lets somebody do",
    () => import("./commands/role/show.ts"),
  ),
  entry(
    "role define",
    "People",
    "Define a role out of permissions",
    () => import("./commands/role/define.ts"),
  ),
  entry(
    "role assign",
    "People",
    "Give a role to a person or a token",
    () => import("./commands/role/assign.ts"),
  ),
  entry(
    "role remove",
    "People",
    "Take a role away from somebody",
    () => import("./commands/role/remove.ts"),
  ),
  entry(
    "person identities",
    "People",
    "List who is linked to which identity at a provider",
    () => import("./commands/person/identities.ts"),
  ),
  entry(
    "person link-identity",
    "People",
    "Let somebody sign in by an identity at a provider",
    () => import("./commands/person/link-identity.ts"),
  ),
  entry(
    "person vouching-providers",
    "Settings",
    "List which providers may vouch for who people are",
    () => import("./commands/person/vouching-providers.ts"),
  ),
  entry(
    "person let-provider-vouch",
    "Settings",
    "Let a provider vouch for who people are",
    () => import("./commands/person/let-provider-vouch.ts"),
  ),
  entry(
    "person stop-provider-vouching",
    "Settings",
    "Let no word of a provider count any more",
    () => import("./commands/person/stop-provider-vouching.ts"),
  ),
  entry(
    "person unlink-identity",
    "People",
    "Take an identity at a provider away from somebody, and end its sessions",
    () => import("./commands/person/unlink-identity.ts"),
  ),
  entry(
    "workload rule add",
    "People",
    "Let programs of another platform in, by that platform's signed word",
    () => import("./commands/workload/rule/add.ts"),
  ),
  entry(
    "workload rule list",
    "People",
    "List the rules by which programs of other platforms get tokens",
    () => import("./commands/workload/rule/list.ts"),
  ),
  entry(
    "workload rule remove",
    "People",
    "Remove a rule, and end the tokens that it gave",
    () => import("./commands/workload/rule/remove.ts"),
  ),
  entry(
    "workload rule test",
    "People",
    "Show what each rule says of a platform's token, without using it",
    () => import("./commands/workload/rule/test.ts"),
  ),
  entry(
    "workload token",
    "People",
    "Get a token here for a platform's",
    () => import("./commands/workload/token.ts"),
  ),
];

/** Commands about who stands behind an identity, and whether somebody is here. */
export const peopleCommands: readonly CatalogueEntry[] = [
  entry(
    "person sponsors",
    "People",
    "Show who made somebody what they are here, and who vouches for it",
    () => import("./commands/person/sponsors.ts"),
  ),
  entry(
    "person vouch",
    "People",
    "Sign, as a third person, that somebody is who they are called",
    () => import("./commands/person/vouch.ts"),
  ),
  entry(
    "person suspend",
    "People",
    "Let nothing of somebody count for now",
    () => import("./commands/person/suspend.ts"),
  ),
  entry(
    "person resume",
    "People",
    "Let somebody's keys, rights and tokens count again",
    () => import("./commands/person/resume.ts"),
  ),
  entry(
    "person leave",
    "People",
    "Let nothing of somebody count from a day on",
    () => import("./commands/person/leave.ts"),
  ),
];

/** Commands about which tests run where, with which tools, and what people are asked. */
export const testCatalogueCommands: readonly CatalogueEntry[] = [
  entry(
    "release chain",
    "Releases",
    "Show who wrote, built, tested, approved and promoted a release, and what is proven of it",
    () => import("./commands/release/chain.ts"),
  ),
  entry(
    "catalogue tests",
    "Releases",
    "Show which tests run where and when, and what they said last",
    () => import("./commands/catalogue/tests.ts"),
  ),
  entry(
    "catalogue tools",
    "Releases",
    "Show which tools run where, in which version, and how they are set",
    () => import("./commands/catalogue/tools.ts"),
  ),
  entry(
    "catalogue manual",
    "Releases",
    "Show which checks people answer, who, when last and when next",
    () => import("./commands/catalogue/manual.ts"),
  ),
];
