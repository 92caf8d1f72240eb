import type { SponsorsView, StandingView } from "../api/routes/people.ts";
import type { PersonView } from "../api/routes/manual.ts";
import type { Actor } from "./control-plane.ts";

/** Whose signatures count, and who may do what. Deny by default; every change is an entry of the ledger. */
export interface PeopleControl {
  list(): Promise<readonly PersonView[]>;
  add(
    actor: Actor,
    person: { readonly name: string; readonly key?: string; readonly also: readonly string[] },
  ): Promise<PersonView>;
  removeKey(actor: Actor, key: string): Promise<PersonView>;
  grant(
    actor: Actor,
    grant: {
      readonly name: string;
      readonly right: string;
      readonly service: string | null;
      readonly environment: string | null;
    },
  ): Promise<PersonView>;
  revoke(actor: Actor, grant: string): Promise<PersonView>;
  /**
   * Who made somebody what they are, and whose word lifts that their approvals do not count there. `voucher`: what that
   * person could vouch for, also where others have.
   */
  sponsors(name: string, voucher?: string | null): Promise<SponsorsView>;
  vouch(actor: Actor, name: string, envelope: Uint8Array): Promise<SponsorsView>;
  /** From then on nothing of somebody counts, or it does again. */
  setStanding(
    actor: Actor,
    name: string,
    wish: {
      readonly state: "active" | "suspended" | "left";
      readonly from: string | null;
      readonly reason: string;
    },
  ): Promise<StandingView>;
}
