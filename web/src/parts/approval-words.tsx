import type { ApprovalView } from "../../../src/api/routes/approvals.ts";
import { Badge } from "./status.tsx";

export function RequestState({ view }: { readonly view: ApprovalView }) {
  if (view.state === "void") return <Badge tone="quiet">void</Badge>;
  if (view.state === "over") return <Badge tone="quiet">over</Badge>;
  if (view.says.some(({ outcome }) => outcome === "deny"))
    return <Badge tone="bad">rejected</Badge>;
  return view.says.length > 0 && view.says.every(({ outcome }) => outcome === "allow") ? (
    <Badge tone="good">approved</Badge>
  ) : (
    <Badge tone="wait">waits</Badge>
  );
}

export function AskedOf({ asks }: { readonly asks: ApprovalView["asked"]["asks"] }) {
  return (
    <>
      {asks.map(({ roles, count, deviceBound }) => (
        <div key={roles.join()}>
          {count} of {roles.join(" or ")}
          {deviceBound === true ? ", with a key that stays on one device" : ""}
        </div>
      ))}
    </>
  );
}
