import { TidelockError } from "../../model/errors.ts";
import type { SignerView } from "../../model/signer-view.ts";
import type { WaiverId } from "../../model/waiver.ts";
import type { Actor } from "../../ports/control-plane.ts";
import type { WaiverRow } from "../../store/schema-waivers.ts";
import type { Db } from "../../store/schema.ts";
import { neededPeople } from "../access/people/two-people.ts";
import type { Engine } from "../engine.ts";
import { signerView } from "../signing/signer-view.ts";
import { requireOthersWork } from "./separation.ts";
import { existingWaiver } from "./sign.ts";
import { signerAgainst } from "./signer.ts";

/** Whether and how somebody can sign a waiver, before they try. */
export async function waiverMine({ db }: Engine, actor: Actor, id: WaiverId): Promise<SignerView> {
  const waiver = await existingWaiver(db, id);
  const { service, environment, signatures } = waiver;
  return signerView(db, actor, {
    lane: { service, environment },
    permission: "waiver.sign",
    signedBy: signatures.map(({ person }) => person),
    async against(person, key) {
      const why = await signerAgainst(db, waiver, { person, key: key?.key_id ?? null });
      const last = signatures.length + 1 >= neededPeople;
      return why ?? (last ? ownWorkIn(db, waiver, person) : null);
    },
  });
}

async function ownWorkIn(db: Db, waiver: WaiverRow, person: string): Promise<string | null> {
  return requireOthersWork(db, waiver, person).then(
    () => null,
    (error: unknown) => {
      if (error instanceof TidelockError && error.code === "forbidden") return error.message;
      throw error;
    },
  );
}
