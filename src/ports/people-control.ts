import type { PersonView } from "../api/routes-manual.ts";
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
}
