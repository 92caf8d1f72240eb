import type { WaiverView } from "../../../src/api/routes/waivers.ts";
import type { SignerView } from "../../../src/model/signer-view.ts";
import { queryClient } from "../api/queries.ts";
import { signWaiver } from "../api/waiver-queries.ts";
import { ReadThenSign } from "../parts/read-then-sign.tsx";
import { prepareWaiver, waiverProblem } from "../passkeys/accept-risk.ts";
import { nobody } from "../passkeys/sign.ts";

/** The signature of one of the two who accept a risk. */
export function WaiverSigning({
  view,
  mine,
}: {
  readonly view: WaiverView;
  readonly mine: SignerView;
}) {
  const person = mine.person?.person ?? nobody;
  return (
    <ReadThenSign
      prepared={prepareWaiver(view, person)}
      signer={mine}
      open={view.state === "proposed"}
      problem={waiverProblem(view)}
      against={mine.against}
      noun="signature"
      verb="Accept the risk"
      done="You have signed it. It counts once two different people have."
      handIn={async (envelope) => {
        queryClient.setQueryData(["waiver", view.id], await signWaiver(view.id, envelope));
      }}
      command={[`tidelock waiver show ${view.id} --person ${person}`]}
    />
  );
}
