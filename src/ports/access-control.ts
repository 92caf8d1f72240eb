import type { Thing } from "../model/permissions.ts";
import type { Resource } from "../model/principal.ts";

/** Who may do what, as the server asks for it. */
export interface AccessControl {
  /**
   * Where something lies that a request names: each of these is touched. Null: there is no such thing.
   *
   * @throws TidelockError `invalid-input` for documents that cannot be read
   */
  placesOf(thing: Thing, reference: string): Promise<readonly Resource[] | null>;
}
